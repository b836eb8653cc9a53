"""The base image: which of the lowest layers were there before the build began."""

from collections.abc import Mapping

from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import read_documents
from layerscope.audit.result import BaseImage
from layerscope.errors import ImageError, SourceError, UsageError
from layerscope.image.image import Image
from layerscope.progress import Progress
from layerscope.sources.source import Source

BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"
"""Keys: https://github.com/opencontainers/image-spec/blob/main/annotations.md"""


def find_base(image: Image, *, options: AuditOptions, progress: Progress) -> BaseImage | None:
    """The base that the user names, proved by equal DiffIDs, or that the builder claims, which proves no layer."""
    if options.base is not None:
        return _prove_base(image, options.base, options, progress)
    annotations = image.manifest.annotations if image.manifest else {}
    return _claimed(annotations, "annotation") or _claimed(image.config.runtime.labels, "label")


def _prove_base(image: Image, source: Source, options: AuditOptions, progress: Progress) -> BaseImage:
    try:
        base = read_documents(source, options=options, progress=progress)
    except SourceError as error:
        raise SourceError(f"the base image (--base): {error}") from error
    except ImageError as error:
        raise ImageError(f"the base image (--base): {error}") from error
    below, own = base.config.rootfs, image.config.rootfs
    if len(below) > len(own) or own[: len(below)] != below:
        common = next(
            (n for n, (a, b) in enumerate(zip(below, own, strict=False)) if a != b), min(len(below), len(own))
        )
        raise UsageError(
            f"--base {source.describe}: {common} of its {len(below)} layers are the lowest layers of "
            f"{image.reference}, expected all of them; it was built on another image or another version"
        )
    return BaseImage(source.describe, len(below), "layer prefix")


def _claimed(claims: Mapping[str, str], evidence: str) -> BaseImage | None:
    name, digest = claims.get(BASE_NAME, ""), claims.get(BASE_DIGEST, "")
    if not name and not digest:
        return None
    return BaseImage(f"{name}@{digest}".strip("@"), 0, evidence)
