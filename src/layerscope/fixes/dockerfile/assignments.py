"""The assignments of an ENV instruction, and how some are left out with the layout of the others kept."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from layerscope.fixes.dockerfile.edit import Span
from layerscope.formats.dockerfile import Dockerfile, Instruction
from layerscope.formats.dockerfile_words import find_assignments, find_words


class PlacedWord(NamedTuple):
    """A word of the operands, and where it lies in them."""

    text: str
    start: int
    end: int


def place_words(setter: Instruction) -> list[PlacedWord]:
    """The words of the operands, each with its place."""
    words, position = list[PlacedWord](), 0
    for text in find_words(setter.operands):
        start = setter.operands.index(text, position)
        position = start + len(text)
        words.append(PlacedWord(text, start, position))
    return words


def can_drop_words(dockerfile: Dockerfile, setter: Instruction, dropped: frozenset[int]) -> bool:
    """Whether these assignments can go: all of them, or such as have no comment beside them."""
    if len(dropped) == len(find_assignments(setter.operands)):
        return True
    signs = f"{dockerfile.escape} \t\r\n"
    return all(not between.strip(signs) for between in _list_betweens(dockerfile, setter, dropped))


def drop_words(dockerfile: Dockerfile, setter: Instruction, dropped: frozenset[int]) -> tuple[Span, ...]:
    """Leave these assignments out, with the blanks beside them; the instruction goes with its last."""
    if len(dropped) == len(find_assignments(setter.operands)):
        return (Span(dockerfile.find_line(setter.line.first), dockerfile.find_line(setter.end), ""),)
    return tuple(Span(start, end, "") for start, end in _iter_cuts(setter, dropped))


def _iter_cuts(setter: Instruction, dropped: frozenset[int]) -> Iterator[tuple[int, int]]:
    """What goes of the file's text for each run of neighbours: up to the word behind, else from the one before."""
    words = place_words(setter)
    for is_dropped, run in groupby(range(len(words)), key=lambda place: place in dropped):
        places = list(run)
        if not is_dropped:
            continue
        if places[-1] + 1 < len(words):
            yield setter.find_place(words[places[0]].start), setter.find_place(words[places[-1] + 1].start)
        else:
            yield setter.find_place(words[places[0] - 1].end - 1) + 1, setter.find_place(words[-1].end - 1) + 1


def _list_betweens(dockerfile: Dockerfile, setter: Instruction, dropped: frozenset[int]) -> Iterator[str]:
    """What stands in the text that goes, beside the assignments themselves."""
    words = place_words(setter)
    for start, end in _iter_cuts(setter, dropped):
        text = dockerfile.text[start:end]
        for place in sorted(dropped):
            text = text.replace(words[place].text, "", 1)
        yield text
