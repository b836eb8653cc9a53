"""Where libraries of one part of CUDA differ in version although one process may load both."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.cuda.libraries import CudaLibrary
from layerscope.facts.cuda.packages import CudaPackage
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.cuda.releases import major, numbers
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.rules.cuda_stack import live_copies

FIELDS: Final = 3
"""Numbers of a version that are compared: file names have three, wheels a fourth for the build."""


def find_split_folders(facts: FactSet, part: str) -> Iterator[tuple[str, list[str], tuple[Evidence, ...]]]:
    """Folders with libraries of one major version in several versions: folder, versions, and a file of each."""
    folders: dict[tuple[str, str, int | None], dict[str, CudaLibrary]] = {}
    for library in facts.of(CudaLibrary):
        if library.part == part and len(numbers(library.suffix)) >= FIELDS:
            folder = (library.evidence.path or "").rpartition("/")[0]
            versions = folders.setdefault((folder, part, major(library.suffix)), {})
            versions.setdefault(library.suffix, library)
    for (folder, _, _), versions in sorted(folders.items(), key=lambda item: (item[0][0], item[0][2] or 0)):
        if len(versions) > 1:
            ordered = sorted(versions, key=numbers)
            yield folder, ordered, tuple(versions[version].evidence for version in ordered)


def find_clashing_packages(facts: FactSet, beginning: str) -> Iterator[tuple[str, list[CudaPackage]]]:
    """Environments with wheels of one part for several CUDA versions, in different versions: they share their files."""
    environments: dict[str, list[CudaPackage]] = {}
    for package in facts.of(CudaPackage):
        if package.manager == "wheel" and package.name.startswith(beginning):
            environments.setdefault(package.environment, []).append(package)
    for environment, packages in sorted(environments.items()):
        if len({each.name for each in packages}) > 1 and len({each.version for each in packages}) > 1:
            yield environment, sorted(packages, key=lambda each: each.name)


def find_searched_first(facts: FactSet, part: str) -> Iterator[tuple[CudaLibrary, CudaLibrary]]:
    """Libraries on LD_LIBRARY_PATH that differ in version from an environment's own of the same name and number."""
    wheels = {copy.root for copy in live_copies(facts) if copy.kind is CopyKind.WHEEL}
    libraries = [each for each in facts.of(CudaLibrary) if each.part == part and each.version]
    own = {(each.name, major(each.suffix)): each for each in libraries if each.copy in wheels}
    told: set[tuple[str, str]] = set()
    for library in libraries:
        other = own.get((library.name, major(library.suffix)))
        if library.search != "LD_LIBRARY_PATH" or other is None or library.copy == other.copy:
            continue
        is_other = numbers(library.version)[:FIELDS] != numbers(other.version)[:FIELDS]
        if is_other and (library.copy, other.copy) not in told:
            told.add((library.copy, other.copy))
            yield library, other
