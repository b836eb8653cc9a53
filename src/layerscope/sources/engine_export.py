"""An engine's export of one image: opened when it is first read, and anew for a single layer."""

import threading
from dataclasses import dataclass, field

from layerscope.engine.client import Engine, connect
from layerscope.engine.endpoint import Endpoint
from layerscope.engine.images import ExportStream, open_export
from layerscope.errors import SourceError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.layer import ByteStream
from layerscope.image.platform import Platform
from layerscope.sources.archive_image import ArchiveForm
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.request import ImageRequest


class DeferredExport:
    """The bytes of an export that is asked for at the first read: until then an engine need not spool it."""

    def __init__(self, endpoint: Endpoint, image: str) -> None:
        """Ask for nothing yet."""
        self._endpoint = endpoint
        self._image = image
        self._engine: Engine | None = None
        self._stream: ExportStream | None = None

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end; raises EngineError."""
        if self._stream is None:
            self._engine = connect(self._endpoint)
            self._stream = open_export(self._engine, self._image)
        return self._stream.read(size)

    def close(self) -> None:
        """Close the connection, which makes the engine stop."""
        if self._stream is not None:
            self._stream.close()
        if self._engine is not None:
            self._engine.close()


@dataclass(frozen=True)
class ExportedImage:
    """An image whose layers can be had by exporting it once more; `platform` is what was asked for."""

    endpoint: Endpoint
    image_id: Digest
    platform: Platform | None
    form: ArchiveForm
    where: str
    _names: list[tuple[str, ...]] = field(default_factory=list, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def open_export(self) -> DeferredExport:
        """Return the whole export."""
        return DeferredExport(self.endpoint, str(self.image_id))

    def open_member(self, name: str) -> ByteStream:
        """Return the member of that name as it passes by; raises SourceError."""
        found = self._walk(name)
        if isinstance(found, Image):
            raise SourceError(f"opening layer {name}: it is not in {self.where}")
        return found

    def open_layer(self, index: int, diff_id: Digest) -> ByteStream:
        """Return a layer of which the name is not known: told by its DiffID, or else by the manifest.

        Only engines before 25 choose names that tell nothing, and their manifest comes after the layers; then the
        image is exported twice.
        """
        with self._lock:
            if not self._names:
                found = self._walk(f"blobs/{diff_id.algorithm}/{diff_id.hex}", f"{diff_id.hex}.tar")
                if not isinstance(found, Image):
                    return found
                self._names.append(tuple(layer.name for layer in found.layers))
        return self.open_member(self._names[0][index])

    def _walk(self, *names: str) -> ByteStream | Image:
        """Return the first member with one of these names as it passes by, or the image where there is none."""
        export = self.open_export()
        stream = ArchiveStream(export, ImageRequest(self.where, platform=self.platform), self.form, where=self.where)

        def look(name: str, member: ByteStream) -> None:
            if name in names:
                raise _FoundMember(member)

        try:
            image = stream.consume(look)
        except _FoundMember as found:
            return _OpenMember(found.member, export)
        except BaseException:
            export.close()
            raise
        export.close()
        return image


@dataclass(frozen=True, slots=True)
class ExportedLayer:
    """A layer that only a new export can give: one that passed by in an earlier one, or that earlier audits know.

    It has no stamp: the engine vouches that an image keeps its layers.
    """

    name: str
    diff_id: Digest
    index: int
    exported: ExportedImage
    is_named: bool
    """Whether `name` is that of the export's member."""
    descriptor: Descriptor | None = None
    stored_size: int | None = None
    stamp: None = None
    suits_workers: bool = False
    is_addressed: bool = False
    absent: None = None

    def open(self) -> ByteStream:
        """Export the image again and open the layer in it; raises SourceError."""
        if not self.is_named:
            return self.exported.open_layer(self.index, self.diff_id)
        return self.exported.open_member(self.name)

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Raise SourceError: an export has to be read from its start."""
        del offset, size
        raise SourceError(f"opening a part of layer {self.name}: the engine exports an image as a whole")


class _FoundMember(Exception):  # noqa: N818  # no error: it ends the walk through an export
    def __init__(self, member: ByteStream) -> None:
        self.member = member


class _OpenMember:
    """A member's bytes, with the export that they come from."""

    def __init__(self, member: ByteStream, export: DeferredExport) -> None:
        self._member = member
        self._export = export

    def read(self, size: int, /) -> bytes:
        return self._member.read(size)

    def close(self) -> None:
        self._export.close()
