"""The lines of a Dockerfile beside the layers that they made, so that a finding has a place in what a person edits."""

from collections.abc import Iterable
from dataclasses import dataclass

from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile import Instruction
from layerscope.rules.finding import Location


@dataclass(frozen=True)
class LineRange:
    """Lines of a file as people count them, the last included, and the columns after the last line's end."""

    first: int
    last: int
    end_column: int


@dataclass(frozen=True)
class InstructionLines:
    """A Dockerfile by the name that reports give it, and the image's history beside it."""

    name: str
    matched: MatchedDockerfile

    def find_lines(self, locations: Iterable[Location]) -> LineRange | None:
        """The lines that answer for a finding: of the first layer with an instruction, else of a FROM.

        What lies below every instruction came with the base image that the first stage names; what is about the config
        belongs to the stage that was built.
        """
        places = list(locations)
        for place in places:
            match = self.matched.find_match(place.layer)
            if match is not None:
                return self._measure(match.instruction)
        if any(place.layer is not None and self._is_below(place.layer) for place in places):
            return self._measure(self.matched.chain[0].instructions[0])
        if all(place.layer is None for place in places):
            return self._measure(self.matched.target.instructions[0])
        return None

    def _is_below(self, layer: int) -> bool:
        """Whether a layer lies below all that the Dockerfile's instructions made."""
        made = [match.step.layer for match in self.matched.matches if match.step.layer is not None]
        return bool(made) and layer < min(made)

    def _measure(self, instruction: Instruction) -> LineRange:
        lines = self.matched.dockerfile.text.split("\n")
        last = max(instruction.end, instruction.number)
        text = lines[last - 1] if last <= len(lines) else ""
        return LineRange(instruction.number, last, len(text.rstrip("\r")) + 1)
