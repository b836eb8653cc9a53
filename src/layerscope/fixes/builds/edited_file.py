"""A Dockerfile before and after its edits: which instructions differ, and which edits are behind one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from layerscope.fixes.dockerfile.edit import DockerfileEdit
from layerscope.formats.dockerfile import Dockerfile, Instruction


@dataclass(frozen=True)
class EditedFile:
    """The two files and the edits between them."""

    before: Dockerfile
    after: Dockerfile
    edits: tuple[DockerfileEdit, ...]

    @property
    def changed_before(self) -> frozenset[int]:
        """The first lines of the instructions that are other ones now, or gone."""
        return frozenset(each.number for old, _ in self._pieces for each in old)

    @property
    def changed_after(self) -> frozenset[int]:
        """The first lines of the instructions that were other ones, or are new."""
        return frozenset(each.number for _, new in self._pieces for each in new)

    def find_old(self, instruction: Instruction) -> Instruction:
        """The instruction of the file before that one of the file after was, or stands in the place of."""
        old = self._find_piece(instruction)
        place = self.after.instructions.index(instruction)
        return old[0] if old else self.before.instructions[min(self._shift(place), len(self.before.instructions) - 1)]

    def find_edits(self, instruction: Instruction) -> tuple[DockerfileEdit, ...]:
        """The edits that made an instruction of the file after what it is."""
        old = self._find_piece(instruction)
        lines = {each.number: (self.before.find_line(each.line.first), self.before.find_line(each.end)) for each in old}
        return tuple(
            edit
            for edit in self.edits
            if any(drop.number in lines for drop in edit.drops)
            or any(start <= span.start < end for span in edit.spans for start, end in lines.values())
        )

    def find_edits_above(self, instruction: Instruction) -> tuple[DockerfileEdit, ...]:
        """The edits that changed instructions before one of the file after."""
        own = self.find_edits(instruction)
        above = self.after.instructions[: self.after.instructions.index(instruction)]
        found = dict.fromkeys(edit for each in above for edit in self.find_edits(each))
        return tuple(edit for edit in found if edit not in own)

    def _find_piece(self, instruction: Instruction) -> Sequence[Instruction]:
        """The instructions of the file before that this one, and its changed neighbours, took the place of."""
        return next((old for old, new in self._pieces if instruction in new), ())

    def _shift(self, place: int) -> int:
        """The place before of an instruction that was not changed."""
        return next(
            (before + place - after for before, after, size in self._matching if after <= place < after + size), place
        )

    @cached_property
    def _matching(self) -> list[tuple[int, int, int]]:
        return [(each.a, each.b, each.size) for each in self._matcher.get_matching_blocks()]

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


def _tell(instruction: Instruction) -> tuple[object, ...]:
    return instruction.keyword, instruction.flags, instruction.operands, instruction.documents
