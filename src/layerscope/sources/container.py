"""A container's file system as an image: the layers of the image it was made from, and its own files above them."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from msgspec import structs

from layerscope.engine.client import Engine, connect
from layerscope.engine.container_files import (
    InspectedContainer,
    inspect_container,
    list_changes,
    open_container_export,
)
from layerscope.engine.endpoint import find_docker_endpoint, find_podman_endpoint
from layerscope.engine.images import inspect_image
from layerscope.engine.storage import describe_storage
from layerscope.errors import ContainerNotFoundError, EngineError, ImageNotFoundError, NoEngineError, SourceError
from layerscope.image.container import ContainerFiles
from layerscope.image.digest import Digest
from layerscope.image.image import Image, ImageStream, KnownContent
from layerscope.image.layer import ByteStream
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.blobs import StoredLayer
from layerscope.sources.container_config import make_container_config
from layerscope.sources.container_export import copy_changed
from layerscope.sources.daemon import DaemonSource
from layerscope.sources.layer_spool import LayerSpool
from layerscope.sources.source import InPlace

EngineKind = Literal["docker", "podman"]

_DRIVERS: Final = frozenset({"overlay2", "overlay"})
"""Storage drivers that keep what a container wrote in a folder of its own, as docker and podman call them."""

_REMAPPED: Final = re.compile(r"\d+\.\d+")
"""The folder of a Docker engine that maps users (`userns-remap`) is called by its first IDs."""

_ACCOUNTS: Final = ("etc/group", "etc/passwd")
"""What podman makes in a container whose image has no accounts."""


@dataclass(frozen=True)
class ContainerSource:
    """A container by name or ID in the first of some engines that has it, running or stopped.

    `is_image` asks for the image that it was made from instead.
    """

    kinds: tuple[EngineKind, ...]
    name: str
    in_place: InPlace = "auto"
    is_image: bool = False
    spool_directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def describe(self) -> str:
        """How the user would write it."""
        scheme = f"{self.kinds[0]}-container" if len(self.kinds) == 1 else "container"
        told = f"{scheme}:{self.name}"
        return f"the image of {told}" if self.is_image else told

    def open_image(self, *, platform: Platform | None, known: KnownContent, progress: Progress) -> Image | ImageStream:
        """Open the container's image, and copy the container's own files; raises SourceError and ImageError."""
        with self._find(progress) as (kind, engine, container):
            source = DaemonSource(kind, container.image_id, self.in_place, self.environment)
            try:
                found = inspect_image(engine, container.image_id)
            except ImageNotFoundError as error:
                raise SourceError(
                    f"opening {self.describe}: {engine.name} does not have its image {container.image_name} any more"
                ) from error
            own = platform or Platform(found.os, found.architecture, found.variant or None)
            opened = source.open_image(platform=own, known=known, progress=progress)
            try:
                finish = self._make_finish(engine, container, progress)
            except BaseException:
                if not isinstance(opened, Image):
                    opened.close()
                raise
        return finish(opened) if isinstance(opened, Image) else _ContainerStream(opened, finish, self.spool_directory)

    @contextmanager
    def _find(self, progress: Progress) -> Iterator[tuple[EngineKind, Engine, InspectedContainer]]:
        """The engine that has the container; raises ContainerNotFoundError, which says who was asked."""
        failures: list[SourceError] = []
        for kind in self.kinds:
            find_endpoint = find_docker_endpoint if kind == "docker" else find_podman_endpoint
            endpoint = find_endpoint(self.environment)
            progress.note(f"looking for container {self.name} at {endpoint}")
            try:
                engine = connect(endpoint)
            except NoEngineError as error:
                failures.append(error)
                continue
            with engine:
                try:
                    container = inspect_container(engine, self.name)
                except ContainerNotFoundError as error:
                    failures.append(error)
                    continue
                yield kind, engine, container
                return
        told = "; ".join(map(str, failures))
        hint = f"; for an image called container:{self.name} write docker:container:{self.name}"
        raise ContainerNotFoundError(
            f"opening {self.describe}: {told}{hint if len(self.kinds) > 1 else ''}"
        ) from failures[0]

    def _make_finish(
        self, engine: Engine, container: InspectedContainer, progress: Progress
    ) -> Callable[[Image], Image]:
        """Copy the container's own files now, and return what makes its image of that of its layers."""
        if self.is_image:
            return lambda image: replace(image, reference=container.image_name)
        mounts = tuple(path.strip("/") for path in container.mounts)
        files = ContainerFiles(container.name, mounts, _ACCOUNTS if engine.is_podman else ())
        progress.note(f"copying what container {container.name} wrote")
        layer, notes = self._copy(engine, container, files, progress)
        is_podman = engine.is_podman

        def finish(image: Image) -> Image:
            own = (layer,) if layer is not None else ()
            digest = layer.diff_id if layer is not None else None
            config = make_container_config(image.config, container, digest, is_podman=is_podman)
            return replace(
                image,
                reference=self.describe,
                source=f"{image.source}, container {container.id[:12]}",
                config=config,
                config_digest=Digest.of(config.content),
                layers=(*image.layers, *own),
                manifest=None,
                manifest_digest=None,
                index_digest=None,
                notes=notes + image.notes,
                container=structs.replace(files, own_layers=len(own)),
            )

        return finish

    def _copy(
        self, engine: Engine, container: InspectedContainer, files: ContainerFiles, progress: Progress
    ) -> tuple[StoredLayer | None, tuple[str, ...]]:
        """The container's own layer, None where it wrote nothing, and what a person should know of how it was read."""
        notes: tuple[str, ...] = ()
        if self.in_place != "never":
            try:
                _check_in_place(engine, container)
                return self._spool(container, lambda spool: _copy_in_place(container, files, spool)), ()
            except (SourceError, OSError) as error:
                if self.in_place == "only":
                    raise SourceError(f"reading {self.describe} in place: {error}") from error
                notes = (f"the container's files were exported by the engine instead of read in place: {error}",)
        try:
            changes: dict[str, int] | None = list_changes(engine, container.id)
        except EngineError as error:  # podman 4.3 fails where a folder took a file's place
            changes = None
            notes += (f"all files of the container are compared, but what it removed from / itself: {error}",)
        if changes is not None and not changes:
            return None, notes
        progress.note(f"{engine.name} exports container {container.name}")

        def copy(spool: LayerSpool) -> None:
            where = f"the export of container {container.name} from {engine.name}"
            with open_container_export(engine, container.id) as stream:
                copy_changed(stream, changes, files, spool, where=where)

        return self._spool(container, copy), notes

    def _spool(self, container: InspectedContainer, copy: Callable[[LayerSpool], None]) -> StoredLayer | None:
        with LayerSpool(self.spool_directory, where=f"the files of container {container.name}") as spool:
            copy(spool)
            if not spool.size:
                return None
            return spool.finish(f"container {container.name}")


def _check_in_place(engine: Engine, container: InspectedContainer) -> None:
    """Raise SourceError where the folder of the container's own files is not, or not surely, on this host."""
    if engine.endpoint.unix_socket is None:
        raise SourceError(f"the engine at {engine.endpoint.url} may be on another host")
    if sys.platform != "linux":
        raise SourceError("the engine runs in a virtual machine")
    if os.geteuid() != 0:
        raise SourceError("reading the engine's storage needs root")
    storage = describe_storage(engine)
    if storage.driver not in _DRIVERS or not container.upper:
        raise SourceError(f"the storage driver {storage.driver} keeps no folder of the container's files alone")
    if container.user_namespace not in {"", "host"} or _REMAPPED.fullmatch(storage.root.name):
        raise SourceError("the owners of its files are others there: it has a user namespace of its own")
    if not Path(container.upper).is_relative_to(storage.root):
        raise SourceError(f"{container.upper} does not lie in the engine's storage at {storage.root}")


def _copy_in_place(container: InspectedContainer, files: ContainerFiles, spool: LayerSpool) -> None:
    from layerscope.sources.container_upper import copy_upper

    copy_upper(container.upper, files, spool)


class _ContainerStream:
    """An export of the container's image, with the container's own layer added at its end."""

    def __init__(self, inner: ArchiveStream, finish: Callable[[Image], Image], directory: str | None) -> None:
        self._inner, self._finish, self._directory = inner, finish, directory

    def consume(self, scan: Callable[[str, ByteStream], None]) -> Image:
        """Read the image as it passes; the container's own layer can be opened at any time."""
        return self._finish(self._inner.consume(scan))

    def spool(self, directory: str | None = None) -> Image:
        """Write the image's export to a temporary file, so that every layer can be opened at any time."""
        return self._finish(self._inner.spool(directory))

    def close(self) -> None:
        """Release the stream."""
        self._inner.close()
