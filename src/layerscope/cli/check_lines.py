"""The lines of the Dockerfiles that checked images were built from, for what they break."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.cli.console import Console
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.verdict import Disposition, ImageVerdict

if TYPE_CHECKING:
    from layerscope.cli.dockerfile_source import DockerfileSource
    from layerscope.report.instruction_lines import InstructionLines

Dockerfiles = Mapping[tuple[Path, str], "DockerfileSource"]

_TOLD = (Disposition.FAILS, Disposition.WARNS)


def read_dockerfiles(choices: Sequence[ImageChoice], console: Console) -> Dockerfiles:
    """Every Dockerfile that is named, by path and stage; raises UsageError for what is none, and for no such stage."""
    found: dict[tuple[Path, str], Any] = {}
    for choice in choices:
        if choice.dockerfile is not None and (choice.dockerfile, choice.target) not in found:
            from layerscope.cli.dockerfile_source import DockerfileSource

            source = DockerfileSource.read(choice.dockerfile, choice.target, console)
            found[choice.dockerfile, choice.target] = source
    return found


def find_lines(
    choices: Sequence[ImageChoice], verdicts: Sequence[ImageVerdict], dockerfiles: Dockerfiles
) -> Mapping[str, "InstructionLines"]:
    """By image, its Dockerfile, where one is named and there is something to tell."""
    found: dict[str, InstructionLines] = {}
    for choice, verdict in zip(choices, verdicts, strict=True):
        is_told = any(each.disposition in _TOLD for each in verdict.findings)
        if choice.dockerfile is None or verdict.subject is None or not is_told:
            continue
        lines = dockerfiles[choice.dockerfile, choice.target].find_lines(verdict.subject.result)
        if lines is not None:
            found[choice.name] = lines
    return found
