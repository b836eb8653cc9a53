"""Version numbers as CUDA's parts spell them, compared field by field."""

import re
from collections.abc import Iterable
from typing import Final

_TAG: Final = re.compile(r"(?<![a-z])cu(?:da)?[-_.]?(\d{2,3})(?!\d)")


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: `12.4.1+x` gives (12, 4, 1)."""
    match = re.match(r"\d{1,9}(?:\.\d{1,9})*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def major(version: str) -> int | None:
    """The first number."""
    return next(iter(numbers(version)), None)


def release(version: str) -> str:
    """The first two numbers, as CUDA releases are called: `12.4`; the first alone where there is no second."""
    return ".".join(map(str, numbers(version)[:2]))


def is_older(version: str, than: str) -> bool:
    """Whether a version is older, judged by the fields that both have."""
    left, right = numbers(version), numbers(than)
    length = min(len(left), len(right))
    return left[:length] < right[:length]


def newest(versions: Iterable[str]) -> str:
    """The highest of these versions; empty where there is none."""
    return max(versions, key=numbers, default="")


def read_tag(text: str) -> str:
    """The CUDA release in a tag such as `cu124`, `cu12` or `cuda118`; empty where there is none."""
    match = _TAG.search(text)
    if match is None:
        return ""
    digits = match[1]
    return digits if len(digits) <= 2 else f"{digits[:-1]}.{digits[-1]}"  # noqa: PLR2004 - cu12 names a major version
