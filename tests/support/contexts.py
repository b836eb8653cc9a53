"""Contexts for collectors: layers written as tar, read as an audit reads them, and merged."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.extractors import EXTRACTORS
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.gap import Gap
from layerscope.image.config import HistoryEntry, ImageConfig, RuntimeConfig
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.history import pair_history
from layerscope.image.image import Image
from layerscope.image.manifest import Manifest
from layerscope.image.mediatype import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST
from layerscope.layers.reading import Reading, read_layer
from support.memory_layer import MemoryLayer, claim
from support.tar_member import TarMember
from support.tar_writer import write_tar

CREATED = datetime(2026, 3, 2, tzinfo=UTC)

F = TypeVar("F", bound=Fact)


def make_context(
    *layers: Sequence[TarMember] | bytes,
    steps: Sequence[str | HistoryEntry] = (),
    runtime: RuntimeConfig | None = None,
    base_layers: int = 0,
    annotations: Mapping[str, str] | None = None,
) -> FactContext:
    """The context of an image with these layers, lowest first; each step is an instruction, or a whole entry."""
    tars = [layer if isinstance(layer, bytes) else write_tar(layer) for layer in layers]
    stored = tuple(
        MemoryLayer(f"layer-{number}", tar, Digest.of(tar), claim(tar, OCI_LAYER.text))
        for number, tar in enumerate(tars)
    )
    scans = tuple(read_layer(layer.open(), layer.name, Reading(EXTRACTORS)) for layer in stored)
    config = ImageConfig(
        architecture="amd64",
        os="linux",
        variant=None,
        os_version=None,
        created=CREATED,
        author="",
        runtime=runtime or RuntimeConfig(),
        rootfs=tuple(layer.diff_id for layer in stored),
        history=tuple(step if isinstance(step, HistoryEntry) else HistoryEntry(CREATED, step) for step in steps),
    )
    digest = Digest.of(b"config")
    descriptors = tuple(layer.descriptor for layer in stored if layer.descriptor is not None)
    manifest = Manifest(OCI_MANIFEST, Descriptor(OCI_CONFIG, digest, 6), descriptors, annotations or {}, None, None)
    return FactContext(
        image=Image("example/image:1", "test", config, digest, stored, manifest),
        scans=scans,
        steps=pair_history(config, len(stored)),
        base_layers=base_layers,
    )


def collect(collector: type[Collector], context: FactContext) -> FactSet:
    """The facts of one collector."""
    return FactSet(item for item in collector().collect(context) if isinstance(item, Fact))


def collect_one(collector: type[Collector], context: FactContext, kind: type[F]) -> F:
    """The only fact of that type."""
    (fact,) = collect(collector, context).of(kind)
    return fact


def collect_gaps(collector: type[Collector], context: FactContext) -> list[Gap]:
    """The gaps of one collector."""
    return [item for item in collector().collect(context) if isinstance(item, Gap)]
