"""Digest: one spelling, parsed strictly."""

import pytest

from layerscope.errors import ReferenceSyntaxError
from layerscope.image.digest import Digest


@pytest.mark.parametrize(("algorithm", "length"), [("sha256", 64), ("sha384", 96), ("sha512", 128)])
def test_registered_algorithms_parse_and_print_as_written(algorithm: str, length: int) -> None:
    """Every registered algorithm is read back from what it prints."""
    text = f"{algorithm}:{'0a' * (length // 2)}"
    assert str(Digest.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256:",
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "g" * 64,
        "sha256:" + "a" * 63 + "\n",
        "sha512:" + "a" * 64,
        "md5:" + "a" * 32,
        "a" * 64,
        "SHA256:" + "a" * 64,
        "sha256:../../../../etc/passwd" + "a" * 42,
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    """Wrong lengths, upper case, unknown algorithms and paths are no digests."""
    with pytest.raises(ReferenceSyntaxError, match="expected"):
        Digest.parse(text)


def test_digest_of_content_is_its_sha256() -> None:
    """The digest of the empty content is the well-known one."""
    expected = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert str(Digest.of(b"")) == expected


def test_short_form_has_twelve_digits() -> None:
    """The short form is what engines print."""
    assert Digest.of(b"").short == "e3b0c44298fc"
