"""What a file is that is no image archive, told by its first bytes."""

from typing import Final

from layerscope.sources.outer_header import BLOCK, has_valid_checksum

HEAD_SIZE: Final = BLOCK
"""Bytes to look at: one tar header."""

_MAGICS: Final = {
    b"\x7fELF": "an ELF program or library",
    b"PK\x03\x04": "a zip archive",
    b"hsqs": "a squashfs file system",
    b"SQLite format 3\0": "an SQLite database",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG picture",
    b"!<arch>\n": "a Debian package or static library",
    b"7z\xbc\xaf\x27\x1c": "a 7-zip archive",
    b"GGUF": "a GGUF model",
}
_TEXT_BYTES: Final = b"\t\n\f\r\x1b" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_DOCKERFILE_WORDS: Final = (b"FROM ", b"ARG ", b"# syntax=", b"# check=")


def explain_first_bytes(head: bytes) -> str | None:
    """Return what a file that starts with `head` is, or None where it may be a tar, damaged perhaps."""
    if not head:
        return "an empty file"
    if len(head) == BLOCK and has_valid_checksum(head):
        return None
    for magic, kind in _MAGICS.items():
        if head.startswith(magic):
            return kind
    if _is_text(head):
        is_dockerfile = any(line.startswith(_DOCKERFILE_WORDS) for line in head.splitlines())
        return "a Dockerfile, from which an image is yet to be built" if is_dockerfile else "a text file"
    return None


def _is_text(head: bytes) -> bool:
    if head.translate(None, _TEXT_BYTES):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) == HEAD_SIZE  # a character cut in two
    return True
