"""The lines that git gives a pre-push hook."""

import pytest

from layerscope.errors import UsageError
from layerscope.gate.pushed_refs import MAX_SIZE, parse_pushed_refs

ONE, OTHER, ZERO = "1" * 40, "2" * 40, "0" * 40


@pytest.mark.parametrize(
    ("line", "is_deletion", "is_new", "name"),
    [
        (f"refs/heads/main {ONE} refs/heads/main {OTHER}", False, False, "main"),
        (f"refs/heads/a/b {ONE} refs/heads/a/b {ZERO}", False, True, "a/b"),
        (f"(delete) {ZERO} refs/heads/old {OTHER}", True, False, "old"),
        (f"refs/tags/v1 {ONE} refs/tags/v1 {ZERO}", False, True, "v1"),
        (f"HEAD~3 {'a' * 64} refs/notes/x {'0' * 64}", False, True, "refs/notes/x"),
        (f":/some text {ONE} refs/heads/main {OTHER}", False, False, "main"),
    ],
)
def test_a_line_is_a_ref(line: str, is_deletion: bool, is_new: bool, name: str) -> None:
    """Zeros say what is not there; what is pushed may be any expression."""
    (ref,) = parse_pushed_refs(f"{line}\n".encode())
    assert (ref.is_deletion, ref.is_new, ref.name) == (is_deletion, is_new, name)


def test_a_push_has_any_number_of_refs() -> None:
    """None, where the remote has everything already."""
    line = f"refs/heads/main {ONE} refs/heads/main {OTHER}\n".encode()
    assert parse_pushed_refs(b"") == ()
    assert len(parse_pushed_refs(line * 3)) == 3


@pytest.mark.parametrize("content", [b"main\n", f"a {ONE} b\n".encode(), f"a {ONE[1:]} b {OTHER}\n".encode()])
def test_what_git_does_not_write_is_refused(content: bytes) -> None:
    """And never taken for a push of nothing."""
    with pytest.raises(UsageError, match="line 1 is"):
        parse_pushed_refs(content)


def test_the_input_has_a_ceiling() -> None:
    """A hook that is fed forever ends."""
    with pytest.raises(UsageError, match="more than"):
        parse_pushed_refs(b"\n" * (MAX_SIZE + 1))
