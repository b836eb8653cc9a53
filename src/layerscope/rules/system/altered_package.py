"""SYS004: a program or library is not the one that its package brought."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.package_files import AlteredPackageFiles
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.system_packages import reinstall_command
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_layer, tell_list, tell_path


class AlteredPackage(Rule):
    """A program or library is not the one that its package brought.

    What it checks: The SHA-256 of every program and shared library that rpm lists against the content in the image.
    Why it matters: Something overwrote a file that the package manager answers for: another version of a library
        copied in, a patch, or worse. The next update of the package takes it back without a word.
    Example: `COPY libstdc++.so.6 /usr/lib64/libstdc++.so.6` in an image whose libstdc++ is a package.
    Remedy: Put one's own files elsewhere (/usr/local/lib, /opt) and let the loader's path name them.
    Fix safety: Review: the altered file may be needed as it is.
    Blind spots: dpkg and apk record no SHA-256 and are not checked. Programs that a package's own scripts rewrite,
        or that `strip` and `prelink` were run over, count as altered.
    References: rpm(8), "VERIFY OPTIONS".
    """

    code: ClassVar[str] = "SYS004"
    severity: ClassVar[Severity] = Severity.MEDIUM
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (AlteredPackageFiles,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer that altered files."""
        groups: dict[int, list[AlteredPackageFiles]] = {}
        for fact in facts.of(AlteredPackageFiles):
            groups.setdefault(fact.layer, []).append(fact)
        for layer, members in sorted(groups.items()):
            paths = [path for fact in members for path in fact.paths]
            packages = sorted({fact.package for fact in members})
            total = sum(fact.count for fact in members)
            verb = "differs" if total == 1 else "differ"
            message = (
                f"{tell_count(total, 'file')} of {tell_list(packages)} in "
                f"{tell_layer(layer, members[0].instruction)} {verb} from what the package brought: "
                f"{tell_list(map(tell_path, paths))}"
            )
            fix = Fix(
                "Keep files of packages as they are",
                (f"RUN {reinstall_command(members[0].manager, packages)}", "Put other versions into /usr/local/lib"),
            )
            places = [Evidence(layer=layer, path=path) for path in paths[:SHOWN_LOCATIONS]]
            yield self.finding(message, *places, fixes=(fix,))
