"""The base image: which of the lowest layers were there before the build began, and how that is known."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import read_documents
from layerscope.audit.result import BaseImage
from layerscope.errors import ImageError, ReferenceSyntaxError, SourceError, UnknownBaseError
from layerscope.image.chain import chain_ids
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.reference import Reference
from layerscope.layers.cache import LayerCache
from layerscope.layers.cache_stacks import StackImage
from layerscope.progress import Progress
from layerscope.sources.schemes import split_scheme
from layerscope.sources.source import Source

BASE_NAME: Final = "org.opencontainers.image.base.name"
BASE_DIGEST: Final = "org.opencontainers.image.base.digest"
"""Keys: https://github.com/opencontainers/image-spec/blob/main/annotations.md"""

_ID: Final = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
"""An image of an engine that is named by its ID alone."""

_DIGEST: Final = "sha256:"
"""How a claim begins that gives a digest and no name."""

_NAMED: Final = frozenset({"", "docker", "podman", "registry"})
"""Schemes of what has a name; a path is what it is."""

ANNOTATION: Final = "annotation"
LABEL: Final = "label"
"""Where a builder claims a base."""

BY_PREFIX: Final = "layer prefix"
"""The layers of the image that the user named are the lowest ones, by their DiffIDs."""
BY_KNOWN_IMAGE: Final = "layer prefix with an image audited before"
"""As many layers of the longest stack that is a known image of another repository."""


def find_base(image: Image, *, options: AuditOptions, progress: Progress) -> BaseImage | None:
    """The base that the user names, or that the builder claims, or whose layers an image audited before consists of.

    A claim alone counts no layers: only equal DiffIDs do.
    """
    if options.base is not None:
        return _prove_base(image, options.base, options, progress)
    known = tuple(_iter_known(image, options.cache))
    claimed = _find_claim(image, known)
    if claimed is not None and claimed.layers:
        return claimed
    own = _repository(image.reference)
    others = (BaseImage(below.reference, layers, BY_KNOWN_IMAGE) for layers, below in known if _is_other(below, own))
    return next(others, claimed)


def find_claim(image: Image) -> BaseImage | None:
    """The base that the builder claims, whether it is one or not."""
    return _find_claim(image, ())


def keep_stack(image: Image, cache: LayerCache) -> None:
    """Remember which image these layers make, for those that will be built on it."""
    if image.config.rootfs and _repository(image.reference) is not None:
        digests = tuple(str(digest) for digest in (image.manifest_digest, image.index_digest) if digest is not None)
        cache.keep_stack(chain_ids(image.config.rootfs)[-1], StackImage(image.reference, digests))


def _prove_base(image: Image, source: Source, options: AuditOptions, progress: Progress) -> BaseImage:
    try:
        base = read_documents(source, options=options, progress=progress)
    except SourceError as error:
        raise SourceError(f"the base image (--base): {error}") from error
    except ImageError as error:
        raise ImageError(f"the base image (--base): {error}") from error
    below, own = base.config.rootfs, image.config.rootfs
    if not _is_prefix(below, own):
        common = next(
            (n for n, (a, b) in enumerate(zip(below, own, strict=False)) if a != b), min(len(below), len(own))
        )
        raise UnknownBaseError(
            f"--base {source.describe}: {common} of its {len(below)} layers are the lowest layers of "
            f"{image.reference}, expected all of them; it was built on another image or another version"
        )
    return BaseImage(source.describe, len(below), BY_PREFIX)


def _is_prefix(below: Sequence[Digest], own: Sequence[Digest]) -> bool:
    return len(below) <= len(own) and own[: len(below)] == below


def _iter_known(image: Image, cache: LayerCache) -> Iterator[tuple[int, StackImage]]:
    """The known images that consist of this one's lowest layers, but not of all; those with the most layers first."""
    chain = chain_ids(image.config.rootfs)[:-1]
    for layers in range(len(chain), 0, -1):
        for below in cache.find_stack(chain[layers - 1]):
            yield layers, below


def _find_claim(image: Image, known: Sequence[tuple[int, StackImage]]) -> BaseImage | None:
    annotations = image.manifest.annotations if image.manifest else {}
    return _read_claim(annotations, ANNOTATION, known) or _read_claim(image.config.runtime.labels, LABEL, known)


def _read_claim(claims: Mapping[str, str], evidence: str, known: Sequence[tuple[int, StackImage]]) -> BaseImage | None:
    """What the builder says; proved where an image of that digest was audited and its layers are the lowest ones."""
    name, digest = claims.get(BASE_NAME, ""), claims.get(BASE_DIGEST, "")
    if not name and not digest:
        return None
    proved = next((layers for layers, below in known if digest in below.digests), 0)
    return BaseImage(
        _complete(f"{name}@{digest}".strip("@")), proved, f"{evidence} and {BY_PREFIX}" if proved else evidence
    )


def _complete(claimed: str) -> str:
    """A claimed name spelled in full, as the names of images are everywhere; what is no name, as it is."""
    if split_scheme(claimed)[0] or claimed.startswith(_DIGEST):
        return claimed
    try:
        return str(Reference.parse(claimed))
    except ReferenceSyntaxError:
        return claimed


def _is_other(below: StackImage, own: str | None) -> bool:
    return _repository(below.reference) != own


def _repository(reference: str) -> str | None:
    """What tells builds of one image from other images: its name without tag and digest; None where it has none."""
    scheme, name = split_scheme(reference)
    if name == "-" or _ID.fullmatch(name):
        return None
    if scheme not in _NAMED:
        return reference
    try:
        return Reference.parse(name).name
    except ReferenceSyntaxError:
        return reference
