"""LAY007: a layer holds an entry that container runtimes refuse to unpack."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.anomalies import LayerAnomaly
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_layer, tell_list, tell_path

FIX = Fix(
    "Write the layer with a container builder instead of a hand-made tar",
    (
        "Let the engine make the layer: COPY or ADD the files in a Dockerfile.",
        "Rename or drop the entries: names must stay inside the root, hard links must name files that are there.",
    ),
)


READING_ENDS = "bad-checksum"
"""Reported by LAY004, since nothing can be read behind it."""


class RefusedEntry(Rule):
    """A layer holds an entry that container runtimes refuse to unpack.

    What it checks: No entry leads out of the root, by its name or as a hard link; no name is longer than Linux
        allows; every hard link points to a file of this or a lower layer; every header has its checksum and parses.
    Why it matters: Runtimes unpack a layer whole or not at all, so one such entry makes the image unusable:
        "invalid tar header", "breakout from …", "file name too long". Names that climb out of the root are also how
        malicious images attack the tools that unpack them.
    Example: An entry named `../../etc/cron.d/x`, or a hard link `bin/b` to `bin/a`, which no layer contains.
    Remedy: Build the layer with a container builder; if the image comes from elsewhere, do not use it.
    Fix safety: Review: an entry that climbs out of the root is a reason to ask where the image comes from.
    Blind spots: Runtimes differ in what they forgive. Listed is what containerd and Docker refuse; others may
        refuse more.
    References: containerd pkg/archive; moby/moby pkg/archive; stereoscope advisory GHSA-hpxr-w9w7-g4gv.
    """

    code: ClassVar[str] = "LAY007"
    covers: ClassVar[tuple[int, ...]] = (56,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerAnomaly,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer and kind of anomaly."""
        for anomaly in facts.of(LayerAnomaly):
            if not anomaly.is_refused or anomaly.kind == READING_ENDS:
                continue
            named = tell_list(tell_path(place.path) for place in anomaly.places if place.path)
            message = (
                f"{tell_count(anomaly.count, 'entry', 'entries')} of {tell_layer(anomaly.layer, anomaly.instruction)} "
                f"cannot be unpacked: {anomaly.meaning}" + (f" ({named})" if named else "")
            )
            yield self.finding(message, *anomaly.places, fixes=(FIX,))
