"""The distribution's release as the table of releases knows it, and the C library that its packages install."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.os_release import OsRelease, OsReleaseCollector
from layerscope.facts.system.package_databases import InstalledPackage, find_package_databases
from layerscope.policies.releases import Release

LIBC_PACKAGES: Final = ("libc6", "glibc", "musl")
"""The C library's package in Debian, in rpm's distributions, and in Alpine."""


class DistributionRelease(Fact, frozen=True):
    """A release; `libc_version` is that of the installed package, or the table's where no package says.

    `end_of_life` is None for a release that the table does not know; `is_expired` compares it with `checked`, the
    table's own date, and `was_expired` with the image's creation. `successor` is the newest release in the table that
    had support then.
    """

    id: str
    version: str
    name: str
    libc: str
    libc_version: str
    end_of_life: date | None
    checked: date
    is_expired: bool
    was_expired: bool
    successor: str


class DistributionReleaseCollector(Collector):
    """Looks the release up that os-release names."""

    name = "system.distribution"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the release, if the image names one."""
        release = context.shared(find_os_release)
        if release is None:
            return
        table = context.policies.releases
        row = table.find(release.id, release.version_id)
        package = context.shared(find_libc)
        created = context.image.config.created
        supported = [each for each in table.release if each.id == release.id and each.end_of_life >= table.policy.date]
        yield DistributionRelease(
            evidence=release.evidence,
            id=release.id,
            version=release.version_id,
            name=release.pretty_name or f"{release.id} {release.version_id}".rstrip(),
            libc=_name_libc(package, row),
            libc_version=bare_version(package.version) if package is not None else row.libc_version if row else "",
            end_of_life=row.end_of_life if row is not None else None,
            checked=table.policy.date,
            is_expired=row is not None and row.end_of_life < table.policy.date,
            was_expired=row is not None and created is not None and row.end_of_life < created.date(),
            successor=f"{supported[-1].id} {supported[-1].version}" if supported else "",
        )


def find_os_release(context: FactContext) -> OsRelease | None:
    """The image's os-release; ask through `context.shared`."""
    return next((fact for fact in OsReleaseCollector().collect(context) if isinstance(fact, OsRelease)), None)


def find_libc(context: FactContext) -> InstalledPackage | None:
    """The package of the C library; ask through `context.shared`."""
    return context.shared(find_package_databases).find_version(*LIBC_PACKAGES)


def bare_version(version: str) -> str:
    """A package's version without epoch and revision: `1:2.36-9+deb12u10` is 2.36, `1.2.5-r9` is 1.2.5."""
    return version.rpartition(":")[2].partition("-")[0]


def _name_libc(package: InstalledPackage | None, row: Release | None) -> str:
    """Which C library it is."""
    if package is not None:
        return "musl" if package.name == "musl" else "glibc"
    return row.libc if row is not None else ""
