"""`layerscope check --dockerfiles`: the images that are built from some Dockerfiles, and whether they still are."""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from layerscope.cli.console import Console
from layerscope.engine.client import connect
from layerscope.engine.endpoint import find_docker_endpoint, find_podman_endpoint
from layerscope.engine.images import inspect_image
from layerscope.errors import FormatError, LayerscopeError, UsageError
from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.formats.dockerfile import parse_dockerfile
from layerscope.formats.dockerfile_lines import SIZE_LIMIT
from layerscope.gate.dockerfile_match import BaseHere, BuiltFrom
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.limit import Breach
from layerscope.gate.verdict import ImageVerdict, State

UNLISTED: Final = "unlisted-dockerfile"
"""What a Dockerfile breaks that nothing is known of."""

_UNLISTED: Final = "no image of the policy is built from it, so nothing was checked"


@dataclass(frozen=True)
class ListedDockerfiles:
    """The images that are built from the Dockerfiles, with these; and the files that none is built from."""

    choices: tuple[ImageChoice, ...]
    built: Mapping[str, BuiltFrom]
    unlisted: tuple[str, ...]
    folder: Path
    """Where the settings file lies."""

    def judge(self, verdicts: Sequence[ImageVerdict], *, fails_unlisted: bool) -> tuple[ImageVerdict, ...]:
        """The verdicts, with a breach more for each image that is not what its Dockerfile builds.

        With `fails_unlisted`, a Dockerfile that no image is built from breaks the policy, too.
        """
        judged = tuple(_judge(verdict, self.built[verdict.name]) for verdict in verdicts)
        return (*judged, *map(self._refuse, self.unlisted if fails_unlisted else ()))

    def tell_unlisted(self, console: Console) -> None:
        """Say of which Dockerfiles nothing is known."""
        for name in self.unlisted:
            console.complain(f"{name}: {_UNLISTED}; {self._advise(name)}")

    def _refuse(self, name: str) -> ImageVerdict:
        breach = Breach(UNLISTED, _UNLISTED, remedy=self._advise(name), line=1)
        return ImageVerdict(name, State.BROKEN, breaches=(breach,))

    def _advise(self, name: str) -> str:
        """What to write into the settings file, from whose folder paths are meant."""
        path = os.path.relpath(name, self.folder)
        return f'under [check]: images = [{{dockerfile = "{path}", tag = "IMAGE"}}]'


def choose_by_dockerfiles(listed: Sequence[ImageChoice], named: Sequence[str], folder: Path) -> ListedDockerfiles:
    """The images of the policy that are built from the named Dockerfiles, from any where none is named.

    Raises UsageError for a file that cannot be read as one.
    """
    known = [choice for choice in listed if choice.dockerfile is not None]
    wanted = {Path(name).resolve(): name for name in named}
    chosen = [choice for choice in known if choice.dockerfile and (not named or choice.dockerfile.resolve() in wanted)]
    built = {}
    for choice in chosen:
        assert choice.dockerfile is not None
        name = wanted.get(choice.dockerfile.resolve(), os.path.relpath(choice.dockerfile))
        built[choice.name] = _open(choice.dockerfile, name, choice)
    places = {choice.dockerfile.resolve() for choice in chosen if choice.dockerfile}
    unlisted = tuple(name for place, name in wanted.items() if place not in places)
    for name in unlisted:
        _read(Path(name), name)
    return ListedDockerfiles(tuple(chosen), built, unlisted, folder)


def _open(path: Path, name: str, choice: ImageChoice) -> BuiltFrom:
    content = _read(path, name)
    try:
        dockerfile = parse_dockerfile(content)
    except FormatError as error:
        raise UsageError(f"reading {name!r}: {str(error).partition(': ')[2]}") from error
    match_dockerfile(dockerfile, (), choice.target)  # raises UsageError for a stage that is not there
    return BuiltFrom(dockerfile, name, choice.target, shlex.join(choice.built_by or _write_build(choice, name)))


def _write_build(choice: ImageChoice, name: str) -> list[str]:
    """The command that builds an image by its Dockerfile, from where the person is."""
    kind = "podman" if choice.name.startswith("podman:") else "docker"
    file = [] if name == "Dockerfile" else ["-f", name]
    target = ["--target", choice.target] if choice.target else []
    # the context of a Dockerfile elsewhere is more likely its own folder than the one that the person is in
    context = str(Path(name).parent) if name.startswith(("..", "/")) else "."
    return [kind, "build", "-t", choice.name.removeprefix(f"{kind}:"), *file, *target, context]


def _read(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"reading {name!r}: {error.strerror}") from error


def _judge(verdict: ImageVerdict, built: BuiltFrom) -> ImageVerdict:
    if verdict.subject is None:
        is_absent = verdict.state is State.ABSENT
        return replace(verdict, trouble=f"`{built.command}` builds it; {verdict.trouble}") if is_absent else verdict
    platform = verdict.subject.result.image.config
    breach = built.check(verdict.subject, _find_base(built, platform.os, platform.architecture))
    if breach is None:
        return verdict
    state = State.BROKEN if verdict.state is State.SOUND else verdict.state
    return replace(verdict, breaches=(breach, *verdict.breaches), state=state)


def _find_base(built: BuiltFrom, system: str, architecture: str) -> BaseHere | None:
    """The base image in the first engine that has it, for that platform; None where none has it."""
    base = built.base
    if built.is_from_scratch or not base:
        return BaseHere((), ()) if built.is_from_scratch else None
    for find_endpoint in (find_docker_endpoint, find_podman_endpoint):
        try:
            with connect(find_endpoint(os.environ)) as engine:
                found = inspect_image(engine, base)
        except LayerscopeError:  # what no engine tells is not told
            continue
        is_same = (found.os, found.architecture) == (system, architecture)
        return BaseHere(found.diff_ids, found.triggers) if is_same else None
    return None
