"""The lines of a Dockerfile beside the layers that they made, so that a finding has a place in what a person edits."""

import re
from dataclasses import dataclass
from typing import Final

from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_assignments
from layerscope.rules.finding import Finding

_ASSIGNING: Final = frozenset({"ENV", "LABEL", "ARG"})
_SETTINGS: Final = {
    "root-user": "USER",
    "unknown-user": "USER",
    "missing-working-directory": "WORKDIR",
    "missing-entrypoint": "ENTRYPOINT",
}
"""Instructions that set what findings of some rules are about."""

_WORDS: Final = re.compile(r"[\w.-]+")


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

    def find_lines(self, finding: Finding) -> LineRange | None:
        """The lines that answer for a finding: of the first layer that an instruction made, else of a FROM.

        What lies below every instruction came with the base image that the first stage names. What is about the config
        lies where the variable, label or user is set that the message names, else at the stage that was built.
        """
        layers = [place.layer for place in finding.locations if place.layer is not None]
        made = (match.instruction for match in map(self.matched.find_match, layers) if match is not None)
        instruction = next(made, None)
        if instruction is None and not layers:
            instruction = self._find_setting(finding) or self.matched.target.instructions[0]
        if instruction is None and any(map(self._is_below, layers)):
            instruction = self.matched.chain[0].instructions[0]
        return None if instruction is None else self._measure(instruction)

    def _find_setting(self, finding: Finding) -> Instruction | None:
        """The last instruction that sets what a finding about the config names."""
        words = set(_WORDS.findall(finding.message))
        for each in reversed(self.matched.instructions):
            names = {name for name, _ in find_assignments(each.operands)} if each.keyword in _ASSIGNING else set()
            if names & words or each.keyword == _SETTINGS.get(finding.rule):
                return each
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
