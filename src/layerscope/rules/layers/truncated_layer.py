"""LAY004: a layer cannot be read to its end."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerDamage, LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_layer

FETCH_AGAIN = Fix(
    "Fetch or rebuild the image: the rest of the layer is not in this copy",
    (
        "docker pull IMAGE@DIGEST   (or export it again where it was built: docker save IMAGE -o IMAGE.tar)",
        "Check free space and logs where the copy was made: the cause is nearly always a full disk or a cut link.",
    ),
    kind=FixKind.REBUILD,
)
WRITE_ANEW = Fix(
    "Write the layer with a container builder: every copy of it has the same bytes",
    (
        "Build the image again with docker build, buildah or kaniko.",
        "If a tool of yours writes layers, let it write tars that Go's archive/tar reads, as every runtime does.",
    ),
    kind=FixKind.REBUILD,
)
RAISE_LIMIT = Fix(
    "Raise the limit that was passed, if the image is trusted",
    (
        "Audit again with the option that the message names.",
        "Or have an engine that takes the image write it anew: docker load -i IMAGE.tar, docker save IMAGE -o new.tar",
    ),
    kind=FixKind.HOST_ACTION,
)
KEEP_WITHIN = Fix(
    "Have the layer written within the limit that was passed, which is the same for every image",
    (
        "No builder writes a layer so: ask where the image comes from before an engine unpacks it.",
        "Packed in an odd way: let an engine write it anew: docker load -i IMAGE.tar, docker save IMAGE -o new.tar",
        "Too many names: divide its files among several layers.",
    ),
    kind=FixKind.REBUILD,
)
_OPTION: Final = "(--"
"""What is in the message about a limit that an option raises."""


class TruncatedLayer(Rule):
    """A layer cannot be read to its end.

    What it checks: Every layer decompresses without error, and its tar can be read up to the end-of-archive mark,
        within the limits that protect the reader.
    Why it matters: Whatever lies behind the break is missing: containers do not start, or start without their last
        files (typically the largest ones, model weights and CUDA libraries). An audit of such a layer is an audit
        of its first part only, and says so.
    Example: `docker save` into a full disk leaves an archive whose last layer ends in the middle of
        `libtorch_cuda.so`; `docker load` then reports "unexpected EOF".
    Remedy: Fetch or export the image again; rebuild it if every copy ends at the same place, as it does where the
        layer's bytes are those that its digest names. Where a limit ended the reading, raise it by its option, or have
        the layer written otherwise if it has none.
    Fix safety: Review: the missing bytes have to come from elsewhere.
    Blind spots: A layer that was cut and then closed properly (a builder that ignored a write error) reads well;
        its DiffID matches too. Entries before the break are trusted only as far as they were read.
    References: moby/moby issue 20030 ("unexpected EOF").
    """

    code: ClassVar[str] = "LAY004"
    covers: ClassVar[tuple[int, ...]] = (55, 56)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerProof,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a damaged layer."""
        for proof in facts.of(LayerProof):
            damage = proof.damage
            if damage is None:
                continue
            message = (
                f"Reading {tell_layer(proof.layer, proof.instruction)} stopped at byte {damage.offset:,} "
                f"({damage.kind}): {damage.detail}"
            )
            is_built_so = proof.has_claimed_bytes and damage.kind != "limit"
            if is_built_so:
                message += "; its bytes are those that the image names"
            yield self.finding(message, proof.evidence, fixes=(_suggest(damage, is_built_so=is_built_so),))


def _suggest(damage: LayerDamage, *, is_built_so: bool) -> Fix:
    """What helps against the damage, which every copy has or this one alone."""
    if damage.kind == "limit":
        return RAISE_LIMIT if _OPTION in damage.detail else KEEP_WITHIN
    return WRITE_ANEW if is_built_so else FETCH_AGAIN
