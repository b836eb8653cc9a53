"""Recipe: the settings that a container is to be run with, each with its reason and what the reason is known from."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from layerscope.recipe.claim import Claim


class SourceKind(StrEnum):
    """From what a reason is known."""

    CONFIG = "config"
    """The image's config: a variable, the command, a volume."""
    FILES = "files"
    """The image's files, by path and layer."""
    FINDING = "finding"
    """A finding of the audit, by its code."""
    PROBE = "probe"
    """What a run of the image showed, by stage."""


class Source(Struct, frozen=True):
    """What a reason is known from: `name` is the field of the config, the code, or the stage."""

    kind: SourceKind
    name: str = ""
    layer: int | None = None
    path: str = ""

    def __str__(self) -> str:
        """The source in a few words."""
        what = {
            SourceKind.CONFIG: f"config: {self.name}",
            SourceKind.FILES: self.name,
            SourceKind.FINDING: self.name,
            SourceKind.PROBE: f"probe: {self.name}",
        }[self.kind]
        place = "" if self.layer is None else f"layer {self.layer}"
        path = f"/{self.path}" if self.path else ""
        return ", ".join(filter(None, (what, place, path)))


class Setting(Struct, frozen=True):
    """One setting in the words of every engine; what an engine has no word for is empty there.

    `docker` are flags of `docker run` and `podman run`, each with its value, `compose` a part of a service, `pod` and
    `container` parts of a Kubernetes pod and of its container, `volumes` the names of volumes that these mention.
    """

    subject: str
    reason: str = ""
    source: Source | None = None
    docker: tuple[tuple[str, ...], ...] = ()
    compose: Mapping[str, Any] = {}
    pod: Mapping[str, Any] = {}
    container: Mapping[str, Any] = {}
    volumes: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    """What a pod mounts in the place of those volumes."""

    @property
    def note(self) -> str:
        """The setting's subject, its reason and its source as one line; empty where it has no reason."""
        return tell_note(self.subject, self.reason, self.source)


class LeftOut(Struct, frozen=True):
    """Something that is not set, and why; `forms` are the texts that this is about, none for all of them."""

    subject: str
    reason: str
    source: Source | None = None
    forms: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """The same as one line."""
        return tell_note(self.subject, self.reason, self.source)


class Recipe(Struct, frozen=True):
    """All settings, in the order in which they are written, and what is not set on purpose."""

    settings: tuple[Setting, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def list_left_out(self, form: str) -> list[str]:
        """What is not set in that text, a line each."""
        return [f"not set: {each.note}" for each in self.left_out if form in each.forms or not each.forms]


def tell_note(subject: str, reason: str, source: Source | None) -> str:
    """What is said of a setting, its reason and its source; nothing without a reason."""
    if not reason:
        return ""
    known = f" [{source}]" if source is not None else ""
    return f"{subject}: {reason}{known}"
