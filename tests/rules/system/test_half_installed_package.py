"""SYS002 half-installed-package: what it flags and what it lets pass."""

from layerscope.facts.fact import Evidence
from layerscope.facts.system.packages import SystemPackage, SystemPackages
from layerscope.rules.severity import Severity
from layerscope.rules.system.half_installed_package import HalfInstalledPackage
from support.cases import flags, ignores


def packages(*statuses: str) -> SystemPackages:
    """Packages p0, p1, … of layer 1 with these statuses."""
    rows = tuple(SystemPackage(f"p{n}", "1.0", "amd64", "p", 1, status) for n, status in enumerate(statuses))
    return SystemPackages(Evidence(1, "var/lib/dpkg/status"), "dpkg", rows)


def test_flags_packages_that_wait_for_their_scripts() -> None:
    """Their files are there."""
    (finding,) = flags(HalfInstalledPackage, packages("", "install ok half-configured", "install ok unpacked"))
    assert finding.message == (
        "dpkg did not finish the installation of p1 1.0 (install ok half-configured) and p2 1.0 (install ok unpacked)"
    )
    assert finding.severity is Severity.MEDIUM


def test_flags_packages_whose_files_may_be_missing() -> None:
    """That weighs more."""
    (finding,) = flags(HalfInstalledPackage, packages("install reinstreq half-installed"))
    assert finding.severity is Severity.HIGH


def test_ignores_whole_packages() -> None:
    """A status is given only for those that are not."""
    ignores(HalfInstalledPackage, packages("", ""))
