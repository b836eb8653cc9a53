"""`layerscope fix IMAGE --file Dockerfile`: the options, the file, and how it and those beside it are written."""

import functools
import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.options import NamedPath
from layerscope.cli.outputs import Output
from layerscope.cli.written_files import check_alone, check_files, write_files
from layerscope.errors import FormatError, UsageError
from layerscope.fixes.dockerfile.build_context import BuildContext
from layerscope.fixes.dockerfile.file_changes import FileChange
from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.fixes.dockerfile.proposal import DockerfileProposal, propose_edits
from layerscope.fixes.dockerfile.reconstruction import reconstruct_dockerfile
from layerscope.formats.dockerfile import Dockerfile, parse_dockerfile
from layerscope.formats.dockerfile_lines import SIZE_LIMIT
from layerscope.report.places import tell_reference
from layerscope.rules.wording import tell_count, tell_list

Function = Callable[..., int]


@dataclass(frozen=True)
class DockerfileChoice:
    """Which Dockerfile is to be changed: the raw values of the options."""

    path: Path | None
    target: str
    is_written: bool
    is_reconstructed: bool


@dataclass(frozen=True)
class OpenedDockerfile:
    """A Dockerfile as it was read: where it lies, links followed, its bytes, and the folder that is built from."""

    path: Path
    place: Path
    content: bytes
    dockerfile: Dockerfile
    target: str
    context: BuildContext


WINDOWS_SHELL: Final = ("cmd", "/S", "/C")
"""What a RUN is given to on Windows: https://docs.docker.com/reference/dockerfile/#shell."""

_OPTIONS: Final = (
    click.option(
        "--file",
        "dockerfile_path",
        type=NamedPath(),
        metavar="DOCKERFILE",
        help="Show what to change in the Dockerfile that IMAGE was built from, as a diff.",
    ),
    click.option("--target", default="", metavar="STAGE", help="The stage that was built; default: the last."),
    click.option(
        "--write",
        "is_written",
        is_flag=True,
        help="Write the changes that are safe unread to the Dockerfile and files beside it; with --reviewed all.",
    ),
    click.option(
        "--reconstruct",
        "is_reconstructed",
        is_flag=True,
        help="Without a Dockerfile: print one made of IMAGE's history, and nothing else.",
    ),
)

_FIELDS: Final = ("dockerfile_path", "target", "is_written", "is_reconstructed")


def with_dockerfile(function: Function) -> Function:
    """Add the options on the Dockerfile, and pass them as `choice`."""

    @functools.wraps(function)
    def command(*arguments: object, **options: Any) -> int:
        choice = DockerfileChoice(*(options.pop(name) for name in _FIELDS))
        return function(*arguments, choice=choice, **options)

    for add in reversed(_OPTIONS):
        command = add(command)
    return command


def open_dockerfile(
    choice: DockerfileChoice,
    context: Path | None = None,
    *,
    images: Collection[str] = (),
    outputs: Collection[Output] = (),
) -> OpenedDockerfile | None:
    """The file, read and parsed; None where none is named. Raises UsageError for one that is no Dockerfile.

    Without a context, that is the Dockerfile's folder. One of the images in podman tells that its builder is meant.
    """
    _check_printed(choice, outputs)
    if choice.path is None:
        if choice.target or choice.is_written:
            raise UsageError("--target and --write: expected --file DOCKERFILE beside them")
        return None
    if choice.is_reconstructed:
        raise UsageError(
            "--reconstruct: expected no --file beside it: it is for images whose Dockerfile is not at hand"
        )
    trouble = f"reading {str(choice.path)!r}"
    try:
        place = choice.path.resolve(strict=True)
        content = _read(place)
    except OSError as error:
        raise UsageError(f"{trouble}: {error.strerror}") from error
    if choice.is_written and not place.is_relative_to(choice.path.absolute().parent.resolve()):
        raise UsageError(f"writing {str(choice.path)!r}: it is a link out of its folder, to {str(place)!r}")
    if choice.is_written:
        check_alone(place, str(choice.path))
    try:
        dockerfile = parse_dockerfile(content)
    except FormatError as error:
        raise UsageError(f"{trouble}: {str(error).partition(': ')[2]}") from error
    match_dockerfile(dockerfile, (), choice.target)  # raises UsageError for a stage that is not there
    if context is not None and not context.is_dir():
        raise UsageError(f"--context {str(context)!r}: expected a folder")
    folder = choice.path.parent if context is None else context
    name, prefix, typed, start = _name_places(choice.path, folder)
    is_podman = any(image.startswith("podman:") for image in images)
    built_from = BuildContext(
        folder.absolute(),
        choice.path.absolute(),
        prefix,
        name,
        is_podman,
        context is None,
        typed,
        start,
    )
    return OpenedDockerfile(choice.path, place, content, dockerfile, choice.target, built_from)


def propose_changes(
    opened: OpenedDockerfile, result: AuditResult, *, codes: Collection[str], is_safe: bool
) -> DockerfileProposal:
    """What is changed for the findings with these codes, for all without any."""
    config = result.image.config
    shell = config.runtime.shell or (WINDOWS_SHELL if config.os == "windows" else ())
    matched = match_dockerfile(opened.dockerfile, result.steps, opened.target, shell)
    findings = tuple(finding for finding in result.findings if not codes or finding.code in codes)
    name = opened.context.dockerfile_name
    return propose_edits(
        findings, result.facts, matched, is_safe=is_safe, name=name, context=opened.context, tree=result.tree
    )


def print_reconstruction(result: AuditResult, console: Console) -> None:
    """The history as a Dockerfile, above the base image where its layers are known."""
    base = result.base.reference if result.base is not None and result.base.layers else ""
    console.write(
        reconstruct_dockerfile(
            result.steps, tell_reference(result.image.reference), base=base, base_layers=result.base_layers
        )
    )


def write_chosen(
    opened: OpenedDockerfile,
    proposal: DockerfileProposal,
    result: AuditResult,
    codes: Collection[str],
    *,
    reviewed: bool,
    console: Console,
) -> None:
    """Write the changes that may be made unread, with `reviewed` all of them, and say what is left out."""
    chosen = proposal if reviewed else propose_changes(opened, result, codes=codes, is_safe=True)
    withheld = len(proposal.edits) - len(chosen.edits)
    if withheld > 0:
        console.say(f"{tell_count(withheld, 'change')} left out: to be read by somebody first; --reviewed writes all")
    write_changes(opened, chosen, console)


def write_changes(opened: OpenedDockerfile, proposal: DockerfileProposal, console: Console) -> None:
    """Put the changed texts in the places of their files at once, and say so.

    Raises UsageError where one of them was changed meanwhile.
    """
    if not proposal.edits:
        console.say(f"{opened.path} is left as it is")
        return
    check_unchanged(opened)
    write_files(list_changes(opened, proposal))
    tell_written(opened, proposal, console)


def tell_written(opened: OpenedDockerfile, proposal: DockerfileProposal, console: Console) -> None:
    """Say how much was written, and to which files."""
    names = [
        str(opened.path) if change.place == opened.place else change.name for change in list_changes(opened, proposal)
    ]
    console.say(f"{tell_count(len(proposal.edits), 'change')} written to {tell_list(names)}")


def list_changes(opened: OpenedDockerfile, proposal: DockerfileProposal) -> tuple[FileChange, ...]:
    """The files that are changed, the Dockerfile where its links lead."""
    return tuple(
        replace(change, place=opened.place) if change.place == opened.context.dockerfile else change
        for change in proposal.changes
    )


def check_unchanged(opened: OpenedDockerfile, changes: Collection[FileChange] = ()) -> None:
    """Raise UsageError where the Dockerfile, or a file that is to be changed, is not what was read any more."""
    try:
        content = _read(opened.place)
    except OSError as error:
        raise UsageError(f"{_tell_writing(opened)}: {error.strerror}") from error
    if content != opened.content:
        raise UsageError(f"{_tell_writing(opened)}: it was changed since it was read; nothing was written")
    check_files(tuple(changes))


def _check_printed(choice: DockerfileChoice, outputs: Collection[Output]) -> None:
    """Raise UsageError for a Dockerfile of the history that is to be told in any way but as text on standard output."""
    if choice.is_reconstructed and any(output.format != "terminal" or output.path is not None for output in outputs):
        raise UsageError("--reconstruct: expected no -o beside it: it prints a Dockerfile, and nothing else")


def _name_places(path: Path, folder: Path) -> tuple[str, str, tuple[str, str], str]:
    """How diffs call the Dockerfile and the folder that it is built from, how a command does, and where diffs begin.

    It is the command's folder, below which both lie; else the lowest one that holds both, so that patches apply there.
    """
    here = os.path.normpath(Path.cwd())
    file, top = (os.path.normpath(Path(here, each)) for each in (path, folder))
    is_near = _is_below(file, here) and _is_below(top, here)
    start = here if is_near else os.path.commonpath((Path(file).parent, top))
    name, prefix = os.path.relpath(file, start), os.path.relpath(top, start)
    typed = (name, prefix) if is_near else (str(path), str(folder))
    return name, "" if prefix == "." else prefix, typed, "" if start == here else start


def _is_below(path: str, folder: str) -> bool:
    """Whether a path leads into a folder, or is that one, by its words."""
    return os.path.commonpath((path, folder)) == folder


def _tell_writing(opened: OpenedDockerfile) -> str:
    return f"writing {str(opened.path)!r}"


def _read(place: Path) -> bytes:
    """The bytes of a regular file, one more than a Dockerfile may have at most."""
    with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UsageError(f"reading {str(place)!r}: expected a file")
        return file.read(SIZE_LIMIT + 1)
