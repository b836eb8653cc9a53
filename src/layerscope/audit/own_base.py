"""An image's own base, audited to compare the image with it: the base image itself, or the layers that it gave."""

from dataclasses import replace

from layerscope.audit.applied import find_scans
from layerscope.audit.judge import judge_image
from layerscope.audit.lower_config import cut_config
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import ReadImage
from layerscope.audit.result import AuditResult, BaseImage
from layerscope.audit.seen_base import OpenImage, see_base, tell_evidence
from layerscope.errors import ImageError, SourceError, UsageError
from layerscope.image.digest import Digest
from layerscope.image.history import pair_history
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.rules.wording import tell_count


def audit_own_base(
    result: AuditResult, open_image: OpenImage, *, options: AuditOptions, progress: Progress
) -> AuditResult:
    """The audit of the image that another one was built on; its notes say how that is known.

    Where it is known how many layers are the base's, and the base image itself is not to be had or is another one by
    now, that is an image of these layers. Raises UsageError where no base can be told.
    """
    if result.base is None:
        raise UsageError(
            f"--base: it cannot be told what {result.image.reference} was built on: its builder claims no base (the "
            "label or annotation org.opencontainers.image.base.name), and no image that was audited before consists of "
            "its lowest layers; name the base: layerscope diff BASE IMAGE"
        )
    config = result.image.config
    own = replace(options, platform=Platform(config.os, config.architecture, config.variant))
    seen = see_base(result.image, result.base, open_image, options=own, progress=progress)
    base, reason = seen.base, seen.objection
    if seen.source is not None and not reason:
        try:
            audited = audit_image(seen.source, options=own, progress=progress)
            return _add_notes(audited, tell_evidence(base, result.image), seen.remark)
        except (SourceError, ImageError, UsageError) as error:
            reason = str(error)
    if not base.layers:
        raise UsageError(
            f"--base: {result.image.reference} was built on {base.reference}, as its {base.evidence} says, but "
            f"{reason}; name the base: layerscope diff BASE IMAGE"
        )
    return _add_notes(_audit_lower_layers(result, base, reason, options=options, progress=progress), seen.remark)


def _add_notes(result: AuditResult, *notes: str) -> AuditResult:
    """The audit with what is to be said of the image, where there is something."""
    told = tuple(note for note in notes if note)
    return replace(result, image=replace(result.image, notes=(*result.image.notes, *told)))


def _audit_lower_layers(
    result: AuditResult, base: BaseImage, reason: str, *, options: AuditOptions, progress: Progress
) -> AuditResult:
    """The audit of an image that has an image's lowest layers alone, and of its config what its history tells."""
    image, count = result.image, base.layers
    config = cut_config(image.config, count)
    told = tell_count(count, "layer")
    note = (
        f"the base image {base.reference} is not at hand ({reason}): these are the {told} that it gave, by "
        f"{base.evidence}, and of its config what the image's history tells"
    )
    lower = replace(
        image,
        reference=f"the lowest {told} of {image.reference}",
        config=config,
        config_digest=Digest.of(config.content),
        layers=image.layers[:count],
        manifest=None,
        manifest_digest=None,
        index_digest=None,
        notes=(note,),
        container=None,
    )
    scans = tuple(find_scans(result.layers[:count]))
    read = ReadImage(lower, scans, pair_history(config, count))
    return judge_image(read, base=None, options=options, progress=progress)
