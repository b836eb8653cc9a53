"""The lines of the Dockerfiles that checked images were built from, for what they break."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from layerscope.cli.console import Console
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.verdict import Disposition, ImageVerdict

if TYPE_CHECKING:
    from layerscope.report.instruction_lines import InstructionLines

_TOLD = (Disposition.FAILS, Disposition.WARNS)


def find_lines(
    choices: Sequence[ImageChoice], verdicts: Sequence[ImageVerdict], console: Console
) -> Mapping[str, "InstructionLines"]:
    """By image, its Dockerfile, where one is named and there is something to tell; what reads them takes a while."""
    found: dict[str, InstructionLines] = {}
    for choice, verdict in zip(choices, verdicts, strict=True):
        is_told = any(each.disposition in _TOLD for each in verdict.findings)
        if choice.dockerfile is None or verdict.subject is None or not is_told:
            continue
        from layerscope.cli.dockerfile_source import DockerfileSource

        lines = DockerfileSource.read(choice.dockerfile, choice.target, console).find_lines(verdict.subject.result)
        if lines is not None:
            found[choice.name] = lines
    return found
