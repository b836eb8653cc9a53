"""One manifest out of an index: flattened to its images, and chosen by platform."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.errors import ImageError, ImageNotFoundError, LimitError, PlatformNotFoundError, UsageError
from layerscope.image.config import ImageConfig, parse_config
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.manifest import MAX_MANIFESTS, ImageIndex, Manifest
from layerscope.image.platform import Platform, host_platform
from layerscope.sources.blobs import read_blob, read_manifest_blob
from layerscope.sources.contents import Contents
from layerscope.sources.selector import list_names

MAX_INDEX_DEPTH: Final = 4
"""Indexes inside indexes; builders write two levels."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A manifest or index that was listed, and by which index: None where the layout's own `index.json` lists it."""

    descriptor: Descriptor
    index_digest: Digest | None
    is_here: bool

    @property
    def is_image(self) -> bool:
        """Whether it may be a container image: a manifest that is no attestation and no artifact."""
        platform = self.descriptor.platform
        return (
            self.descriptor.media_type.is_manifest
            and not self.descriptor.is_attestation
            and self.descriptor.artifact_type is None
            and (platform is None or platform.is_known)
        )


def walk_index(contents: Contents, descriptors: Sequence[Descriptor]) -> Iterator[Candidate]:
    """Yield every manifest and index that `descriptors` lead to, each once; raises LimitError for too many or too deep.

    What an index lists need not be here: an engine that pulled one platform keeps the whole index.
    """
    seen: set[Digest] = set()
    level: list[tuple[Descriptor, Digest | None]] = [(descriptor, None) for descriptor in descriptors]
    for _ in range(MAX_INDEX_DEPTH + 1):
        nested: list[tuple[Descriptor, Digest | None]] = []
        for descriptor, index_digest in level:
            if descriptor.digest in seen:
                continue
            seen.add(descriptor.digest)
            if len(seen) > MAX_MANIFESTS:
                raise LimitError(f"reading {contents.where}: indexes of more than {MAX_MANIFESTS} manifests, the limit")
            is_here = contents.find_blob(descriptor) is not None
            yield Candidate(descriptor, index_digest, is_here)
            if is_here and descriptor.media_type.is_index:
                try:
                    index = read_manifest_blob(contents, descriptor)
                except ImageNotFoundError:  # a registry that was never given it
                    continue
                assert isinstance(index, ImageIndex), "a document is what its descriptor's media type says"
                nested += [(child, descriptor.digest) for child in index.manifests]
        level = nested
    if level:
        raise LimitError(f"reading {contents.where}: indexes nested more than {MAX_INDEX_DEPTH} deep, the limit")


def choose_platform(contents: Contents, candidates: Sequence[Candidate], wanted: Platform | None) -> Candidate:
    """Return the image for `wanted`, by default Linux on this host's architecture; a single image is taken as it is.

    Raises PlatformNotFoundError, which lists what there is, and UsageError where two images are equally right.
    """
    here = [candidate for candidate in candidates if candidate.is_here]
    if len(candidates) == 1 or (wanted is None and len(here) == 1):
        return here[0] if here else candidates[0]
    target = wanted or host_platform()
    offers = [_Offer(candidate, find_platform(contents, candidate)) for candidate in candidates]
    fitting = [offer for offer in offers if offer.platform and target.matches(offer.platform)]
    ready = [offer for offer in fitting if offer.candidate.is_here]
    if not ready:
        offered = list_names(str(offer.platform) for offer in offers if offer.candidate.is_here and offer.platform)
        reason = "is listed, but its manifest is not here" if fitting else "is not among its platforms"
        raise PlatformNotFoundError(
            f"opening {contents.where}: {target} {reason}; there is {offered or 'no other'} (choose with --platform)"
        )
    best = next((offer for offer in ready if offer.platform == target), ready[0])
    _check_single(contents, [offer.candidate for offer in ready if offer.platform == best.platform])
    return best.candidate


@dataclass(frozen=True, slots=True)
class _Offer:
    candidate: Candidate
    platform: Platform | None


def find_platform(contents: Contents, candidate: Candidate) -> Platform | None:
    """Return the platform that the index or else the config names; None where neither can be read."""
    if candidate.descriptor.platform is not None or not candidate.is_here:
        platform = candidate.descriptor.platform
        return None if platform is None else platform.normal
    try:
        manifest = read_manifest_blob(contents, candidate.descriptor)
        if not isinstance(manifest, Manifest):
            return None
        content = read_blob(contents, manifest.config, what="config")
        return parse_config(content, where=f"{contents.where}: config {manifest.config.digest}").platform.normal
    except (ImageError, ImageNotFoundError):
        return None  # it is not the image that was asked for, or it is the only one and its damage is named then


def list_platforms(candidates: Sequence[Candidate]) -> tuple[Platform, ...]:
    """The platforms that an index names, each once; none for what names none."""
    named = (candidate.descriptor.platform for candidate in candidates)
    return tuple(dict.fromkeys(platform.normal for platform in named if platform is not None and platform.is_known))


def check_platform(
    config: ImageConfig, wanted: Platform | None, listed: Platform | None, *, where: str
) -> tuple[str, ...]:
    """Return what a person should know about an image's platform; raises PlatformNotFoundError for a wrong one."""
    platform = config.platform.normal
    if not platform.is_known:
        return ("its config does not name a platform",)
    if listed is not None and listed.is_known and not listed.matches(platform):
        return (f"its index lists it as {listed}, its config says {platform}",)
    if wanted is not None and not wanted.matches(platform):
        raise PlatformNotFoundError(f"opening {where}: {wanted} was asked for, the image there is for {platform}")
    if wanted is None and not host_platform().matches(platform):
        return (f"it is the only image there and made for {platform}, not for this host ({host_platform()})",)
    return ()


def _check_single(contents: Contents, equals: Sequence[Candidate]) -> None:
    """Within one index the first of equals is meant, as containerd does it; a layout's own list is no such index."""
    if len(equals) > 1 and all(candidate.index_digest is None for candidate in equals):
        digests = list_names(f"@{candidate.descriptor.digest}" for candidate in equals)
        raise UsageError(f"opening {contents.where}: it holds several images for one platform; choose one of {digests}")
