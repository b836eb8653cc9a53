"""The image in an archive, whichever of the two descriptions it carries: an OCI index, `manifest.json`, or both."""

from dataclasses import replace
from enum import StrEnum
from typing import Protocol

from layerscope.errors import DocumentError, ImageError, ImageNotFoundError
from layerscope.image.image import Image
from layerscope.sources.contents import Contents, MissingContentError
from layerscope.sources.members import MemberTable
from layerscope.sources.oci_image import INDEX_NAME, VERSION_NAME, open_layout_image
from layerscope.sources.request import ImageRequest
from layerscope.sources.saved_image import MANIFEST_NAME, find_digest, open_saved_image, read_saved_images

LEGACY_NAME = "repositories"
"""The only description of an image that Docker wrote before 1.10."""

_FILE_SYSTEM_NAMES = ("etc", "usr", "bin", "etc/passwd")


class ArchiveForm(StrEnum):
    """Which description the user insists on."""

    ANY = "archive"
    DOCKER = "docker-archive"
    OCI = "oci-archive"


class ArchiveContents(Contents, Protocol):
    """An archive by its members."""

    @property
    def table(self) -> MemberTable:
        """Every member that was met."""


def open_archive_image(
    contents: ArchiveContents, request: ImageRequest, form: ArchiveForm, *, medium: tuple[str, ...] = ()
) -> Image:
    """Return the image in an archive; `medium` says how the archive itself was read, for the image's `source`.

    Docker's engine writes both descriptions from 25 on. The index is preferred: it names media types and digests of
    blobs. Where blobs that it names are missing, `manifest.json` is read and the image's notes say so.
    """
    _check_described(contents, form)
    if not _holds(contents, INDEX_NAME):
        image = _open_saved(contents, request, name_source("docker-archive", *medium))
    elif not _holds(contents, MANIFEST_NAME) or form is ArchiveForm.OCI:
        image = open_layout_image(contents, request, source=name_source("oci-archive", *medium))
    else:
        image = _open_either(contents, request, medium)
    damage = () if contents.damage is None else (f"the archive {contents.damage}",)
    return replace(image, notes=image.notes + damage)


def name_source(form: str, *qualifiers: str) -> str:
    """Return how an image was read, for a person: `docker-archive (by its OCI index, gzip)`."""
    return f"{form} ({', '.join(qualifiers)})" if qualifiers else form


def _open_saved(contents: ArchiveContents, request: ImageRequest, source: str) -> Image:
    """An engine takes the last of two configs with one name, and does not compare it with its name."""
    for saved in read_saved_images(contents):
        _check_single(contents, saved.config)
    return open_saved_image(contents, request, source=source)


def _open_either(contents: ArchiveContents, request: ImageRequest, medium: tuple[str, ...]) -> Image:
    try:
        image = open_layout_image(contents, request, source=name_source("docker-archive", "by its OCI index", *medium))
    except (MissingContentError, ImageNotFoundError) as error:
        return _open_saved_instead(contents, request, medium, error)
    return replace(image, notes=image.notes + _compare_descriptions(contents, image))


def _open_saved_instead(
    contents: ArchiveContents,
    request: ImageRequest,
    medium: tuple[str, ...],
    reason: MissingContentError | ImageNotFoundError,
) -> Image:
    try:
        image = _open_saved(contents, request, name_source("docker-archive", f"by its {MANIFEST_NAME}", *medium))
    except (MissingContentError, ImageNotFoundError):
        raise reason from None  # what the index lacks says more: it names every blob by its digest
    return replace(image, notes=(f"read by {MANIFEST_NAME}, for the OCI index cannot be used: {reason}", *image.notes))


def _compare_descriptions(contents: ArchiveContents, image: Image) -> tuple[str, ...]:
    """Two descriptions of two images are a way to show a scanner one and an engine the other."""
    try:
        digests = {find_digest(saved.config) for saved in read_saved_images(contents)}
    except ImageError as error:
        return (f"its {MANIFEST_NAME}, which older engines go by, cannot be read: {error}",)
    if image.config_digest in digests or None in digests:
        return ()
    return (f"its {MANIFEST_NAME}, which older engines go by, describes another image than its OCI index",)


def _check_described(contents: ArchiveContents, form: ArchiveForm) -> None:
    has_index, has_manifest = _holds(contents, INDEX_NAME), _holds(contents, MANIFEST_NAME)
    if form is ArchiveForm.OCI and has_manifest and not has_index:
        raise DocumentError(f"reading {contents.where}: no {INDEX_NAME} in it; it is a docker-archive")
    if form is ArchiveForm.DOCKER and has_index and not has_manifest:
        raise DocumentError(f"reading {contents.where}: no {MANIFEST_NAME} in it; it is an oci-archive")
    for name in (INDEX_NAME, MANIFEST_NAME, VERSION_NAME):
        _check_single(contents, name)
    if has_index or has_manifest:
        return
    task = f"reading {contents.where}: neither {MANIFEST_NAME} nor {INDEX_NAME} in it"
    if contents.damage:
        raise ImageError(
            f"reading {contents.where}: the archive {contents.damage}, before {MANIFEST_NAME} or {INDEX_NAME} came"
        )
    if _holds(contents, LEGACY_NAME):
        raise DocumentError(
            f"{task}, only {LEGACY_NAME}: Docker before 1.10 wrote it; load it into a newer engine and save it again"
        )
    kind = ""
    if any(_holds(contents, name) for name in _FILE_SYSTEM_NAMES):
        kind = " (it looks like a container's file system, from `docker export`)"
    raise DocumentError(f"{task}; expected what `docker save`, `podman save` or `skopeo copy` writes{kind}")


def _check_single(contents: ArchiveContents, name: str) -> None:
    if contents.table.is_repeated(name):
        raise DocumentError(f"reading {contents.where}: {name} is in it twice, expected it once")


def _holds(contents: ArchiveContents, name: str) -> bool:
    return contents.table.holds(name)
