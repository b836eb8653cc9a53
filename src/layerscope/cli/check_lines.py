"""The lines of the project's files that answer for what images break: of Dockerfiles, compose files, and the policy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.cli.console import Console
from layerscope.cli.source_names import name_source
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.policy_places import FileLine, PolicyPlaces
from layerscope.gate.setting import Setting
from layerscope.gate.toml_lines import find_key_lines
from layerscope.gate.verdict import Disposition, ImageVerdict
from layerscope.settings import PROJECT_FILE, PROJECT_TABLE, Settings

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
        is_told = is_told or any(breach.finding is not None for breach in verdict.breaches)
        if choice.dockerfile is None or verdict.subject is None or not is_told:
            continue
        lines = dockerfiles[choice.dockerfile, choice.target].find_lines(verdict.subject.result)
        if lines is not None:
            found[choice.name] = lines
    return found


def find_places(
    settings: Settings, said: Mapping[str, Setting], choices: Sequence[ImageChoice], *, unlisted: Sequence[str] = ()
) -> PolicyPlaces:
    """Where the policy says what it says; of a settings file that is gone meanwhile, nothing.

    `unlisted` are Dockerfiles that no image is built from.
    """
    named = {choice.name: choice for choice in choices}
    files = {choice.name: line for choice in choices if (line := _find_file(choice)) is not None}
    own = {choice.name: choice.dockerfile for choice in choices if choice.dockerfile is not None}
    own |= {name: Path(name) for name in unlisted}
    dockerfiles = {name: name_source(place) for name, place in own.items()}
    path = settings.path
    if path is None:
        return PolicyPlaces(settings=said, choices=named, files=files, dockerfiles=dockerfiles)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        text = ""
    prefix = f"{PROJECT_TABLE}." if path.name == PROJECT_FILE else ""
    found = {key.removeprefix(prefix): line for key, line in find_key_lines(text).items() if key.startswith(prefix)}
    return PolicyPlaces(name_source(path), text, found, said, named, files, dockerfiles)


def _find_file(choice: ImageChoice) -> FileLine | None:
    """The line of a compose file's service, or the beginning of a Dockerfile."""
    if choice.compose is not None:
        return FileLine(name_source(choice.compose[0]), choice.compose[1])
    return FileLine(name_source(choice.dockerfile), 1) if choice.dockerfile is not None else None
