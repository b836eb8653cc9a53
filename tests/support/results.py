"""Results of audits built by hand: real layers, merged and weighed, with the findings that a test wants told."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from layerscope.audit.result import AuditedLayer, AuditResult, BaseImage
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.gap import Gap
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.tree import MergedTree
from layerscope.filesystem.weight import measure_weight
from layerscope.image.chain import chain_ids
from layerscope.image.config import HistoryEntry, ImageConfig, RuntimeConfig
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.history import pair_history
from layerscope.image.image import Image
from layerscope.image.layer import ByteStream, Stamp
from layerscope.layers.reading import Reading, read_layer
from layerscope.layers.recall import empty_index
from layerscope.layers.scan import LayerScan, Proof
from layerscope.rules.finding import Finding, Location
from layerscope.rules.fix import Fix, Safety
from layerscope.rules.severity import Confidence, Severity
from support.tar_writer import TarMember, write_tar

CREATED = datetime(2026, 3, 2, 14, 22, 9, tzinfo=UTC)
GZIP_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class MemoryLayer:
    """A layer that lies in memory."""

    name: str
    content: bytes
    diff_id: Digest
    descriptor: Descriptor | None = None
    stamp: Stamp | None = None
    absent: str | None = None
    suits_workers: bool = False
    is_addressed: bool = False

    @property
    def stored_size(self) -> int:
        """The bytes in memory."""
        return len(self.content)

    def open(self) -> ByteStream:
        """The bytes from the start."""
        return io.BytesIO(self.content)

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Some of the bytes."""
        return io.BytesIO(self.content[offset : offset + size])


@dataclass(frozen=True)
class ResultRecipe:
    """What a result is made of; layers lowest first, a step for each, then empty steps."""

    layers: Sequence[Sequence[TarMember]] = ()
    instructions: Sequence[str] = ()
    empty_instructions: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    gaps: Sequence[Gap] = ()
    facts: Sequence[Fact] = ()
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    base: BaseImage | None = None
    reference: str = "docker.io/acme/generate:2.4.1"
    source: str = "oci-dir"
    notes: tuple[str, ...] = ()
    unverified: frozenset[int] = frozenset()
    absent: frozenset[int] = frozenset()
    """Layers whose bytes are not here."""


def merge_result(result: AuditResult) -> MergedTree:
    """What a container of a result's image sees."""
    return merge_layers([layer.scan.index for layer in result.layers if layer.scan is not None])


def make_result(recipe: ResultRecipe) -> AuditResult:
    """The result that a recipe describes."""
    layers = [_make_layer(members) for members in recipe.layers]
    scans = [
        LayerScan(None, None, empty_index(), {}, None, Proof.NONE)
        if number in recipe.absent
        else read_layer(layer.open(), layer.name, Reading())
        for number, layer in enumerate(layers)
    ]
    config = _make_config(recipe, layers)
    tree = merge_layers([scan.index for scan in scans])
    steps = pair_history(config, len(layers))
    image = Image(
        reference=recipe.reference,
        source=recipe.source,
        config=config,
        config_digest=Digest.of(b"config"),
        layers=tuple(layers),
        manifest_digest=Digest.of(b"manifest"),
        notes=recipe.notes,
    )
    return AuditResult(
        image=image,
        layers=tuple(
            _audit(recipe, config, layer, scan, number)
            for number, (layer, scan) in enumerate(zip(layers, scans, strict=True))
        ),
        steps=steps,
        weight=measure_weight(tree),
        facts=FactSet(recipe.facts),
        findings=tuple(recipe.findings),
        gaps=tuple(recipe.gaps),
        base=recipe.base,
    )


def make_finding(
    code: str = "LAY101",
    *places: tuple[int | None, str | None],
    rule: str = "deleted-in-later-layer",
    message: str = "150.0 kB were shipped and then deleted",
    severity: Severity = Severity.MEDIUM,
    confidence: Confidence = Confidence.HIGH,
    wasted: int = 0,
    fix: str = "",
    steps: Sequence[str] = (),
) -> Finding:
    """A finding at these (layer, path) places, or about the config where there are none."""
    return Finding(
        code=code,
        rule=rule,
        title=rule.replace("-", " ").capitalize(),
        message=message,
        severity=severity,
        confidence=confidence,
        locations=tuple(Location(*place) for place in places) or (Location(),),
        fixes=(Fix(fix, tuple(steps), Safety.REVIEW),) if fix else (),
        wasted=wasted,
    )


def check_snapshot(path: Path, text: str, *, is_update: bool) -> None:
    """Compare text with the file of that name, or write the file where snapshots are being rewritten."""
    if is_update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: 'make snapshots' writes it"
    assert text == path.read_text(encoding="utf-8")


def _make_layer(members: Sequence[TarMember]) -> MemoryLayer:
    content = write_tar(members)
    digest = Digest.of(content)
    return MemoryLayer(f"blobs/sha256/{digest.hex}", content, digest)


def _make_config(recipe: ResultRecipe, layers: Sequence[MemoryLayer]) -> ImageConfig:
    history = [HistoryEntry(created=CREATED, created_by=text) for text in recipe.instructions]
    history += [HistoryEntry(created=CREATED, created_by=text, empty_layer=True) for text in recipe.empty_instructions]
    return ImageConfig(
        architecture="amd64",
        os="linux",
        variant=None,
        os_version=None,
        created=CREATED,
        author="",
        runtime=recipe.runtime,
        rootfs=tuple(layer.diff_id for layer in layers),
        history=tuple(history),
    )


def _audit(recipe: ResultRecipe, config: ImageConfig, layer: MemoryLayer, scan: LayerScan, number: int) -> AuditedLayer:
    below = recipe.base.layers if recipe.base else 0
    return AuditedLayer(
        index=number,
        name=layer.name,
        digest=layer.diff_id,
        diff_id=layer.diff_id,
        chain_id=chain_ids(config.rootfs)[number],
        media_type=GZIP_LAYER,
        size=len(layer.content),
        step={step.layer: step for step in pair_history(config, len(config.rootfs))}.get(number),
        scan=scan,
        verified=number not in recipe.unverified | recipe.absent,
        origin=("base" if number < below else "own") if below else "unknown",
    )
