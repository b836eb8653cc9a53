"""ELF001: a library is missing."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from layerscope.facts.elf.unmet_needs import UnmetNeed, UnreachedNeed
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.library_origins import find_package_commands
from layerscope.rules.reach_severity import judge_reach, tell_chain, tell_failing
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, begin, tell_layer, tell_list, tell_path


class MissingLibrary(Rule):
    """A library is missing.

    What it checks: The dynamic loader is replayed for the entrypoint, for every program, and for every Python
        extension module in its interpreter's process; each library that they come to need is found in the image, or
        is one that the NVIDIA runtime brings.
    Why it matters: The program does not start, the module is not imported: "error while loading shared libraries:
        libX.so.1: cannot open shared object file: No such file or directory".
    Example: `opencv-python` in a slim image, where nothing brings libGL.so.1; a clean-up step that deletes
        `libcudnn*` of a wheel.
    Remedy: Install the package that has the library, keep what a later step deletes, run ldconfig after libraries
        were copied.
    Fix safety: Review: which package has the library depends on the distribution.
    Blind spots: Libraries that a program opens by name while it runs are not in its header. Whether anything imports
        a module is not known: parts deep in a package weigh less, plugins that nothing reaches are listed apart.
        Variables set by an entrypoint script or at run time are not seen. Nothing is said where a layer could not
        be read.
    References: ld.so(8); Debian bug reports on libGL.so.1; pytorch/pytorch, "libcudart.so: cannot open".
    """

    code: ClassVar[str] = "ELF001"
    covers: ClassVar[tuple[int, ...]] = (61, 66)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (UnmetNeed, UnreachedNeed, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each library and who needs it, then one for all that nothing reaches."""
        if has_unread_layers(facts):
            return
        groups: dict[tuple[str, str], list[UnmetNeed]] = {}
        for need in facts.of(UnmetNeed):
            groups.setdefault((need.needed, need.reach.package or need.reach.roots[0]), []).append(need)
        for needs in groups.values():
            yield self._tell(needs)
        unreached = facts.of(UnreachedNeed)
        if unreached:
            names = tell_list(need.needed for need in unreached)
            message = f"Plugins that nothing imports or starts by itself need libraries that are not there: {names}"
            places = [need.evidence for need in unreached][:SHOWN_LOCATIONS]
            yield self.finding(message, *places, severity=Severity.INFO, confidence=Confidence.LOW)

    def _tell(self, needs: Sequence[UnmetNeed]) -> Finding:
        """One library that one package or program lacks."""
        worst = max(needs, key=_judge)
        askers = [need.place.path.rpartition("/")[2] for need in needs]
        verb = "needs" if len(askers) == 1 else "need"
        where = f"{tell_list(askers)} {verb} {worst.needed}, {_explain(worst)}"
        message = f"{begin(tell_failing(worst.reach))}{tell_chain(worst.reach)}: {where}"
        places = [Evidence(layer=need.place.layer, path=need.place.path) for need in needs][:SHOWN_LOCATIONS]
        if worst.removed_by is not None:
            places.insert(0, Evidence(layer=worst.removed_by, path=worst.removed_path))
        is_sure = not (worst.is_bundled or worst.reach.is_variant)
        confidence = Confidence.HIGH if is_sure else Confidence.LOW
        return self.finding(message, *places, severity=_judge(worst), confidence=confidence, fixes=(_suggest(worst),))


def _judge(need: UnmetNeed) -> Severity:
    """The reach decides; a package of which only a small part fails, or that brings the library, works without."""
    severity = judge_reach(need.reach)
    if need.is_bundled and need.removed_by is None:
        return min(severity, Severity.LOW)
    is_minor = need.failing * 2 < need.modules and need.removed_by is None
    return min(severity, Severity.MEDIUM) if is_minor else severity


def _explain(need: UnmetNeed) -> str:
    """What the image has of the library."""
    if need.unusable is not None:
        return f"but {tell_path(need.unusable)} is no object that the loader takes"
    if need.removed_by is not None:
        return f"which layer {need.removed_by} removed ({tell_path(need.removed_path)})"
    if need.is_uncached:
        return f"which is at {tell_path(need.elsewhere[0])} but not in ld.so.cache"
    if need.elsewhere:
        return f"which lies at {tell_path(need.elsewhere[0])}, where the loader does not look"
    return f"which is not in the image (needed since {tell_layer(need.place.layer, need.place.instruction)})"


def _suggest(need: UnmetNeed) -> Fix:
    """Bring the library, or lead the loader to it."""
    if need.removed_by is not None:
        return Fix(f"Keep {need.needed}", (f"Take {tell_path(need.removed_path)} out of what that step deletes.",))
    if need.is_uncached:
        return Fix("Write the loader's cache anew", ("RUN ldconfig   after the libraries are in place",))
    if need.elsewhere and not need.is_bundled and need.unusable is None:
        folder = tell_path(need.elsewhere[0].rpartition("/")[0])
        return Fix(f"Lead the loader to {folder}", (f"RUN echo {folder} > /etc/ld.so.conf.d/app.conf && ldconfig",))
    steps = find_package_commands(need.needed)
    return Fix(
        f"Install what has {need.needed}", steps or (f"Find it: apt-file search {need.needed}, or dnf provides",)
    )
