"""LAY002: the content of a layer is not what the config names."""

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

REBUILD = Fix(
    "Rebuild the image, or fetch it again if another copy passes the audit",
    (
        "docker build --no-cache --pull -t IMAGE .",
        "If a tool of yours rewrites layers, let it recompute rootfs.diff_ids from the uncompressed tars.",
    ),
    kind=FixKind.REBUILD,
)


class DiffIdMismatch(Rule):
    """A layer's content is not what the image's config names.

    What it checks: The SHA-256 of every layer's uncompressed tar, recomputed from its bytes, is the DiffID in the
        config.
    Why it matters: DiffIDs are what an engine stores layers under and what ChainIDs, caches and provenance are
        computed from. Engines verify them when they unpack ("invalid diffID for layer", "wrong diff id calculated
        on extraction"), and the image cannot be started. A match is the proof that the files are the ones that were
        built.
    Example: A tool that recompresses or edits a layer updates the manifest and forgets the config:

            config   rootfs.diff_ids[3] = sha256:31b0…
            layer 3  unpacks to           sha256:77fe…

    Remedy: Rebuild the image, or fetch it again if another copy passes the audit.
    Fix safety: Review: the true content is not known; only its maker can say which of the two is right.
    Blind spots: A layer that cannot be read to its end has no digest to compare (LAY004), nor has one whose bytes
        are elsewhere (LAY010).
    References: OCI image specification, config.md, "Layer DiffID"; docker/for-mac issue 2530.
    """

    code: ClassVar[str] = "LAY002"
    covers: ClassVar[tuple[int, ...]] = (54,)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerProof,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer whose content differs."""
        for proof in facts.of(LayerProof):
            found = proof.found_diff_id
            if found is None or proof.damage is not None or found.algorithm != proof.claimed_diff_id.algorithm:
                continue
            if found != proof.claimed_diff_id:
                message = (
                    f"{begin(tell_layer(proof.layer, proof.instruction))} unpacks to {found}, "
                    f"but the config names the DiffID {proof.claimed_diff_id}"
                )
                yield self.finding(message, proof.evidence, fixes=(REBUILD,))
