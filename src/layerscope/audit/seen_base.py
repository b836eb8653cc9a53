"""A base that is looked at before it is believed, and what that says of a base that the builder claims."""

from collections.abc import Callable
from dataclasses import dataclass

from layerscope.audit.base_image import BY_KNOWN_IMAGE, BY_PREFIX, find_claim
from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import read_documents
from layerscope.audit.result import BaseImage
from layerscope.errors import ImageError, SourceError, UsageError
from layerscope.image.image import Image
from layerscope.progress import Progress
from layerscope.rules.wording import tell_count
from layerscope.sources.source import Source

OpenImage = Callable[[str], Source]


@dataclass(frozen=True)
class SeenBase:
    """A base, where it is to be had, why it is not the base (empty where it is), and what is to be said of it."""

    base: BaseImage
    source: Source | None
    objection: str
    remark: str = ""


def see_base(
    image: Image, base: BaseImage, open_image: OpenImage, *, options: AuditOptions, progress: Progress
) -> SeenBase:
    """The base of an image, with what became of a claim that names another one.

    What the builder claims comes before an image that was only audited before, where it proves true and has as many
    of the image's layers.
    """

    def look_at(candidate: BaseImage) -> SeenBase:
        try:
            source = open_image(candidate.reference)
            below = read_documents(source, options=options, progress=progress)
        except (SourceError, ImageError, UsageError) as error:
            return SeenBase(candidate, None, str(error))
        evidence = candidate.evidence if candidate.layers else f"{candidate.evidence} and {BY_PREFIX}"
        proved = BaseImage(candidate.reference, len(below.config.rootfs), evidence)
        objection = _find_objection(below, image)
        return SeenBase(candidate if objection else proved, source, objection)

    claim = find_claim(image)
    if claim is None or base.evidence != BY_KNOWN_IMAGE or claim.reference == base.reference:
        return look_at(base)
    claimed = look_at(claim)
    if not claimed.objection and claimed.base.layers >= base.layers:
        return claimed
    seen = look_at(base)
    told = f"the {claim.evidence} of {image.reference} claims another base, {claim.reference}"
    if claimed.objection:
        remark = f"{told}, which does not hold: {claimed.objection}"
    else:
        remark = f"{told}, which has only the lowest {tell_count(claimed.base.layers, 'layer')} of this one's"
    return SeenBase(seen.base, seen.source, seen.objection, remark)


def tell_evidence(base: BaseImage, image: Image) -> str:
    """How it is known that an image is the base of another, in one clause."""
    layers = "its layer is" if base.layers == 1 else f"its {base.layers} layers are"
    proof = f"{layers} the lowest of {image.reference}"
    if base.evidence == BY_KNOWN_IMAGE:
        claim = find_claim(image)
        says = "" if claim is None or claim.reference != base.reference else f", and its {claim.evidence} says the same"
        return f"taken for the base as an image audited before: {proof}{says}"
    claimed = base.evidence.removesuffix(f" and {BY_PREFIX}")
    return f"the base, as the {claimed} of {image.reference} says: {layers} its lowest"


def _find_objection(base: Image, image: Image) -> str:
    """Why an image is not the base of another; empty where it is."""
    below, own = base.config.rootfs, image.config.rootfs
    if below and own[: len(below)] == below:
        return ""
    common = next((n for n, (a, b) in enumerate(zip(below, own, strict=False)) if a != b), min(len(below), len(own)))
    verb = "is among" if common == 1 else "are"
    return f"that has other layers now: {common} of its {len(below)} {verb} the image's lowest ones"
