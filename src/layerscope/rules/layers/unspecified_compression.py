"""LAY012: a layer is compressed in a way that the image specification does not have."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_layer

UNSPECIFIED: Final = frozenset({"xz", "bzip2"})
"""What some engines unpack although OCI has no media type for it."""

FIX = Fix(
    "Pack the layer with gzip or zstd",
    (
        "layerscope fix IMAGE --apply --layers --compress gzip --to oci-archive:fixed.tar",
        "Or let an engine that takes the image write it anew: docker load -i IMAGE.tar, docker save IMAGE -o fixed.tar",
    ),
    kind=FixKind.REBUILD,
)


class UnspecifiedCompression(Rule):
    """A layer is compressed in a way that the image specification does not have.

    What it checks: Every layer is a plain tar or compressed with gzip or zstd, for which the OCI image specification
        has media types. Layers compressed with xz or bzip2 are named.
    Why it matters: Docker with its own image store and podman unpack such a layer, whether it is loaded or pulled.
        containerd does not: it takes the layer for a plain tar and stops with "archive/tar: invalid tar header". So
        do Docker with the containerd image store, nodes of Kubernetes that run on containerd, and umoci. The same
        image works on one machine and not on the next.
    Example: A root file system that was downloaded as `rootfs.tar.xz` is put into a docker-archive as it is, as its
        `layer.tar`.
    Remedy: Pack the layer with gzip or zstd. Its DiffID stays; its digest and the manifest's are new.
    Fix safety: Review: a new manifest has a new digest, which pins and signatures have to follow.
    Blind spots: Which engines take it was tried with Docker 20.10.24 and 26.1.5, podman 4.3.1, containerd 1.7.24 and
        umoci 0.4.7; others may differ. An engine that unpacked the layer keeps nothing of how it was compressed.
    References: OCI image specification, layer.md, "`+gzip` Media Types" and "`+zstd` Media Types"; moby,
        pkg/archive, DetectCompression; containerd, pkg/archive/compression.
    """

    code: ClassVar[str] = "LAY012"
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerProof,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer that is compressed so, sound or damaged."""
        for proof in facts.of(LayerProof):
            if proof.found_compression not in UNSPECIFIED:
                continue
            claim = f"; its media type {proof.media_type} says otherwise" if proof.claimed_compression else ""
            message = (
                f"The blob of {tell_layer(proof.layer, proof.instruction)} is compressed with "
                f"{proof.found_compression}, for which OCI has no media type{claim}: Docker's own image store and "
                "podman unpack it, containerd and Docker's containerd image store do not"
            )
            yield self.finding(message, proof.evidence, fixes=(FIX,))
