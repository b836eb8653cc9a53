"""An image in a container engine: read in place where its storage is at hand, exported where it is not."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from layerscope.engine.client import Engine, connect
from layerscope.engine.endpoint import find_docker_endpoint, find_podman_endpoint
from layerscope.engine.images import InspectedImage, inspect_image
from layerscope.engine.storage import EngineStorage, describe_storage
from layerscope.errors import ImageError, PlatformNotFoundError, ReferenceSyntaxError, SourceError
from layerscope.image.digest import Digest
from layerscope.image.image import Image, KnownContent
from layerscope.image.platform import Platform
from layerscope.image.reference import Reference
from layerscope.progress import Progress
from layerscope.sources.archive_image import ArchiveForm
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.engine_export import ExportedImage
from layerscope.sources.exported_stream import open_exported_stream
from layerscope.sources.in_place import open_in_place
from layerscope.sources.known_image import find_known_image
from layerscope.sources.request import ImageRequest
from layerscope.sources.source import InPlace

LOCAL_HOST: Final = "localhost/"
"""What podman puts before the names of images that come from no registry."""


@dataclass(frozen=True)
class DaemonSource:
    """An image by name or ID in a Docker engine or podman."""

    kind: Literal["docker", "podman"]
    reference: str
    in_place: InPlace = "auto"
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def describe(self) -> str:
        """How the user would write it."""
        return f"{self.kind}:{self.reference}"

    def open_image(
        self, *, platform: Platform | None, known: KnownContent, progress: Progress
    ) -> Image | ArchiveStream:
        """Open the image in place, or as the engine's export where that cannot be; raises SourceError, ImageError.

        Where earlier audits left nothing to be read, the engine is asked for no more than the image's ID.
        """
        find_endpoint = find_docker_endpoint if self.kind == "docker" else find_podman_endpoint
        endpoint = find_endpoint(self.environment)
        progress.note(f"looking for {self.reference} at {endpoint}")
        with connect(endpoint) as engine:
            inspected = inspect_image(engine, self.reference)
            storage = describe_storage(engine)
            request = ImageRequest(spell_reference(self.reference, inspected), platform=platform)
            opened = self._open_in_place(engine, storage, inspected, request)
            if isinstance(opened, Image):
                return opened
            return _open_export(engine, storage, inspected, request, opened, known=known, progress=progress)

    def _open_in_place(
        self, engine: Engine, storage: EngineStorage, inspected: InspectedImage, request: ImageRequest
    ) -> Image | tuple[str, ...]:
        """Return the image, or what a person should know of why it cannot be read in place."""
        if self.in_place == "never":
            return ()
        try:
            image_id = Digest.parse(inspected.id)
            return open_in_place(engine, storage, image_id, request, environment=self.environment)
        except PlatformNotFoundError:
            raise
        except (SourceError, ImageError, ReferenceSyntaxError, OSError) as error:
            if self.in_place == "only":
                raise SourceError(f"reading {self.describe} in place: {error}") from error
            return (f"exported by the engine instead of read in place: {error}",)


def spell_reference(text: str, inspected: InspectedImage) -> str:
    """Return the image's name in canonical spelling, or its ID where that was asked for."""
    if inspected.id.removeprefix("sha256:").startswith(text.removeprefix("sha256:")):
        return inspected.id
    try:
        reference = Reference.parse(text)
    except ReferenceSyntaxError:
        return text
    local = f"{LOCAL_HOST}{reference.familiar}"
    return local if local in inspected.tags else str(reference)


def _open_export(
    engine: Engine,
    storage: EngineStorage,
    inspected: InspectedImage,
    request: ImageRequest,
    notes: tuple[str, ...],
    *,
    known: KnownContent,
    progress: Progress,
) -> Image | ArchiveStream:
    """Return the image if nothing of it need be read, or else its export."""
    offered = Platform(inspected.os, inspected.architecture, inspected.variant or None)
    if not storage.containerd and request.platform is not None and not request.platform.matches(offered):
        raise PlatformNotFoundError(
            f"opening {request.reference}: {request.platform} was asked for, {engine.name} has it for {offered}"
        )
    where = f"the export of {request.reference} from {engine.name}"
    # containerd exports every platform by the index, and one of them, which need not be ours, by manifest.json.
    form = ArchiveForm.OCI if storage.containerd else ArchiveForm.ANY
    exported = ExportedImage(engine.endpoint, Digest.parse(inspected.id), request.platform, form, where)
    source = f"{engine.name} (export)"
    found = find_known_image(exported, request, known, is_config_id=not storage.containerd, source=source, notes=notes)
    if found is not None:
        return found
    progress.note(f"{engine.name} exports {request.reference}, which may take it minutes before the first byte")
    return open_exported_stream(exported, request, known, source=source, notes=notes)
