"""The `WHEEL` file of a dist-info: for which Pythons and platforms its wheel was made.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from typing import Final

from msgspec import Struct
from packaging.tags import parse_tag

from layerscope.errors import FormatError

TAGS_LIMIT: Final = 200
"""Tags of one wheel once spelled out; wheels for many macOS versions have the most, with some 30."""

TAG_SIZE_LIMIT: Final = 2_000
"""Characters of one tag as written; those of many macOS versions have some 400."""

LINES_LIMIT: Final = 1_000
"""Lines that are looked at."""


class WheelFile(Struct, frozen=True):
    """Tags like `cp311-cp311-manylinux_2_28_x86_64`, one by one and sorted."""

    tags: tuple[str, ...]
    is_pure: bool
    generator: str


def parse_wheel_file(content: bytes) -> WheelFile:
    """The file's fields; raises FormatError where a tag has not three parts or there are too many."""
    tags: set[str] = set()
    is_pure, generator = False, ""
    for line in content.decode("utf-8", "replace").splitlines()[:LINES_LIMIT]:
        name, _, value = line.partition(":")
        match name.strip().lower():
            case "tag":
                tags.update(_spell_out(value.strip()))
            case "root-is-purelib":
                is_pure = value.strip().lower() == "true"
            case "generator":
                generator = value.strip()[:100]
        if len(tags) > TAGS_LIMIT:
            raise FormatError(f"reading a WHEEL file: more than {TAGS_LIMIT} tags")
    return WheelFile(tuple(sorted(tags)), is_pure, generator)


def _spell_out(text: str) -> list[str]:
    """Every tag that a compressed one stands for."""
    parts = text.split("-")
    if len(parts) != 3 or not all(parts) or len(text) > TAG_SIZE_LIMIT:  # noqa: PLR2004 - Python, ABI and platform
        raise FormatError(f"reading a WHEEL file: tag {text[:80]!r}, expected PYTHON-ABI-PLATFORM")
    count = 1
    for part in parts:
        count *= part.count(".") + 1
    if count > TAGS_LIMIT:
        raise FormatError(f"reading a WHEEL file: a tag that stands for {count:,}, limit {TAGS_LIMIT}")
    try:
        return [str(tag) for tag in parse_tag(text)]
    except ValueError as error:  # packaging checks more with each version
        raise FormatError(f"reading a WHEEL file: tag {text[:80]!r}: {error}") from error
