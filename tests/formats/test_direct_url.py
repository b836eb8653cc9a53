"""A direct_url.json tells where a distribution came from, without secrets."""

import pytest

from layerscope.errors import FormatError
from layerscope.formats.direct_url import CONTENT_LIMIT, DirectUrl, parse_direct_url


def test_tells_repository_and_commit_without_credentials() -> None:
    """Tokens stand in addresses."""
    content = b'{"url": "https://user:token@example.org/a.git?x=1", "vcs_info": {"vcs": "git", "commit_id": "abc"}}'
    assert parse_direct_url(content) == DirectUrl("https://example.org/a.git", commit="abc")


def test_tells_editable_folders() -> None:
    """The code lies elsewhere."""
    assert parse_direct_url(b'{"url": "file:///src", "dir_info": {"editable": true}}').is_editable


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"url": 1}', b"\xff", b"[" * 5000])
def test_refuses_other_documents(content: bytes) -> None:
    """With what is wrong."""
    with pytest.raises(FormatError, match="direct_url"):
        parse_direct_url(content)


def test_refuses_what_is_too_long() -> None:
    """Real ones have 200 bytes."""
    with pytest.raises(FormatError, match="65,536"):
        parse_direct_url(b" " * (CONTENT_LIMIT + 1))
