"""LAY008: a layer names one path more than once."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar, Final

from layerscope.facts.fact import Fact
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

_SHOWN: Final = 3
"""Paths that are named where the entries are too many to say how many paths they have."""

RESPELLED: Final = "respelled-duplicate"
"""What every runtime takes: one of the names starts with a slash, or with other `..`."""


class DuplicateEntry(Rule):
    """A layer names one path more than once.

    What it checks: Every path occurs in a layer's tar once. Opaque whiteouts count like
        files, directories and links; other whiteouts that come twice are refused everywhere (LAY007).
    Why it matters: The image specification forbids it, and readers disagree. Docker's own store and podman refuse the
        layer ("duplicates of file paths not supported"), unless the names start differently, with a slash or with so
        many `..` (`l`, `/l`, `../l` and `../../l` are four names); containerd, and Docker with its image store, let the
        last entry win; many scanners and random-access readers take the first. So not every runtime loads the image,
        and where one does, the file that was scanned need not be the file that runs, and the bytes of the loser are
        shipped for nothing. Names that start differently are of medium severity alone: every runtime loads the image
        and lets the last entry win, so only scanners may be misled.
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
            is_taken = anomaly.kind == RESPELLED
            told = _tell_respelled(anomaly) if is_taken else _tell_repeated(anomaly)
            wins = "the last entry wins"
            outcome = wins if is_taken else f"Docker and podman refuse it, in containerd {wins}"
            message = f"{begin(tell_layer(anomaly.layer, anomaly.instruction))} repeats {told}; {outcome}"
            severity = Severity.MEDIUM if is_taken else self.severity
            yield self.finding(message, *anomaly.places, severity=severity, fixes=(FIX,))


def _tell_respelled(anomaly: LayerAnomaly) -> str:
    """Each path, under the names that it has."""
    paths = (f"{tell_path(place.path or '')} {place.detail}" for place in anomaly.places)
    named = tell_list(paths, unlisted=anomaly.count - len(anomaly.places))
    return named if anomaly.count == 1 else f"{tell_count(anomaly.count, 'path')}: {named}"


def _tell_repeated(anomaly: LayerAnomaly) -> str:
    """Each path, and how often it comes where that is known and more than twice.

    The anomalies are entries, so that there may be fewer paths.
    """
    times = Counter((place.path or "", place.detail) for place in anomaly.places)
    if anomaly.count > len(anomaly.places):
        count, named = tell_count(anomaly.count, "entry", "entries"), (_tell_place(*place, 0) for place in times)
        return f"paths that it names already, in {count}, among them {', '.join(islice(named, _SHOWN))}"
    named = (_tell_place(*place, again + 1 if again > 1 else 0) for place, again in times.items())
    return f"{tell_count(len(times), 'path')} that it names already: {tell_list(named)}"


def _tell_place(path: str, detail: str, times: int) -> str:
    """The path, what of it is repeated if that is not the path itself, and how often it comes if that is to be told."""
    aside = ", ".join([detail] * bool(detail) + [f"{times} times"] * bool(times))
    return tell_path(path) + (f" ({aside})" if aside else "")
