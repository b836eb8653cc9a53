"""LAY009: a layer's tar is unusual in a way that tools read differently."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.anomalies import LayerAnomaly
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_layer, tell_list, tell_path

OTHER_RULES: Final = frozenset({"duplicate-entry", "respelled-duplicate", "trailing-data", "concatenated-archive"})
"""Anomalies with a rule of their own."""

SEVERITIES: Final = {
    "missing-trailer": Severity.INFO,
    "absolute-name": Severity.INFO,
    "sparse-file": Severity.INFO,
    "global-header": Severity.INFO,
    "aufs-metadata": Severity.INFO,
    "control-character-name": Severity.MEDIUM,
    "escaping-name": Severity.MEDIUM,
    "escaping-hardlink": Severity.MEDIUM,
}
"""What readers agree on is information; what deceives people or tools is worse."""

FIX = Fix(
    "Write the layer with a container builder",
    ("Build the image again with docker build, buildah or kaniko: every tool reads their entries alike.",),
    kind=FixKind.REBUILD,
)


class IrregularEntry(Rule):
    r"""A layer's tar is unusual in a way that tools read differently.

    What it checks: Names and the targets of hard links stay below the root; names are relative, clean, UTF-8 and
        without control characters; times and owners fit a file; no file is stored sparse; extended headers belong to
        an entry; the archive has its trailer.
    Why it matters: Runtimes accept these entries, each in its way, and other tools fail on some: dive stops at a
        global PAX header, scanners skip names that are not UTF-8, terminals obey control characters in names. What
        a report shows is then not what runs. Docker, containerd and podman take `../x` and `/../x` for `/x`, and so
        does layerscope; names that climb out of the root attack the tools that unpack them elsewhere.
    Example: A file named `lib\x1b[2K.so`, which erases its own line in a listing; an entry `/etc/passwd` with its
        slash.
    Remedy: Build the layer with a container builder, from files with ordinary names.
    Fix safety: Review: rewriting a layer changes its digest and everything above it.
    Blind spots: Of very many anomalies of one kind in a layer, the first are named and the others counted.
    References: OCI image specification, layer.md; POSIX pax, "ustar Interchange Format"; Go's archive/tar test
        data; stereoscope advisory GHSA-hpxr-w9w7-g4gv.
    """

    code: ClassVar[str] = "LAY009"
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerAnomaly,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer and kind of anomaly."""
        for anomaly in facts.of(LayerAnomaly):
            if anomaly.is_refused or anomaly.kind in OTHER_RULES:
                continue
            paths = (tell_path(place.path) for place in anomaly.places if place.path)
            named = tell_list(paths, unlisted=anomaly.count - len(anomaly.places))
            where = tell_layer(anomaly.layer, anomaly.instruction)
            message = f"{tell_count(anomaly.count, 'irregularity', 'irregularities')} in {where}: {anomaly.meaning}"
            yield self.finding(
                message + (f" ({named})" if named else ""),
                *anomaly.places,
                severity=SEVERITIES.get(anomaly.kind, self.severity),
                fixes=(FIX,),
            )
