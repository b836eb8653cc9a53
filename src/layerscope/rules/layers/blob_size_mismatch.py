"""LAY003: the stored size of a layer is not the one in the manifest."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_layer

_FETCH_STEP = "docker pull IMAGE@DIGEST   (or export it again where it was built: docker save IMAGE -o IMAGE.tar)"
_CORRECT_STEP = "Let the tool that wrote the manifest take the sizes of its descriptors from the blobs."

FETCH_AGAIN = Fix(
    "Fetch the image again: the blob is another one than the manifest names, not only of another size",
    (_FETCH_STEP, "Audit the new copy."),
    kind=FixKind.REBUILD,
)
CORRECT = Fix(
    "Correct the size that the manifest claims: the blob is what its digest says",
    (_CORRECT_STEP, "Push the image with its new manifest, whose digest is another."),
    kind=FixKind.REBUILD,
)
FETCH_OR_CORRECT = Fix(
    "Fetch the image again, or correct the size that the manifest claims",
    (
        "Compare the blob with its digest, which was not done here: sha256sum, sha512sum.",
        f"If it does not match either: {_FETCH_STEP}",
        f"If only the size differs: {_CORRECT_STEP}",
    ),
    kind=FixKind.REBUILD,
)


class BlobSizeMismatch(Rule):
    """A layer's stored size is not the one that the manifest claims.

    What it checks: The number of bytes of every stored layer is the `size` of its descriptor in the manifest.
    Why it matters: Clients bound their downloads by the size and abort when it differs ("unexpected commit size",
        "failed size validation"). Too few bytes mean a cut transfer, too many mean that something was appended.
    Example: An upload that broke off after 1.2 GB of a 5.6 GB layer, stored under the full layer's name.
    Remedy: Fetch the image again. If only the size is wrong and the digest matches, the manifest has to be
        rewritten.
    Fix safety: Review: which of the two is right has to be looked at.
    Blind spots: Sources without a manifest claim no size. An engine's own export may be recompressed; there the
        exported manifest is checked, not the registry's.
    References: OCI image specification, descriptor.md, "size".
    """

    code: ClassVar[str] = "LAY003"
    covers: ClassVar[tuple[int, ...]] = (56,)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerProof,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer whose size differs."""
        for proof in facts.of(LayerProof):
            claimed, found = proof.claimed_size, proof.found_size
            if claimed is None or found is None or claimed == found:
                continue
            difference = f"{tell_count(abs(found - claimed), 'byte')} {'too many' if found > claimed else 'missing'}"
            message = (
                f"The blob of {tell_layer(proof.layer, proof.instruction)} has {tell_count(found, 'byte')}, "
                f"but the manifest claims {claimed:,}: {difference}"
            )
            yield self.finding(message, proof.evidence, fixes=(_choose_fix(proof),))


def _choose_fix(proof: LayerProof) -> Fix:
    """What to do, by what is known of the blob's digest."""
    claimed, found = proof.claimed_digest, proof.found_digest
    if claimed is None or found is None or claimed.algorithm != found.algorithm:
        return FETCH_OR_CORRECT
    return CORRECT if claimed == found else FETCH_AGAIN
