"""Whether a Python script loads its data in processes of its own: PyTorch's `DataLoader(..., num_workers=4)`."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from layerscope.formats.python_imports import CONTENT_LIMIT
from layerscope.formats.python_words import iter_words

MOST_WORKERS: Final = 1024
LOOKS_LIMIT: Final = 100
"""Calls that are looked at."""

ARGUMENTS_LIMIT: Final = 400
"""Words of one call that are looked at."""

_CALL: Final = "DataLoader"
_KEYWORD: Final = "num_workers"
_NUMBER: Final = re.compile(r"[0-9]{1,4}")


def find_loader_workers(content: bytes) -> int:
    """The most workers that a call of the script names by a number; 0 where none does."""
    content = content[:CONTENT_LIMIT]
    if _CALL.encode() not in content or _KEYWORD.encode() not in content:
        return 0
    words = [each for each in iter_words(content.decode("utf-8-sig", "replace")) if each[0] != "skip"]
    places = (place for place, (_, word) in enumerate(words) if word == _CALL)
    return max((_read_workers(words, place) for place in islice(places, LOOKS_LIMIT)), default=0)


def _read_workers(words: Sequence[tuple[str, str]], place: int) -> int:
    """The number of workers in the call whose name stands there."""
    depth = 0
    for here in range(place + 1, min(place + ARGUMENTS_LIMIT, len(words) - 2)):
        word = words[here][1]
        depth += (word in {"(", "[", "{"}) - (word in {")", "]", "}"})
        if depth == 0:
            break
        if depth == 1 and word == _KEYWORD and words[here + 1][1] == "=":
            number = words[here + 2][1]
            return min(int(number), MOST_WORKERS) if _NUMBER.fullmatch(number) else 0
    return 0
