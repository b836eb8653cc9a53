"""`layerscope fix IMAGE --file Dockerfile`: the options, the file, and how it is written."""

import functools
import os
import stat
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.errors import FormatError, UsageError
from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.fixes.dockerfile.proposal import DockerfileProposal, propose_edits
from layerscope.fixes.dockerfile.reconstruction import reconstruct_dockerfile
from layerscope.formats.dockerfile import Dockerfile, parse_dockerfile
from layerscope.formats.dockerfile_lines import SIZE_LIMIT
from layerscope.report.places import tell_reference
from layerscope.rules.wording import tell_count

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
    """A Dockerfile as it was read: where it lies, links followed, and its bytes."""

    path: Path
    place: Path
    content: bytes
    dockerfile: Dockerfile
    target: str


_OPTIONS: Final = (
    click.option(
        "--file",
        "dockerfile_path",
        type=click.Path(path_type=Path),
        metavar="DOCKERFILE",
        help="Show what to change in the Dockerfile that IMAGE was built from, as a diff.",
    ),
    click.option("--target", default="", metavar="STAGE", help="The stage that was built; default: the last."),
    click.option(
        "--write",
        "is_written",
        is_flag=True,
        help="Write the changes that are safe unread to the Dockerfile; with --reviewed all.",
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


def open_dockerfile(choice: DockerfileChoice) -> OpenedDockerfile | None:
    """The file, read and parsed; None where none is named. Raises UsageError for one that is no Dockerfile."""
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
    try:
        dockerfile = parse_dockerfile(content)
    except FormatError as error:
        raise UsageError(f"{trouble}: {str(error).partition(': ')[2]}") from error
    match_dockerfile(dockerfile, (), choice.target)  # raises UsageError for a stage that is not there
    return OpenedDockerfile(choice.path, place, content, dockerfile, choice.target)


def name_dockerfile(opened: OpenedDockerfile) -> str:
    """How reports name the file: as it was named, but for folders that are another one's elsewhere."""
    path = opened.path
    return path.name if path.is_absolute() or ".." in path.parts else str(path)


def propose_changes(
    opened: OpenedDockerfile, result: AuditResult, *, codes: Collection[str], is_safe: bool
) -> DockerfileProposal:
    """What is changed for the findings with these codes, for all without any."""
    matched = match_dockerfile(opened.dockerfile, result.steps, opened.target)
    findings = tuple(finding for finding in result.findings if not codes or finding.code in codes)
    return propose_edits(findings, result.facts, matched, is_safe=is_safe, name=name_dockerfile(opened))


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
    """Put the changed text in the file's place at once, with its mode, and say so.

    Raises UsageError where the file was changed meanwhile.
    """
    if not proposal.edits:
        console.say(f"{opened.path} is left as it is")
        return
    check_unchanged(opened)
    try:
        _replace(opened.place, proposal.text.encode())
    except OSError as error:
        raise UsageError(f"{_tell_writing(opened)}: {error.strerror}") from error
    console.say(f"{tell_count(len(proposal.edits), 'change')} written to {opened.path}")


def check_unchanged(opened: OpenedDockerfile) -> None:
    """Raise UsageError where the file is not what was read any more."""
    try:
        content = _read(opened.place)
    except OSError as error:
        raise UsageError(f"{_tell_writing(opened)}: {error.strerror}") from error
    if content != opened.content:
        raise UsageError(f"{_tell_writing(opened)}: it was changed since it was read; nothing was written")


def _tell_writing(opened: OpenedDockerfile) -> str:
    return f"writing {str(opened.path)!r}"


def _read(place: Path) -> bytes:
    """The bytes of a regular file, one more than a Dockerfile may have at most."""
    with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UsageError(f"reading {str(place)!r}: expected a file")
        return file.read(SIZE_LIMIT + 1)


def _replace(place: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(stat.S_IMODE(place.stat().st_mode))
        Path(temporary).replace(place)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
