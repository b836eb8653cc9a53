"""CONF012: the build history does not fit the layers."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.build_history import BuildHistory
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity

FIX: Final = Fix(
    "Let the tool that changes layers write the history too",
    (
        "Rebuild with docker build, buildah or kaniko, which keep one history entry a layer.",
        "After docker-squash, crane append or bazel rules: one entry for each layer, empty_layer: true for others.",
    ),
    kind=FixKind.REBUILD,
)


class HistoryMismatch(Rule):
    """The build history does not fit the layers.

    What it checks: The history has as many entries that made layers as the image has layers. No history at all is
        reported as a gap, not here.
    Why it matters: Layers are paired with build steps by counting, so one entry too few or too many gives layers
        the wrong instruction, in this report and in every other tool. Some engines refuse such images ("history
        length does not match").
    Example: A tool appends a layer to an image and leaves its history as it was.
    Remedy: Rebuild the image, or have the tool write history and layers together.
    Fix safety: Review: which entry belongs to which layer is not known.
    Blind spots: A history of the right length may still be invented.
    References: OCI image specification, config.md, "history"; trivy's pairing of history and layers.
    """

    code: ClassVar[str] = "CONF012"
    covers: ClassVar[tuple[int, ...]] = (52,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (BuildHistory,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        history = facts.find(BuildHistory)
        if history is not None and history.mismatch is not None:
            message = history.mismatch[:1].upper() + history.mismatch[1:]
            yield self.finding(message, history.evidence, fixes=(FIX,))
