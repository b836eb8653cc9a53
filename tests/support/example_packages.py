"""Facts on one package of each kind, as collectors give them."""

from collections.abc import Sequence

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.python.conda_packages import InstalledCondaPackage
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.system.java import JavaArchive, JavaArchives
from layerscope.facts.system.node import NpmPackages, NpmRow
from layerscope.facts.system.os_release import OsRelease
from layerscope.facts.system.packages import SystemPackage, SystemPackages

DEBIAN = OsRelease(Evidence(0, "etc/os-release"), "debian", "12", "bookworm", "Debian GNU/Linux 12", ())


def make_system(manager: str, *packages: tuple[str, str, str]) -> SystemPackages:
    """Packages of a manager by name, version and architecture."""
    rows = tuple(SystemPackage(*package, source="", layer=0) for package in packages)
    return SystemPackages(Evidence(0, f"var/lib/{manager}/db"), manager, rows)


def make_distribution(name: str, key: str, version: str, site: str = "usr/lib/python3/site-packages") -> Distribution:
    """A distribution that pip installed."""
    return Distribution(
        evidence=Evidence(1, f"{site}/{name}-{version}.dist-info"),
        name=name,
        key=key,
        version=version,
        environment="usr/bin/python3",
        site=site,
        layer=1,
        instruction="RUN pip install",
        installer="pip",
    )


def make_npm(*rows: tuple[str, str]) -> NpmPackages:
    """Installed packages of npm by name and version."""
    found = (NpmRow(name, version, f"app/node_modules/{name}", 1) for name, version in rows)
    return NpmPackages(Evidence(1, "app"), tuple(found))


def make_jars(*rows: tuple[str, str, str]) -> JavaArchives:
    """Archives by group, artifact and version."""
    found = (JavaArchive(f"app/lib/{number}.jar", 1, *row, 17) for number, row in enumerate(rows))
    return JavaArchives(Evidence(1, "app/lib/0.jar"), tuple(found))


def make_conda(name: str, version: str, channel: str) -> InstalledCondaPackage:
    """A package of conda's base environment."""
    place = Evidence(1, f"opt/conda/conda-meta/{name}-{version}.json")
    return InstalledCondaPackage(place, "opt/conda", name, version, "py311h0", channel, (), 1)


def list_packages() -> Sequence[Fact]:
    """One of each kind, and a Python distribution in two environments."""
    return (
        DEBIAN,
        make_system("dpkg", ("libc6", "2.36-9+deb12u10", "amd64"), ("curl", "1:7.88.1-10", "amd64")),
        make_distribution("Jinja_2.Ext", "jinja-2-ext", "3.1.4"),
        make_distribution("Jinja_2.Ext", "jinja-2-ext", "3.1.4", "opt/venv/lib/python3.11/site-packages"),
        make_npm(("@scope/core", "1.2.3"), ("left-pad", "1.3.0")),
        make_jars(("org.example", "core", "1.0"), ("", "nameless", "2.0"), ("", "", "")),
        make_conda("numpy", "1.26.4", "https://conda.anaconda.org/conda-forge/linux-64"),
    )
