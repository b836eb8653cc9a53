"""BuildRequest: what is to be built, from which text and folder, and what of it anew."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from layerscope.errors import UsageError

OWN_OPTIONS: Final = (
    *("-f", "--file", "-t", "--tag", "-o", "--output", "-q", "--quiet"),
    *("--target", "--iidfile", "--push", "--load", "--builder", "--progress", "--manifest", "--squash", "--ignorefile"),
)
"""Options of builders that are set already, or would have the image end elsewhere."""

TELLING_OPTIONS: Final = ("-h", "--help", "--version", "--call", "--check", "--print")
"""Options with which a builder tells something and builds nothing."""

_HEALTH_CHECK: Final = re.compile(r"^\s*HEALTHCHECK\s", re.IGNORECASE | re.MULTILINE)

_SHORT: Final = 2
"""Characters of an option's short name."""


@dataclass(frozen=True)
class BuildRequest:
    """A Dockerfile's text, the folder that it copies from, and what the builder is told besides.

    `flags` say what is made anew. `place` is where the user's own Dockerfile lies. `ignores` takes the place of the
    list of what is not copied, where that is another than the context has.
    """

    text: str
    context: Path
    place: Path
    target: str = ""
    flags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    ignores: str | None = None

    @property
    def has_docker_form(self) -> bool:
        """Whether it asks for a health check, which images in the form of OCI cannot have, and for no form."""
        is_asked = any(option.startswith("--format") for option in self.options)
        return not is_asked and _HEALTH_CHECK.search(self.text) is not None


def check_options(options: Sequence[str]) -> None:
    """Raise UsageError for what is no option, or one that is set already."""
    for option in options:
        name = option.partition("=")[0]
        if not option.startswith("-") or option in {"-", "--"}:
            raise UsageError(f"--build-option {option!r}: expected an option of the builder, as --build-arg=NAME=VALUE")
        if name in TELLING_OPTIONS:
            raise UsageError(f"--build-option {option!r}: expected none with which the builder builds no image")
        if name in OWN_OPTIONS or (not name.startswith("--") and name[:_SHORT] in OWN_OPTIONS):
            raise UsageError(f"--build-option {option!r}: expected none that layerscope gives the builder itself")


def join_flags(flags: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Flags of several pieces of advice, each once; with all built anew, no stage is named."""
    pairs = dict.fromkeys(map(tuple, flags))
    if ("--no-cache",) in pairs:
        return tuple(chain.from_iterable(pair for pair in pairs if pair[0] != "--no-cache-filter"))
    return tuple(chain.from_iterable(pairs))
