"""AuditResult: everything an audit found out, for whoever reports it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.elf.object_record import unpack_object
from layerscope.facts.fact_set import FactSet
from layerscope.facts.gap import Gap
from layerscope.facts.layers.proof import has_claimed_bytes
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree
from layerscope.filesystem.weight import Weight
from layerscope.formats.elf_object import ElfObject
from layerscope.image.digest import Digest
from layerscope.image.history import BuildStep
from layerscope.image.image import Image
from layerscope.layers.index import LayerIndex
from layerscope.layers.scan import LayerScan, Proof
from layerscope.rules.finding import Finding

if TYPE_CHECKING:
    from layerscope.probe.probed import Probed


@dataclass(frozen=True)
class BaseImage:
    """The image below: its name or digest where known, how many layers it gave, and how that is known.

    `evidence` is `layer prefix` (with the image that the user names), `layer prefix with an image audited before`,
    `annotation` or `label` (claimed by the builder, counting no layers), or one of these `and layer prefix`.
    """

    reference: str
    layers: int
    evidence: str


@dataclass(frozen=True)
class AuditedLayer:
    """One layer in the report: claims and proof, and the build step that made it.

    `verified` is true when every digest the image names for it was recomputed from its bytes, now or in an earlier
    reading of bytes that have not changed since.
    """

    index: int
    name: str
    digest: Digest | None
    diff_id: Digest
    chain_id: Digest
    media_type: str | None
    size: int | None
    step: BuildStep | None
    scan: LayerScan | None
    verified: bool
    origin: str
    """`base`, `own`, or `unknown`."""
    fetched: int | None = None
    """Bytes of its blob that came over the network now; None where it lies on this host, or only its table was read."""

    @property
    def is_whole(self) -> bool:
        """Whether the layer was read to its end, so that sums of its entries are those of the layer."""
        return self.scan is not None and self.scan.damage is None and self.scan.diff_id is not None

    @property
    def has_claimed_bytes(self) -> bool:
        """Whether its bytes are those that the image names, be it that no tar can be read from them."""
        blob = self.scan.blob if self.scan is not None else None
        found = self.scan.diff_id if self.scan is not None else None
        return has_claimed_bytes((self.digest, blob.digest if blob is not None else None), (self.diff_id, found))

    @property
    def is_listed(self) -> bool:
        """Whether all of its entries are known, be it only from its table of contents."""
        return self.is_whole or (self.scan is not None and self.scan.proof is Proof.TABLE)


@dataclass(frozen=True)
class AuditResult:
    """The whole audit of one image."""

    image: Image
    layers: tuple[AuditedLayer, ...]
    steps: tuple[BuildStep, ...]
    """Every history entry, empty layers included, in order."""
    weight: Weight
    facts: FactSet
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    base: BaseImage | None
    ignored: int = 0
    """Findings of the base image that were left out because the user asked for that."""
    probed: "Probed | None" = None
    """What the running image did, if it was asked."""

    @property
    def gpus(self) -> tuple[GpuVerdict, ...]:
        """How the image fares on each GPU that was judged."""
        return self.facts.of(GpuVerdict)

    @property
    def indexes(self) -> tuple[LayerIndex, ...]:
        """The entries of the layers that were read, bottom first."""
        return tuple(layer.scan.index for layer in self.layers if layer.scan is not None)

    @cached_property
    def tree(self) -> MergedTree:
        """What a container would see of the layers that were read."""
        return merge_layers(self.indexes)

    def find_object(self, node: Node) -> ElfObject | None:
        """What was read of an executable or library, its symbols apart; None for any other file."""
        scan = self.layers[node.content_layer].scan
        value = scan.extracts.get(ElfObjectExtractor.name, {}).get(node.content_path) if scan is not None else None
        if not isinstance(value, Mapping) or "elf" not in value:
            return None
        return unpack_object({key: each for key, each in value["elf"].items() if key not in {"undefined", "exports"}})

    @property
    def is_whole(self) -> bool:
        """Whether every layer was read to its end; else sums over layers are lower bounds."""
        return all(layer.is_whole for layer in self.layers)

    @property
    def base_layers(self) -> int:
        """How many of the lowest layers are known to be the base image's."""
        return self.base.layers if self.base is not None else 0

    @property
    def is_intact(self) -> bool:
        """Whether no finding says that the image is malformed or differs from its digests."""
        return not any(finding.code in INTEGRITY_CODES for finding in self.findings)


INTEGRITY_CODES = frozenset({"LAY001", "LAY002", "LAY003", "LAY004"})
"""Findings that mean exit code 4: a digest or size that does not match, or a layer that cannot be read to its end."""
