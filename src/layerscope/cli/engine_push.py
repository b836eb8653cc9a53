"""A push by the engine's own program, of the very images that were checked."""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from layerscope.cli.push_call import PushCall
from layerscope.engine.client import Engine, connect
from layerscope.engine.endpoint import Endpoint, find_docker_endpoint, find_podman_endpoint
from layerscope.engine.images import inspect_image
from layerscope.engine.program import EngineProgram, find_program
from layerscope.errors import EngineError, ImageNotFoundError, ReferenceSyntaxError, SourceError
from layerscope.held_signals import HeldSignals
from layerscope.image.reference import Reference
from layerscope.sources.stored_platforms import list_stored_platforms

PROGRAM_VARIABLE: Final = "DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND"
"""The docker that runs the plugin, as it was called."""

PUSHING_VARIABLE: Final = "LAYERSCOPE_PUSHING"
"""Set for the program that pushes: one that calls `layerscope push` again would do so without end."""

STOP_SECONDS: Final = 15.0
"""A program that is stopped ends its uploads; one that does not in that time is killed."""

LOOK_SECONDS: Final = 1.0
"""The longest wait for a program in one piece."""


@dataclass(frozen=True)
class EnginePush:
    """What is pushed, the engine, and its program."""

    call: PushCall
    endpoint: Endpoint
    program: EngineProgram

    @classmethod
    def prepare(cls, call: PushCall, environment: Mapping[str, str]) -> "EnginePush":
        """Find the engine and its program; raises EngineError where there is none, or where it is layerscope again."""
        if environment.get(PUSHING_VARIABLE):
            raise EngineError(
                f"pushing {call.name}: `{call.command}` calls layerscope push again: expected the engine's own program "
                f"as {call.kind} on PATH; a shell's function is no program, and does not stand in its way"
            )
        find_endpoint = find_docker_endpoint if call.kind == "docker" else find_podman_endpoint
        endpoint = find_endpoint(environment)
        name = environment.get(PROGRAM_VARIABLE, "") if call.kind == "docker" else ""
        program = find_program(call.kind, endpoint, environment, task=f"pushing {call.name}", name=name)
        return cls(call, endpoint, program)

    def find_ids(self) -> dict[str, str]:
        """The images that would be pushed now, by name; raises ImageNotFoundError for none, and EngineError."""
        with connect(self.endpoint) as engine:
            if not self.call.is_all_tags:
                return {self.call.name: inspect_image(engine, self.call.name).id}
            names = sorted(_list_tags(engine, self.call.reference))
            if not names:
                raise ImageNotFoundError(f"{engine.name} at {engine.endpoint} has no tag of {self.call.name}")
            return {name: inspect_image(engine, name).id for name in names}

    def list_names(self, images: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Every name that the engine has for each image, by the image's ID; raises EngineError."""
        with connect(self.endpoint) as engine:
            return {image: inspect_image(engine, image).tags for image in dict.fromkeys(images.values())}

    def list_platforms(self, images: Mapping[str, str]) -> dict[str, tuple[str | None, ...]]:
        """The platforms of each image that are pushed with it: None for the one that there is.

        Raises SourceError where that cannot be told.
        """
        if self.call.platform is not None or self.call.kind == "podman":
            return dict.fromkeys(images, (self.call.platform,))
        with connect(self.endpoint) as engine:
            try:
                found = {
                    name: list_stored_platforms(engine, name, image, self.program.environment)
                    for name, image in images.items()
                }
            except SourceError as error:
                raise SourceError(f"finding out which platforms {self.call.command} would push: {error}") from error
        return {name: tuple(map(str, several)) if len(several) > 1 else (None,) for name, several in found.items()}

    def run(self) -> int:
        """Push, with this process's streams; returns the program's exit code. Raises EngineError."""
        command = [*self.program.words, "push", *self.call.words]
        return _run(command, {**self.program.environment, PUSHING_VARIABLE: "1"})


def tell_moved(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What became of names meanwhile that are not those of the same images; nothing where all are."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return "; ".join(f"{name} was {_tell_id(before.get(name))} and is {_tell_id(after.get(name))}" for name in names)


def _tell_id(image: str | None) -> str:
    return "not there" if image is None else image


def _list_tags(engine: Engine, reference: Reference) -> set[str]:
    """Every name that the engine has in the repository."""
    answer = engine.fetch("/images/json", task=f"listing the tags of {reference.familiar}")
    if not isinstance(answer, list):
        raise EngineError(f"listing the tags of {reference.familiar}: expected a list from {engine.name}")
    tags = (tag for image in answer if isinstance(image, dict) for tag in image.get("RepoTags") or ())
    return {str(tag) for tag in tags if _is_in(str(tag), reference)}


def _is_in(tag: str, reference: Reference) -> bool:
    try:
        return Reference.parse(tag).name == reference.name
    except ReferenceSyntaxError:  # <none>:<none>
        return False


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program in the foreground; a signal that stops this process stops it, too, and it is waited for."""
    with HeldSignals() as held:
        try:
            process = subprocess.Popen(command, env=environment)  # noqa: S603 -- the engine's own program
        except OSError as error:
            raise EngineError(f"starting {command[0]}: {error.strerror}") from error
        try:
            held.release()
            code = _await_end(process)
        except BaseException:
            _stop(process)
            raise
    return code if code >= 0 else 128 - code


def _await_end(process: "subprocess.Popen[bytes]") -> int:
    """Wait for it, and look for signals meanwhile: one that comes just before a wait begins is heeded after it."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(LOOK_SECONDS)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End it; at Ctrl-C a terminal has told it already."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
