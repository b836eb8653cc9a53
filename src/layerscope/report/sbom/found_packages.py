"""The packages that an audit's facts tell of: of the distribution, Python, npm, Maven and conda, each with its purl."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.conda_packages import InstalledCondaPackage
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.system.java import JavaArchive, JavaArchives
from layerscope.facts.system.node import NpmPackages, NpmRow
from layerscope.facts.system.os_release import OsRelease
from layerscope.facts.system.packages import SystemPackage, SystemPackages
from layerscope.report.escape import escape_line, escape_text, shorten
from layerscope.report.places import root_path
from layerscope.report.sbom.purl import make_conda_purl, make_purl, make_system_purl

TEXT_LIMIT: Final = 1024
"""Characters of a name or a version; CycloneDX takes no longer version: https://cyclonedx.org/docs/1.6/json/"""


@dataclass(frozen=True, order=True)
class FoundPackage:
    """One installed package: `path` is where that is written, `layer` where this version of it came.

    All text of it is safe to show. `purl` is empty where a purl would name another package.
    """

    kind: str
    group: str
    name: str
    version: str
    path: str
    layer: int
    purl: str
    details: tuple[tuple[str, str], ...] = ()

    @property
    def identity(self) -> tuple[str, ...]:
        """What no other package of the image has: the same version may lie at several places."""
        return self.kind, self.group, self.name, self.version, self.path, self.purl


def find_packages(result: AuditResult) -> list[FoundPackage]:
    """Every package once, in an order of its own."""
    iterators = (_iter_system, _iter_python, _iter_npm, _iter_java, _iter_conda)
    found = {package.identity: package for iterate in iterators for package in iterate(result.facts)}
    return sorted(found.values())


def _iter_system(facts: FactSet) -> Iterator[FoundPackage]:
    release = facts.find(OsRelease)
    for database in facts.of(SystemPackages):
        for each in database.packages:
            yield _make(
                each,
                kind=database.manager,
                path=database.evidence.path,
                purl=make_system_purl(database.manager, each, release),
                details={"architecture": each.architecture, "source": each.source, "status": each.status},
            )


def _iter_python(facts: FactSet) -> Iterator[FoundPackage]:
    for each in facts.of(Distribution):
        yield _make(
            each,
            kind="python",
            path=each.evidence.path,
            purl=make_purl("pypi", "", each.key, each.version),
            details={"environment": root_path(each.environment), "installer": each.installer},
        )


def _iter_npm(facts: FactSet) -> Iterator[FoundPackage]:
    for found in facts.of(NpmPackages):
        for row in found.packages:
            scope, slash, rest = row.name.partition("/")
            group, name = (scope, rest) if slash and scope.startswith("@") else ("", row.name)
            purl = make_purl("npm", group, name, row.version)
            yield _make(row, kind="npm", path=f"{row.folder}/package.json", purl=purl, group=group, name=name)


def _iter_java(facts: FactSet) -> Iterator[FoundPackage]:
    """Archives whose coordinates are known; without a group, a purl would be that of another artifact."""
    for found in facts.of(JavaArchives):
        for each in found.archives:
            if each.artifact:
                purl = make_purl("maven", each.group, each.artifact, each.version) if each.group else ""
                yield _make(each, kind="maven", path=each.path, purl=purl, group=each.group, name=each.artifact)


def _iter_conda(facts: FactSet) -> Iterator[FoundPackage]:
    for each in facts.of(InstalledCondaPackage):
        yield _make(
            each,
            kind="conda",
            path=each.evidence.path,
            purl=make_conda_purl(each),
            details={"build": each.build, "environment": root_path(each.prefix)},  # a channel may hold a token
        )


def _make(
    row: SystemPackage | Distribution | NpmRow | JavaArchive | InstalledCondaPackage,
    *,
    kind: str,
    path: str | None,
    purl: str,
    group: str = "",
    name: str | None = None,
    details: Mapping[str, str] | None = None,
) -> FoundPackage:
    """A row of a fact, its text made safe; a package without a name is told as well."""
    if name is None:
        name = "" if isinstance(row, JavaArchive) else row.name
    return FoundPackage(
        kind=kind,
        group=_tell(group),
        name=_tell(name) or "(no name)",
        version=_tell(row.version),
        path=escape_text(root_path(path or "")),
        layer=row.layer,
        purl=purl,
        details=tuple((key, escape_line(value)) for key, value in (details or {}).items() if value.strip()),
    )


def _tell(text: str) -> str:
    return shorten(escape_line(text), TEXT_LIMIT, ellipsis="…")
