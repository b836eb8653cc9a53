"""LAY007: a layer holds an entry that container runtimes refuse to unpack."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.anomalies import LayerAnomaly
from layerscope.rules.finding import Finding
from layerscope.rules.refusal_cures import choose_cure
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import begin, tell_count, tell_layer, tell_list, tell_path

READING_ENDS: Final = "bad-checksum"
"""Reported by LAY004, since nothing can be read behind it."""


REFUSED_BY_SOME: Final = frozenset(
    {
        "below-symlink",
        "root-no-directory",
        "skipped-attribute",
        "opaque-no-directory",
        "whiteout-below-no-directory",
    }
)
"""What one or two of Docker, containerd and podman do not refuse."""

SEVERITIES: Final = {"opaque-no-directory": Severity.MEDIUM}
"""Of what is refused by one that others take without harm: the mark hides nothing."""


NO_ENTRY: Final = frozenset({"lone-zero-block"})
"""What is refused and is no entry."""


class RefusedEntry(Rule):
    """A layer holds an entry that container runtimes refuse to unpack.

    What it checks: Every hard link points to a file that comes before it in its own layer. Whatever an entry lies in
        is a directory, or a symlink to one that the layer has; so is what an opaque whiteout marks. No whiteout comes
        after what it removes, or names nothing. When all is unpacked, something is still where the layer names a
        directory, links followed, since runtimes set its time then. No name is longer than Linux allows. Types, numbers
        and extended headers are those that Go's archive/tar reads and runtimes unpack; contiguous files, GNU's old
        sparse files and volume headers are not. Linux sets every extended attribute.
    Why it matters: Runtimes unpack a layer whole or not at all, so one such entry makes the image unusable in each
        runtime that refuses it: "invalid tar header", "unhandled tar header type 83", "link /a /b: no such file or
        directory", "file name too long". Most are refused by all; where one takes them, the finding says so. An opaque
        whiteout of a file, a link or a removed path is of medium severity alone: containerd refuses it, Docker and
        podman take it, and it hides nothing there.
    Example: A hard link `bin/b` to `bin/a`, which a lower layer contains: each layer is unpacked by itself, and the
        files below it are not there to be linked.
    Remedy: Build the layer with a container builder; if the image comes from elsewhere, do not use it.
    Fix safety: Review: no tool that builds images writes such a layer, so ask where it comes from.
    Blind spots: Runtimes differ in what they forgive. Listed is what Docker, containerd and podman refuse on overlayfs,
        or some of them where the finding says so; a store that copies layers, such as vfs, takes all whiteouts, and
        links to what lower layers have. Device numbers of plain files, and the times that star's headers have
        where there is no prefix of the name, are not read; all refuse them if they are no numbers. Of access lists
        (system.posix_acl_access) the length alone is looked at. Not told are entries below a symlink whose target goes
        up from a folder that is missing (`missing/../d`), or below 41 to 255 symlinks in a row, which containerd alone
        follows. Nor are directories that a layer leaves unnamed, if they lie in what a lower layer has as no directory
        or as a symlink that leads round, which containerd alone refuses. The order of a layer with more folders, or
        longer ways through its own symlinks, than some seconds and some tens of megabytes allow is not looked at to
        the end; that is told as a gap.
    References: containerd pkg/archive; moby/moby pkg/archive; containers/storage pkg/archive; Go's archive/tar.
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
            named = tell_list(map(_tell_place, anomaly.places), unlisted=anomaly.count - len(anomaly.places))
            message = f"{_tell_refused(anomaly)} {_tell_extent(anomaly)}: {anomaly.meaning}" + (
                f" ({named})" if named else ""
            )
            severity = SEVERITIES.get(anomaly.kind, self.severity)
            yield self.finding(message, *anomaly.places, severity=severity, fixes=(choose_cure(anomaly.kind),))


def _tell_refused(anomaly: LayerAnomaly) -> str:
    """The entries that are refused, or the layer, where it is for no entry."""
    layer = tell_layer(anomaly.layer, anomaly.instruction)
    return begin(layer) if anomaly.kind in NO_ENTRY else f"{tell_count(anomaly.count, 'entry', 'entries')} of {layer}"


def _tell_extent(anomaly: LayerAnomaly) -> str:
    """Whether all runtimes refuse them, or some."""
    if anomaly.kind not in REFUSED_BY_SOME:
        return "cannot be unpacked"
    return f"{'is' if anomaly.count == 1 else 'are'} not unpacked by every runtime"


def _tell_place(place: Evidence) -> str:
    """The path and what more is known of it, or that alone."""
    return ": ".join(filter(None, (tell_path(place.path) if place.path else "", place.detail)))
