"""LAY001: the stored bytes of a layer are not the ones that the manifest names."""

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

FETCH_AGAIN = Fix(
    "Fetch the image again from where it was built, and rebuild it if the registry's copy is damaged too",
    (
        "docker pull IMAGE@DIGEST   (or: skopeo copy docker://IMAGE oci:DIR)",
        "Audit the new copy; if the finding stays: docker build --pull -t IMAGE . && docker push IMAGE",
        "If copies go bad repeatedly, check the disk and the storage behind the registry.",
    ),
    kind=FixKind.REBUILD,
)


class BlobDigestMismatch(Rule):
    """A layer's stored bytes are not those that the manifest names.

    What it checks: The SHA-256 of every stored layer, recomputed from its bytes, is the digest in the manifest.
    Why it matters: A digest that does not match means that the bytes were damaged or exchanged after the image was
        built. Engines refuse such a layer when they pull it, so the image cannot be started on any new node; a tool
        that does not check would run, or scan, something else than what was signed.
    Example: A truncated upload, a bit flipped on disk, or an archive edited by hand:

            manifest.json   layers[3].digest = sha256:8f1c…
            blobs/sha256/8f1c…  hashes to      sha256:02ab…

    Remedy: Fetch or export the image again. If the copy in the registry has the same fault, rebuild and push it.
    Fix safety: Review: the image has to be had again from elsewhere; nothing can be repaired in place.
    Blind spots: Where the source keeps no manifest (archives of older engines, layers read in place) there is no
        blob digest to compare; the DiffID, LAY002, still proves the content. Digests of other algorithms than
        SHA-256 are listed as gaps.
    References: OCI image specification, descriptor.md, "Digests".
    """

    code: ClassVar[str] = "LAY001"
    covers: ClassVar[tuple[int, ...]] = (54, 56)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerProof,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer whose digest differs."""
        for proof in facts.of(LayerProof):
            claimed, found = proof.claimed_digest, proof.found_digest
            if claimed is None or found is None or claimed.algorithm != found.algorithm or claimed == found:
                continue
            layer = tell_layer(proof.layer, proof.instruction)
            message = f"The blob of {layer} hashes to {found}, but the manifest names {claimed}"
            yield self.finding(message, proof.evidence, fixes=(FETCH_AGAIN,))
