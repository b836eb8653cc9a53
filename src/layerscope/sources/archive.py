"""An image archive at a path: read at any place where it can be, else as it passes."""

from dataclasses import dataclass

from layerscope.errors import ImageError, SourceError, UsageError
from layerscope.image.image import Image, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.sources.archive_file import open_archive_file
from layerscope.sources.archive_image import ArchiveForm
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.file_range import FileRange
from layerscope.sources.first_bytes import HEAD_SIZE, explain_first_bytes
from layerscope.sources.outer_compression import find_packing
from layerscope.sources.request import ImageRequest
from layerscope.sources.selector import Selector
from layerscope.sources.stored_file import HostFile, StoredFile
from layerscope.sources.unpacked import check_packing


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """An image in an archive file, plain or compressed as a whole."""

    path: str
    form: ArchiveForm = ArchiveForm.ANY
    selector: Selector | None = None

    @property
    def describe(self) -> str:
        """How the user would write it."""
        scheme = "" if self.form is ArchiveForm.ANY else f"{self.form}:"
        return f"{scheme}{self.path}{self.selector or ''}"

    def open_image(
        self,
        *,
        platform: Platform | None,
        known: KnownContent,  # noqa: ARG002  # nothing here is fetched
        progress: Progress,
    ) -> Image | ArchiveStream:
        """Open the image; a stream where the archive is compressed as a whole."""
        progress.note(f"reading {self.describe}")
        file = HostFile.find(self.path)
        if file is None:
            raise SourceError(f"opening {self.path}: the file is gone")
        return open_stored_archive(file, ImageRequest(self.describe, self.selector, platform), self.form)


def open_stored_archive(
    file: StoredFile, request: ImageRequest, form: ArchiveForm = ArchiveForm.ANY, *, medium: tuple[str, ...] = ()
) -> Image | ArchiveStream:
    """Return the image in an archive file, or a stream where the file is compressed as a whole.

    Raises UsageError where the file cannot be an archive by its first bytes.
    """
    if not file.size:
        raise ImageError(f"reading {file.where}: an empty file; did the command that wrote it fail?")
    stream = FileRange(file.open_descriptor(), 0, file.size, where=file.where)
    head = stream.read(HEAD_SIZE)
    stream.close()
    packing = find_packing(head)
    if packing is not None:
        check_packing(packing, where=file.where)
        again = FileRange(file.open_descriptor(), 0, file.size, where=file.where)
        return ArchiveStream(again, request, form, where=file.where, medium=(f"compressed with {packing}", *medium))
    explanation = explain_first_bytes(head)
    if explanation is not None:
        raise UsageError(f"reading {file.where}: {explanation}, expected an image archive")
    return open_archive_file(file, request, form, medium=medium)
