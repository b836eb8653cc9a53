"""Builder: the program that builds images for an engine, and its command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from layerscope.engine.endpoint import Endpoint
from layerscope.engine.program import EngineKind, ask_program, find_program
from layerscope.fixes.builds.request import BuildRequest
from layerscope.fixes.builds.workplace import IGNORED

PODMAN: Final = "podman build"


@dataclass(frozen=True)
class Builder:
    """A program that builds: its words in front, its variables, and what it does not know."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    has_filter: bool = False
    """Whether it can build one stage without its cache, and the others with theirs."""
    outlives_client: bool = False
    """Whether the program is podman's client, which sends all files, and whose engine builds on when it is stopped."""

    @property
    def reads_own_ignores(self) -> bool:
        """Whether it takes a list of what is not copied that lies elsewhere than at the top of the context."""
        return self.has_filter or self.name == PODMAN

    def write_command(self, request: BuildRequest, dockerfile: Path, name: str) -> list[str]:
        """The command that builds the request, the Dockerfile lying there, to an image of that name."""
        target = ["--target", request.target] if request.target else []
        form = ["--format=docker"] if self.name == PODMAN and request.has_docker_form else []
        is_told = self.outlives_client or (self.name == PODMAN and request.ignores is not None)
        ignores = ["--ignorefile", str(dockerfile.with_name(IGNORED))] if is_told else []
        return [
            *self.words,
            *("-f", str(dockerfile), "-t", name),
            *target,
            *form,
            *ignores,
            *self.find_flags(request.flags),
            *request.options,
            str(request.context.absolute()),  # a name that begins with a dash would be an option
        ]

    def find_flags(self, flags: Sequence[str]) -> tuple[str, ...]:
        """The flags on what is made anew, as this program knows them."""
        stages = _list_filtered(flags)
        plain = tuple(dict.fromkeys(flag for flag in flags if flag in {"--pull", "--no-cache"}))
        if not stages or "--no-cache" in plain:
            return plain
        return (*plain, "--no-cache-filter", ",".join(stages)) if self.has_filter else (*plain, "--no-cache")

    def is_coarser(self, flags: Sequence[str]) -> bool:
        """Whether it builds more without the cache than it was asked to."""
        return "--no-cache" in self.find_flags(flags) and "--no-cache" not in flags


def find_builder(kind: EngineKind, endpoint: Endpoint, environment: Mapping[str, str]) -> Builder:
    """The builder of the engine that listens there: podman's own, buildx, or else what `docker build` starts.

    Raises EngineError where there is no such program.
    """
    found = find_program(kind, endpoint, environment, task="building the image")
    if kind == "podman":
        return Builder(
            PODMAN, (*found.words, "build", "--force-rm"), found.environment, outlives_client=found.is_client
        )
    variables = {**found.environment, "BUILDKIT_PROGRESS": "plain"}
    if environment.get("DOCKER_BUILDKIT") not in {"0", "false"} and ask_program(
        *found.words, "buildx", "version", environment=variables
    ):
        words = (*found.words, "buildx", "build", "--builder", "default", "--load", "--progress", "plain")
        return Builder("docker buildx build", words, variables, has_filter=True)
    return Builder("docker build", (*found.words, "build", "--force-rm"), variables)


def _list_filtered(flags: Sequence[str]) -> list[str]:
    """The stages that are to be built without the cache."""
    values = (value for flag, value in pairwise(flags) if flag == "--no-cache-filter")
    return list(dict.fromkeys(stage for value in values for stage in value.split(",")))
