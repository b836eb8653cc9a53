"""LAY008: a layer names one path more than once."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.anomalies import LayerAnomaly
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import begin, tell_count, tell_layer, tell_list, tell_path

FIX = Fix(
    "Write each path once",
    (
        "Build the layer from a directory instead of appending to a tar: COPY, or tar -C ROOT -cf layer.tar .",
        "Where a rule merges archives (bazel, Nix, scripts), let the later one replace entries of the earlier.",
    ),
)

RESPELLED: Final = "respelled-duplicate"
"""What every runtime takes: one of the names starts with a slash, or with other `..`."""


class DuplicateEntry(Rule):
    """A layer names one path more than once.

    What it checks: Every path occurs in a layer's tar once. Opaque whiteouts count like
        files, directories and links; other whiteouts that come twice are refused everywhere (LAY007).
    Why it matters: The image specification forbids it, and readers disagree. Docker's own store and podman refuse the
        layer ("duplicates of file paths not supported"), unless the names start differently, with a slash or with so
        many `..` (`l`, `/l`, `../l` and `../../l` are four names); containerd, and Docker with its image store, let the
        last entry win; many scanners and random-access readers take the first. So the image does not load everywhere,
        and where it does, the file that was scanned need not be the file that runs, and the bytes of the loser are
        shipped for nothing.
    Example: `tar -rf layer.tar app/config.yaml` to "update" a file appends a second entry of the same name.
    Remedy: Make the layer from a directory tree, where a path can be there once only.
    Fix safety: Review: the loser may be the one that was meant.
    Blind spots: Paths that a file system without regard to case would take for one are not compared.
    References: OCI image specification, layer.md ("MUST NOT include duplicate entries"); syft's fixture
        image-duplicate-path.
    """

    code: ClassVar[str] = "LAY008"
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerAnomaly,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer and kind of repetition."""
        for anomaly in facts.of(LayerAnomaly):
            if anomaly.kind not in {"duplicate-entry", RESPELLED}:
                continue
            named = tell_list(map(_tell_place, anomaly.places), unlisted=anomaly.count - len(anomaly.places))
            is_taken = anomaly.kind == RESPELLED
            outcome = "the last entry wins"
            if not is_taken:
                outcome = f"Docker and podman refuse it, in containerd {outcome}"
            message = (
                f"{begin(tell_layer(anomaly.layer, anomaly.instruction))} repeats "
                f"{tell_count(anomaly.count, 'path')} that it names already: {named}; {outcome}"
            )
            severity = Severity.MEDIUM if is_taken else self.severity
            yield self.finding(message, *anomaly.places, severity=severity, fixes=(FIX,))


def _tell_place(place: Evidence) -> str:
    """The path, and what of it is repeated if that is not the path itself."""
    return tell_path(place.path or "") + (f" ({place.detail})" if place.detail else "")
