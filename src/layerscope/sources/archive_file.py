"""An archive in a file that can be read at any place, however large: no body is touched to open it."""

import os
from dataclasses import dataclass

from layerscope.image.image import Image
from layerscope.sources.archive_image import ArchiveForm, open_archive_image
from layerscope.sources.contents import NamedContents, StoredBytes
from layerscope.sources.file_range import FileSlice, PositionedFile
from layerscope.sources.members import MemberTable
from layerscope.sources.outer_tar import OuterTar
from layerscope.sources.request import ImageRequest
from layerscope.sources.stored_file import StoredFile


@dataclass(frozen=True, slots=True)
class FileArchive(NamedContents):
    """The contents of an archive in a file: members are ranges of it."""

    file: StoredFile
    table: MemberTable
    damage: str | None

    @property
    def where(self) -> str:
        """The file's path."""
        return self.file.where

    def find(self, name: str) -> StoredBytes | None:
        """Return the member's range, links followed; None where there is none, ImageError for what is no file."""
        found = self.table.resolve(name)
        if found is None:
            return None
        place, member = found
        return FileSlice(place, self.file, member.offset, member.count_bytes(self.file.size), member.size)


def open_archive_file(
    file: StoredFile, request: ImageRequest, form: ArchiveForm = ArchiveForm.ANY, *, medium: tuple[str, ...] = ()
) -> Image:
    """Return the image in an uncompressed archive file; its layers are ranges of the file."""
    return open_archive_image(read_members(file), request, form, medium=medium)


def read_members(file: StoredFile) -> FileArchive:
    """Return an archive's members, found by its headers; raises ImageError where one breaks the format."""
    descriptor = file.open_descriptor()
    try:
        walk = OuterTar(PositionedFile(descriptor, file.size, where=file.where), where=file.where)
        table = MemberTable(file.where)
        for member in walk:
            table.add(member)
    finally:
        os.close(descriptor)
    return FileArchive(file, table, walk.damage)
