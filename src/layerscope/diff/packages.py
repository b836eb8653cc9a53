"""Installed packages compared by name and place, of every kind that facts tell."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from layerscope.diff.change import Change
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.conda_packages import InstalledCondaPackage
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.system.java import JavaArchives
from layerscope.facts.system.node import NpmPackages
from layerscope.facts.system.packages import SystemPackages


class PackageKind(StrEnum):
    """Who installed a package."""

    SYSTEM = "system"
    PYTHON = "python"
    CONDA = "conda"
    NPM = "npm"
    JAVA = "java"


@dataclass(frozen=True, order=True)
class PackageKey:
    """What tells a package from others: its kind, its name (with the architecture), and the place it is installed in.

    The place is an environment, a folder or a manager.
    """

    kind: PackageKind
    name: str
    place: str


@dataclass(frozen=True)
class PackageChange:
    """A package that came, went, or has other versions; several where one place has several."""

    key: PackageKey
    before: tuple[str, ...]
    after: tuple[str, ...]
    old_place: str = ""
    """Where it was before, if that is another place."""

    @property
    def change(self) -> Change:
        """What became of it."""
        if not self.before:
            return Change.ADDED
        return Change.CHANGED if self.after else Change.REMOVED


_KINDS: Final = (PackageKind.PYTHON, PackageKind.CONDA, PackageKind.SYSTEM, PackageKind.JAVA, PackageKind.NPM)
_CHANGES: Final = (Change.CHANGED, Change.REMOVED, Change.ADDED)

Packages = dict[PackageKey, tuple[str, ...]]


def list_packages(facts: FactSet) -> Packages:
    """All packages of an image, with their versions."""
    found: dict[PackageKey, set[str]] = {}
    for read in _READERS:
        for key, version in read(facts):
            found.setdefault(key, set()).add(version)
    return {key: tuple(sorted(versions)) for key, versions in found.items()}


def iter_package_changes(before: Packages, after: Packages) -> Iterator[PackageChange]:
    """Every package that is another; those that changed first, then gone ones, and Python's before the system's.

    One that went from one place and came to another is one change, and none where its version is the same.
    """
    gone, come, changed = list[PackageKey](), list[PackageKey](), list[PackageChange]()
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            gone.append(key)
        elif key not in before:
            come.append(key)
        elif before[key] != after[key]:
            changed.append(PackageChange(key, before[key], after[key]))
    moves = dict(_pair_moves(gone, come))
    for old, new in moves.items():
        if before[old] != after[new]:
            changed.append(PackageChange(new, before[old], after[new], old.place))
    moved = {*moves, *moves.values()}
    found = [
        *changed,
        *(PackageChange(key, before[key], ()) for key in gone if key not in moved),
        *(PackageChange(key, (), after[key]) for key in come if key not in moved),
    ]
    return iter(sorted(found, key=lambda each: (_CHANGES.index(each.change), _KINDS.index(each.key.kind), each.key)))


def _pair_moves(gone: Iterable[PackageKey], come: Iterable[PackageKey]) -> Iterator[tuple[PackageKey, PackageKey]]:
    """Packages of one kind and name that went from one place and came to another, in order."""
    waiting: dict[tuple[PackageKind, str], deque[PackageKey]] = {}
    for key in come:
        waiting.setdefault((key.kind, key.name), deque()).append(key)
    for key in gone:
        if others := waiting.get((key.kind, key.name)):
            yield key, others.popleft()


_Found = Iterator[tuple[PackageKey, str]]


def _read_system(facts: FactSet) -> _Found:
    for database in facts.of(SystemPackages):
        for package in database.packages:
            yield (
                PackageKey(PackageKind.SYSTEM, f"{package.name}:{package.architecture}", database.manager),
                package.version,
            )


def _read_python(facts: FactSet) -> _Found:
    for package in facts.of(Distribution):
        yield PackageKey(PackageKind.PYTHON, package.key, package.site), package.version


def _read_conda(facts: FactSet) -> _Found:
    for package in facts.of(InstalledCondaPackage):
        version = f"{package.version}-{package.build}" if package.build else package.version
        yield PackageKey(PackageKind.CONDA, package.name, package.prefix), version


def _read_npm(facts: FactSet) -> _Found:
    for each in facts.of(NpmPackages):
        for package in each.packages:
            yield PackageKey(PackageKind.NPM, package.name, package.folder), package.version


def _read_java(facts: FactSet) -> _Found:
    for each in facts.of(JavaArchives):
        for archive in each.archives:
            if archive.artifact:
                name = f"{archive.group}:{archive.artifact}" if archive.group else archive.artifact
                yield PackageKey(PackageKind.JAVA, name, archive.path.rpartition("/")[0]), archive.version


_READERS: Final[tuple[Callable[[FactSet], _Found], ...]] = (
    _read_system, _read_python, _read_conda, _read_npm, _read_java,
)  # fmt: skip
