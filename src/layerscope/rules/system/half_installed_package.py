"""SYS002: dpkg did not finish the installation of a package."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.packages import SystemPackage, SystemPackages
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_list

_BROKEN: Final = ("half-installed", "reinstreq")
"""Files may be missing; in all other states they are there, and only the package's scripts have not run."""


class HalfInstalledPackage(Rule):
    """Dpkg did not finish the installation of a package.

    What it checks: The status of every package in dpkg's database that is not removed: anything but `ok installed`.
    Why it matters: Files may be missing, or the package's scripts have not run: users, links, caches and byte-code
        are not there. Every later `apt-get install` stops with "E: Sub-process /usr/bin/dpkg returned an error code".
    Example: `apt-get install -y something || true`, or a build that was killed while dpkg was at work.
    Remedy: Let the step fail when the installation fails, and find out why it did: `dpkg --audit` tells.
    Fix safety: Review: the package's scripts run.
    Blind spots: apk and rpm record no such state. Images that were put together without running scripts (such as
        distroless ones) call their packages installed.
    References: dpkg(1), "Package states"; deb-triggers(5).
    """

    code: ClassVar[str] = "SYS002"
    covers: ClassVar[tuple[int, ...]] = (68,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (SystemPackages,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for those that are broken, one for those that wait for their scripts."""
        for database in facts.of(SystemPackages):
            unfinished = [package for package in database.packages if package.status]
            broken = [package for package in unfinished if any(word in package.status for word in _BROKEN)]
            waiting = [package for package in unfinished if package not in broken]
            for packages, severity in ((broken, Severity.HIGH), (waiting, Severity.MEDIUM)):
                if packages:
                    yield self._report(database, packages, severity)

    def _report(self, database: SystemPackages, packages: list[SystemPackage], severity: Severity) -> Finding:
        """The finding for packages of one severity."""
        names = tell_list(f"{package.name} {package.version} ({package.status})" for package in packages)
        message = f"dpkg did not finish the installation of {names}"
        layers = sorted({package.layer for package in packages})[:SHOWN_LOCATIONS]
        places = [Evidence(layer=layer, path=database.evidence.path) for layer in layers]
        fix = Fix(
            "Finish the installation, or let the build fail with it",
            ("RUN dpkg --audit && dpkg --configure -a && apt-get install -y --fix-broken",),
        )
        return self.finding(message, *places, severity=severity, fixes=(fix,))
