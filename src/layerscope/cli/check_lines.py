"""The lines of the project's files that answer for what images break: of Dockerfiles, compose files, and the policy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from layerscope.cli.console import Console
from layerscope.cli.source_names import name_source
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.policy_places import FileLine, PolicyPlaces
from layerscope.gate.setting import Setting
from layerscope.gate.toml_lines import find_key_lines
from layerscope.gate.verdict import Disposition, ImageVerdict
from layerscope.settings import PROJECT_FILE, PROJECT_TABLE, Settings

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


def find_places(settings: Settings, said: Mapping[str, Setting], choices: Sequence[ImageChoice]) -> PolicyPlaces:
    """Where the policy says what it says; of a settings file that is gone meanwhile, nothing."""
    named = {choice.name: choice for choice in choices}
    files = {choice.name: line for choice in choices if (line := _find_file(choice)) is not None}
    path = settings.path
    if path is None:
        return PolicyPlaces(settings=said, choices=named, files=files)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        text = ""
    prefix = f"{PROJECT_TABLE}." if path.name == PROJECT_FILE else ""
    found = {key.removeprefix(prefix): line for key, line in find_key_lines(text).items() if key.startswith(prefix)}
    return PolicyPlaces(name_source(path), text, found, said, named, files)


def _find_file(choice: ImageChoice) -> FileLine | None:
    """The line of a compose file's service, or the beginning of a Dockerfile."""
    if choice.compose is not None:
        return FileLine(name_source(choice.compose[0]), choice.compose[1])
    return FileLine(name_source(choice.dockerfile), 1) if choice.dockerfile is not None else None
