"""LAY006: a layer is compressed in another way than its media type says."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_layer

OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
SUFFIXES = {"gzip": "+gzip", "zstd": "+zstd", "none": ""}


class LyingMediaType(Rule):
    """A layer is compressed in another way than its media type says.

    What it checks: The compression that a layer's first bytes show is the one that its descriptor's media type
        names.
    Why it matters: The image specification makes the media type binding. Runtimes that trust it fail ("gzip:
        invalid header", "unsupported media type"), those that look at the bytes succeed, so the same image works on
        one node and not on the next.
    Example: A registry mirror recompresses layers to zstd and leaves `…layer.v1.tar+gzip` in the manifest.
    Remedy: Copy the image once through a tool that writes media types from what it finds, or rebuild it.
    Fix safety: Review: a new manifest has a new digest, which pins and signatures have to follow.
    Blind spots: Sources without a manifest make no claim. Media types that say nothing of compression are not
        judged, and neither are layers compressed with xz or bzip2, for which no media type is true: LAY012 names
        them.
    References: OCI image specification, media-types.md and layer.md; containerd issue 14190 (zstd labelled gzip);
        containers/image issue 2906.
    """

    code: ClassVar[str] = "LAY006"
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerProof,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer whose compression differs."""
        for proof in facts.of(LayerProof):
            claimed, found = proof.claimed_compression, proof.found_compression
            if claimed is None or found not in SUFFIXES or claimed == found or proof.damage is not None:
                continue
            actual = "not compressed" if found == "none" else f"compressed with {found}"
            expected = "an uncompressed tar" if claimed == "none" else claimed
            message = (
                f"The blob of {tell_layer(proof.layer, proof.instruction)} is {actual}, "
                f"but its media type {proof.media_type} says {expected}"
            )
            fix = Fix(
                "Write the manifest's media types from what the blobs are",
                (
                    "skopeo copy --dest-compress --dest-compress-format gzip docker://IMAGE docker://IMAGE",
                    f"Or set layers[{proof.layer}].mediaType to {OCI_LAYER}{SUFFIXES[found]}.",
                ),
                kind=FixKind.REBUILD,
            )
            yield self.finding(message, proof.evidence, fixes=(fix,))
