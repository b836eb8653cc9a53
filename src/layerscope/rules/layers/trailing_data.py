"""LAY005: a layer carries bytes after its end."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.anomalies import LayerAnomaly
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_layer, tell_size

TRAILING_KINDS: Final = frozenset({"trailing-data", "concatenated-archive"})
"""Anomalies that mean data behind the end of the tar."""

FRAMES: Final = {"gzip": "gzip member", "zstd": "zstd frame", "xz": "xz stream", "bzip2": "bzip2 stream"}
"""What the parts of a compressed blob are called."""

FIX = Fix(
    "Write the layer again with a tool that ends its archives properly",
    (
        "docker build --no-cache -t IMAGE .   (layers that an engine writes end where their tar ends)",
        "If archives were joined on purpose (cat a.tar b.tar), join their entries instead: tar --concatenate.",
    ),
    kind=FixKind.REBUILD,
)


class TrailingData(Rule):
    """A layer carries bytes after its end.

    What it checks: Nothing but zeros follows the tar's end-of-archive mark, and nothing follows the last gzip
        member, zstd frame, xz or bzip2 stream of the stored blob, but for the padding of xz.
    Why it matters: Container runtimes stop reading at the mark, other tools read on. So a scanner can see files
        that no container has, or miss what an unpacker of another kind would put there; either way the image is not
        what it seems. The bytes are stored, pulled and hashed all the same.
    Example: Two tars joined with `cat`: `docker run` shows the files of the first, `tar -i` those of both.
    Remedy: Write the layer again with a tool that ends its archives properly.
    Fix safety: Review: the data may have been put there for a reason.
    Blind spots: Zeros after the mark are padding and are not reported, however many there are, and neither is an
        eStargz table of contents that follows it alone, as BuildKit writes it: LAY011 compares it with the tar. An
        end of one zero block with more behind it is refused (LAY007). What the hidden bytes are is not analysed.
    References: tar(5), "end-of-archive"; RFC 1952, section 2.2; RFC 8878, section 3; stargz-snapshotter,
        docs/estargz.md.
    """

    code: ClassVar[str] = "LAY005"
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerProof, LayerAnomaly)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer and kind of tail."""
        for proof in facts.of(LayerProof):
            if proof.trailing:
                where = tell_layer(proof.layer, proof.instruction)
                frame = FRAMES[proof.found_compression or "gzip"]
                message = (
                    f"{tell_size(proof.trailing)} follow the last {frame} of {where}; expected the blob to end there"
                )
                yield self.finding(message, proof.evidence, fixes=(FIX,))
        for anomaly in facts.of(LayerAnomaly):
            if anomaly.kind in TRAILING_KINDS:
                where = tell_layer(anomaly.layer, anomaly.instruction)
                yield self.finding(f"After the end of {where}: {anomaly.meaning}", *anomaly.places, fixes=(FIX,))
