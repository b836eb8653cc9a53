"""LAY010: a layer's bytes were not there to be checked."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import begin, tell_layer

FIX = Fix(
    "Audit the image where its layers are, or bring them along",
    (
        "crane pull --format oci IMAGE DIR, or docker save on an engine that has the layer",
        "Build on a base image whose layers may be distributed, so that the image is whole wherever it goes.",
    ),
    kind=FixKind.REBUILD,
)


class UnverifiedLayer(Rule):
    """A layer's bytes were not there to be checked.

    What it checks: Every layer that the image names could be read, or was proved by an earlier reading of the same
        bytes.
    Why it matters: What is in an absent layer is unknown: its files are missing from every other check, and its
        digests are claims. The verdict "intact" does not cover it. A node without access to where it lies cannot
        start the image.
    Example: A layer of media type `…image.layer.nondistributable.v1.tar+gzip`, whose `urls` lead to its vendor's
        server.
    Remedy: Audit the image where the layer is present, or build on a base whose layers may be distributed.
    Fix safety: Review: fetching or replacing a foreign layer may be a matter of its licence.
    Blind spots: The addresses of foreign layers are not followed.
    References: OCI image specification, layer.md, "Non-Distributable Layers".
    """

    code: ClassVar[str] = "LAY010"
    covers: ClassVar[tuple[int, ...]] = (54,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerProof,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer without proof."""
        for proof in facts.of(LayerProof):
            if proof.damage is not None or (proof.absent is None and proof.is_proved):
                continue
            why = proof.absent or "no reading proved its digests"
            message = f"{begin(tell_layer(proof.layer, proof.instruction))} was not verified: {why}"
            yield self.finding(message, proof.evidence, fixes=(FIX,))
