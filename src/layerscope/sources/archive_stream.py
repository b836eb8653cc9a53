"""An archive that can be read only once: standard input, an engine's export, or a file compressed as a whole."""

from collections.abc import Callable
from io import BytesIO
from typing import Final

from layerscope.errors import ImageError
from layerscope.image.image import Image
from layerscope.image.layer import ByteStream
from layerscope.sources.archive_file import read_members
from layerscope.sources.archive_image import ArchiveContents, ArchiveForm, open_archive_image
from layerscope.sources.forward import ForwardReader, MemberStream
from layerscope.sources.outer_header import BLOCK, Member, MemberKind
from layerscope.sources.outer_tar import OuterTar
from layerscope.sources.passing_archive import PassingArchive, looks_like_document, looks_like_layer
from layerscope.sources.request import ImageRequest
from layerscope.sources.spool import spool
from layerscope.sources.unpacked import unpack

MAX_TRAILING: Final = 64 << 20
"""Bytes read after the archive's end, so that whoever writes it is not cut off and a checksum at the end is met."""


class ArchiveStream:
    """Reads an image from an archive as it passes; an ImageStream.

    Members arrive in any order, and what describes the image comes last as a rule. So documents are kept, everything
    that may be a layer is handed on, and only the end tells which of it was one.
    """

    def __init__(
        self,
        stream: ByteStream,
        request: ImageRequest,
        form: ArchiveForm = ArchiveForm.ANY,
        *,
        where: str,
        medium: tuple[str, ...] = (),
        finish: Callable[[ArchiveContents, Image], Image] = lambda _, image: image,
    ) -> None:
        """Read from `stream`, which is closed with this; `where` names it in errors, `medium` in the image's source.

        `finish` says what to make of the image in the end, when all documents of the archive can be read.
        """
        self._stream = stream
        self._request = request
        self._form = form
        self._where = where
        self._medium = medium
        self._finish = finish

    def consume(self, scan: Callable[[str, ByteStream], None]) -> Image:
        """Hand every member that may be a layer to `scan` once, by name, and return the image at the end."""
        reader = ForwardReader(unpack(self._stream, where=self._where))
        archive = PassingArchive(self._where)
        walk = OuterTar(reader, where=self._where)
        scanned: set[str] = set()
        for member in walk:
            name = archive.table.add(member)
            if name is not None and member.kind is MemberKind.FILE and _take(archive, reader, name, member, scan):
                scanned.add(name)
        archive.damage, archive.length = walk.damage, reader.length
        _drain(reader)
        image = open_archive_image(archive, self._request, self._form, medium=self._medium)
        _scan_rest(archive, image, scanned, scan)
        return self._finish(archive, image)

    def spool(self, directory: str | None = None) -> Image:
        """Write the archive to a temporary file without a name, instead of consuming it, and open the image there."""
        unpacked = unpack(self._stream, where=self._where)
        file = spool(unpacked, directory, where=self._where)
        archive = read_members(file)
        return self._finish(archive, open_archive_image(archive, self._request, self._form, medium=self._medium))

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


def _take(
    archive: PassingArchive,
    reader: ForwardReader,
    name: str,
    member: Member,
    scan: Callable[[str, ByteStream], None],
) -> bool:
    """Keep a member, hand it to `scan`, or let it pass; tells whether it was handed on."""
    head = reader.read_at(member.offset, min(member.size, BLOCK))
    if not looks_like_layer(name, head):
        if archive.is_keepable(member):
            archive.keep(name, head + reader.read_at(member.offset + len(head), member.size - len(head)))
            return False
        if looks_like_document(head):
            return False
    scan(name, MemberStream(reader, head, member.size))
    return True


def _scan_rest(
    archive: PassingArchive, image: Image, scanned: set[str], scan: Callable[[str, ByteStream], None]
) -> None:
    """Hand on layers that were taken for documents: their first bytes are damaged, which the layer pass shall name."""
    names = {layer.name: None for layer in image.layers if layer.absent is None and layer.name not in scanned}
    for name in names:
        content = archive.find_kept(name)
        if content is None:
            raise ImageError(f"reading {archive.where}: layer {name} is a large JSON document, expected a tar")
        scan(name, BytesIO(content))


def _drain(reader: ForwardReader) -> None:
    end = reader.position + MAX_TRAILING
    while reader.position < end and reader.read(1 << 20):
        pass
