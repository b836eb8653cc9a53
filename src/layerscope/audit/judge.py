"""Judging: from an image that was read to its facts, its findings and its gaps."""

from layerscope.audit.blocked import block_verdicts
from layerscope.audit.doubts import is_verified
from layerscope.audit.fold import fold_image
from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import ReadImage
from layerscope.audit.result import AuditedLayer, AuditResult, BaseImage
from layerscope.facts.cuda.device_code import LibraryCode
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.facts.cuda.judge import judge_fleet, judge_gpus
from layerscope.facts.fact_set import FactSet
from layerscope.facts.gap import Gap
from layerscope.image.chain import chain_ids
from layerscope.image.layer import Layer
from layerscope.layers.scan import LayerScan, Proof
from layerscope.progress import Progress
from layerscope.rules.run import check_rules


def judge_image(read: ReadImage, *, base: BaseImage | None, options: AuditOptions, progress: Progress) -> AuditResult:
    """The audit of an image that was read."""
    base_layers = base.layers if base else 0
    known = fold_image(
        read,
        base_layers=base_layers,
        cache=options.cache,
        progress=progress,
        jobs=options.jobs,
        policies=options.policies,
    )
    progress.note("checking rules")
    verdicts = _judge_targets(known.facts, options, read.image.config.architecture)
    findings = check_rules(FactSet([*known.facts, *verdicts]))
    facts = FactSet([*known.facts, *block_verdicts(verdicts, findings, known.facts)])
    return AuditResult(
        image=read.image,
        layers=audit_layers(read, base),
        steps=read.steps,
        weight=known.weight,
        facts=facts,
        findings=findings,
        gaps=tuple(sorted({*known.gaps, *_layer_gaps(read)})),
        base=base,
    )


def _judge_targets(facts: FactSet, options: AuditOptions, architecture: str) -> tuple[GpuVerdict, ...]:
    """How the image fares on the GPUs that were asked about, or on the common ones if it has device code at all."""
    fleet = judge_fleet(facts, options.policies, options.fleet, architecture=architecture)
    if fleet and not options.targets:
        return fleet
    if not options.targets and facts.find(LibraryCode) is None:
        return ()
    judged = judge_gpus(facts, options.policies, options.targets, options.driver, architecture=architecture)
    return (*judged, *fleet)


def audit_layers(read: ReadImage, base: BaseImage | None = None) -> tuple[AuditedLayer, ...]:
    """Every layer of an image that was read: what is claimed of it, what was proved, and the step that made it."""
    steps = {step.layer: step for step in read.steps if step.layer is not None}
    chains = chain_ids(read.image.config.rootfs)
    return tuple(
        AuditedLayer(
            index=number,
            name=layer.name,
            digest=layer.descriptor.digest if layer.descriptor else None,
            diff_id=layer.diff_id,
            chain_id=chains[number],
            media_type=str(layer.descriptor.media_type) if layer.descriptor else None,
            size=_stored_size(layer, scan),
            step=steps.get(number),
            scan=scan,
            verified=is_verified(layer, scan),
            origin=_origin(number, base),
            fetched=_count_fetched(layer, scan),
        )
        for number, (layer, scan) in enumerate(zip(read.image.layers, read.scans, strict=True))
    )


def _count_fetched(layer: Layer, scan: LayerScan) -> int | None:
    if not layer.is_addressed or scan.proof is Proof.TABLE:
        return None
    return scan.blob.size - scan.resumed_at if scan.proof is Proof.READ and scan.blob is not None else 0


def _stored_size(layer: Layer, scan: LayerScan) -> int | None:
    if scan.blob is not None:
        return scan.blob.size
    if layer.descriptor is not None:
        return layer.descriptor.size
    # an engine that keeps the layer unpacked knows its tar's size only by and by; the index has it exactly
    is_read = scan.proof not in {Proof.NONE, Proof.TABLE}
    return scan.index.uncompressed_size if is_read else layer.stored_size


def _origin(layer: int, base: BaseImage | None) -> str:
    if base is None or not base.layers:
        return "unknown"
    return "base" if layer < base.layers else "own"


def _layer_gaps(read: ReadImage) -> list[Gap]:
    gaps = []
    for number, (layer, scan) in enumerate(zip(read.image.layers, read.scans, strict=True)):
        if layer.absent is not None:
            gaps.append(Gap("the layer's contents", f"layer {number}", layer.absent))
        elif scan.damage is not None:
            why = f"{scan.damage.detail} (uncompressed byte {scan.damage.offset:,})"
            gaps.append(Gap("the rest of the layer", f"layer {number}", why))
    return gaps
