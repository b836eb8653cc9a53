"""A new image in a container engine, under a name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from layerscope.engine.client import Engine, connect
from layerscope.engine.endpoint import Endpoint, find_docker_endpoint, find_podman_endpoint
from layerscope.engine.images import inspect_image, load_image, tag_image
from layerscope.errors import ImageNotFoundError, SourceError, UsageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.destinations.layout_archive import iter_archive
from layerscope.fixes.surgery.documents import NAME
from layerscope.fixes.surgery.image_writer import NewImage
from layerscope.image.reference import DEFAULT_REGISTRY, DEFAULT_TAG, Reference

CONTAINERD_NAME: Final = "io.containerd.image.name"
"""The annotation by which engines with containerd's store name what they load."""

LIBRARY: Final = "library/"
"""What Docker puts before short names."""

LOCAL: Final = "localhost"
"""What podman puts before them."""


@dataclass(frozen=True)
class EngineDestination(Destination):
    """An engine that the image is loaded into."""

    kind: Literal["docker", "podman"]
    reference: Reference
    replaces: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def where(self) -> str:
        """As IMAGE."""
        return f"{self.kind}:{self.reference.familiar}"

    @property
    def annotations(self) -> Mapping[str, str]:
        """The name in full, and its tag."""
        return {CONTAINERD_NAME: str(self.reference), NAME: self.reference.tag or DEFAULT_TAG}

    def check(self) -> None:
        """Raise UsageError where the engine has an image of that name; SourceError where there is no engine."""
        with self.connect() as engine:
            if not self.replaces and (_has_image(engine, self.reference) or self._find_own(engine) is not None):
                raise UsageError(
                    f"writing {self.where}: the engine has such an image; choose another name, or --replace"
                )

    def publish(self, layout: Path, new: NewImage) -> None:
        """Have the engine load it, and make sure that it took the name."""
        with self.connect() as engine:
            load_image(engine, iter_archive(layout, new, [str(self.reference)]), name=self.where)
            if not _has_image(engine, self.reference):
                raise SourceError(f"writing {self.where}: {engine.name} loaded the image, and does not know its name")
            if (own := self._find_own(engine)) is not None:
                tag_image(engine, str(self.reference), own.name, own.tag or DEFAULT_TAG)

    def give_name(self, image: str) -> None:
        """Give an image that the engine has the name, once that is still free; raises UsageError and EngineError."""
        self.check()
        with self.connect() as engine:
            name = self._find_own(engine) or self.reference
            tag_image(engine, image, name.name, name.tag or DEFAULT_TAG)

    def connect(self) -> Engine:
        """The engine; raises EngineError."""
        return connect(self.find_endpoint())

    def find_endpoint(self) -> Endpoint:
        """Where the engine listens."""
        find = find_docker_endpoint if self.kind == "docker" else find_podman_endpoint
        return find(self.environment)

    def _find_own(self, engine: Engine) -> Reference | None:
        """The name that podman gives what it builds itself by the same short one, if it has an image of that.

        It prefers that one, so that a new image beside it would not be what is run by the short name.
        """
        short = self.reference.repository.removeprefix(LIBRARY)
        if self.kind != "podman" or self.reference.name != f"{DEFAULT_REGISTRY}/{LIBRARY}{short}":
            return None
        own = Reference(LOCAL, short, self.reference.tag)
        return own if _has_image(engine, own) else None


def _has_image(engine: Engine, reference: Reference) -> bool:
    try:
        inspect_image(engine, str(reference))
    except ImageNotFoundError:
        return False
    return True
