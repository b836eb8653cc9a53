"""A Dockerfile before and after its edits: which instructions differ, and which edits are behind one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, partial
from typing import Final

from layerscope.fixes.dockerfile.edit import DockerfileEdit
from layerscope.formats.dockerfile import Dockerfile, Instruction

COMPARED: Final = 2000
"""Characters of two instructions that are compared."""


@dataclass(frozen=True)
class EditedFile:
    """The two files and the edits between them."""

    before: Dockerfile
    after: Dockerfile
    edits: tuple[DockerfileEdit, ...]

    @property
    def changed_before(self) -> frozenset[int]:
        """The first lines of the instructions that are other ones now, do otherwise, or are gone."""
        return frozenset((*(each.number for old, _ in self._pieces for each in old), *self._remade))

    @property
    def changed_after(self) -> frozenset[int]:
        """The first lines of the instructions that were other ones, do otherwise, or are new."""
        remade = (new for new, old in self._pairs.items() if old.number in self._remade)
        return frozenset((*(each.number for _, new in self._pieces for each in new), *remade))

    def find_old(self, instruction: Instruction) -> Instruction:
        """The instruction of the file before that one of the file after was, or stands in the place of."""
        return self._pairs[instruction.number]

    def find_edits(self, instruction: Instruction) -> tuple[DockerfileEdit, ...]:
        """The edits that made an instruction of the file after what it is."""
        old = self._pairs[instruction.number]
        start, end = self.before.find_line(old.line.first), self.before.find_line(old.end)
        return tuple(
            edit
            for edit in self.edits
            if old.number in edit.remade
            or any(drop.number == old.number for drop in edit.drops)
            or any(start <= span.start < end for span in edit.spans)
        )

    def find_edits_above(self, instruction: Instruction) -> tuple[DockerfileEdit, ...]:
        """The edits that changed instructions before one of the file after, or took such out."""
        own, start = self.find_edits(instruction), self.before.find_line(self.find_old(instruction).line.first)
        above = [edit for edit in self.edits if self._find_start(edit) < start and edit not in own]
        return tuple(sorted(above, key=self._find_start))

    def _find_start(self, edit: DockerfileEdit) -> int:
        """Where in the text before an edit begins."""
        numbers = (*(drop.number for drop in edit.drops), *edit.remade)
        drops = (self.before.find_line(number - 1) for number in numbers)
        return min((*drops, *(span.start for span in edit.spans)))

    @property
    def _remade(self) -> frozenset[int]:
        """The first lines, before, of what does otherwise since a file beside the Dockerfile is another."""
        return frozenset(number for edit in self.edits for number in edit.remade)

    @cached_property
    def _pairs(self) -> dict[int, Instruction]:
        """By the first line of each instruction after, the one before that it was."""
        pairs: dict[int, Instruction] = {}
        for _, start, end, other_start, other_end in self._matcher.get_opcodes():
            old = self.before.instructions[start:end] or self.before.instructions[max(start - 1, 0) :][:1]
            new = self.after.instructions[other_start:other_end]
            pairs |= zip((each.number for each in new), _pair(old, new), strict=True)
        return pairs

    @cached_property
    def _pieces(self) -> list[tuple[Sequence[Instruction], Sequence[Instruction]]]:
        """What differs: instructions before, and those in their place."""
        return list(self._iter_pieces())

    def _iter_pieces(self) -> Iterator[tuple[Sequence[Instruction], Sequence[Instruction]]]:
        for tag, start, end, other_start, other_end in self._matcher.get_opcodes():
            if tag != "equal":
                yield self.before.instructions[start:end], self.after.instructions[other_start:other_end]

    @cached_property
    def _matcher(self) -> SequenceMatcher[tuple[object, ...]]:
        before, after = (list(map(_tell, each.instructions)) for each in (self.before, self.after))
        return SequenceMatcher(None, before, after, autojunk=False)


def _pair(old: Sequence[Instruction], new: Sequence[Instruction]) -> Iterator[Instruction]:
    """For each new instruction the old one that it was: in order, the most alike of those that are left."""
    place = 0
    for count, each in enumerate(new):
        spare = max(len(old) - place - (len(new) - count), 0)
        choices = old[place : place + spare + 1] or old[-1:]
        best = choices[0] if len(choices) == 1 else max(choices, key=partial(_compare, each))
        yield best
        place = old.index(best) + 1


def _compare(new: Instruction, old: Instruction) -> tuple[bool, float]:
    """How alike two instructions are."""
    one, two = (f"{' '.join(each.flags)} {each.operands}"[:COMPARED] for each in (old, new))
    return old.keyword == new.keyword, SequenceMatcher(None, one, two, autojunk=False).ratio()


def _tell(instruction: Instruction) -> tuple[object, ...]:
    return instruction.keyword, instruction.flags, instruction.operands, instruction.documents
