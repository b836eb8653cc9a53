"""What an image's facts say of a library that was not found, or of a symbol version that a library lacks."""

from collections.abc import Iterator
from typing import Final

from layerscope.audit.files import tell_soname
from layerscope.audit.result import AuditResult
from layerscope.audit.statement import Bearing, Statement
from layerscope.facts.cuda.libraries import CudaLibrary, RemovedCudaLibrary
from layerscope.facts.cuda.library_names import read_library_name
from layerscope.facts.elf.inventory import FAMILIES, ElfInventory, SymbolVersion, parse_version
from layerscope.facts.elf.libc import LibcProvided
from layerscope.facts.elf.unmet_needs import UnmetNeed, UnreachedNeed
from layerscope.facts.fact_set import FactSet
from layerscope.rules.wording import tell_list, tell_path

SHOWN: Final = 5
"""Copies of a library that are told one by one."""

_LIBRARIES: Final = {"GLIBC": "libc.so.6", "GLIBCXX": "libstdc++.so.6", "CXXABI": "libstdc++.so.6"}


def tell_version(facts: FactSet, version: str, *, is_whole: bool) -> Iterator[Statement]:
    """Whether the image's own C or C++ library provides `GLIBC_2.38`; nothing for other libraries' versions."""
    family, _, number = version.partition("_")
    wanted = parse_version(number) if family in FAMILIES else None
    if wanted is None:
        return
    provided = sorted(_find_provided(facts, family), key=lambda each: (each.path.count("/"), each.path))
    for each in provided[:SHOWN]:
        has = (parse_version(each.version) or ()) >= wanted
        told = f"{tell_path(each.path)} (layer {each.layer}) provides versions up to {family}_{each.version}"
        if has:
            told += f", so {version} is there: another copy was loaded, or the message is from another image"
        else:
            told += f": {version} is not among them"
        yield Statement(told, Bearing.CONTRADICTS if has else Bearing.EXPLAINS)
    musl = next((each for each in facts.of(LibcProvided) if each.kind == "musl"), None)
    if not provided and family == "GLIBC" and musl is not None:
        yield Statement(f"its C library is musl ({tell_path(musl.path)}), which has no {version}", Bearing.EXPLAINS)
    elif not provided and is_whole:
        yield Statement(f"there is no {_LIBRARIES[family]} in it that provides {family} versions", Bearing.EXPLAINS)


def _find_provided(facts: FactSet, family: str) -> set[SymbolVersion]:
    """The newest version of a family in each library that provides it."""
    inventory = facts.find(ElfInventory)
    found = set() if inventory is None else {each for each in inventory.cxx if each.family == family}
    if family == "GLIBC":
        found = {
            SymbolVersion("GLIBC", each.version, each.path, each.layer)
            for each in facts.of(LibcProvided)
            if each.kind == "glibc" and each.version
        }
        found |= {inventory.glibc} if inventory is not None and inventory.glibc is not None else set()
    return found


def tell_library(result: AuditResult, soname: str, *, is_whole: bool) -> Iterator[Statement]:
    """Where the image has a library, which layer removed it, and what asks for it in vain."""
    facts = result.facts
    yield from _tell_needs(facts, soname)
    asked = read_library_name(soname)
    if asked is None:
        yield from tell_soname(result, soname)
        return
    for removed in facts.of(RemovedCudaLibrary):
        if (removed.evidence.path or "").rpartition("/")[2] == soname:
            told = f"layer {removed.evidence.layer} removed {tell_path(removed.evidence.path or soname)}"
            yield Statement(told, Bearing.EXPLAINS)
    copies = [each for each in facts.of(CudaLibrary) if each.name == asked.name]
    for each in copies[:SHOWN]:
        yield _tell_copy(each, soname)
    if len(copies) > SHOWN:
        yield Statement(f"{len(copies) - SHOWN:,} more copies of lib{asked.name}", Bearing.OPEN)
    if not copies and is_whole:
        yield Statement(f"no file called lib{asked.name}.so* is in it", Bearing.EXPLAINS)


def _tell_needs(facts: FactSet, soname: str) -> Iterator[Statement]:
    """The first object that fails for want of the library, and the first that would."""
    need = next((each for each in facts.of(UnmetNeed) if each.needed == soname), None)
    if need is not None:
        where = f", which lies at {tell_list(map(tell_path, need.elsewhere))}" if need.elsewhere else ""
        told = f"{tell_path(need.place.path)} (layer {need.place.layer}) needs {soname}{where} and does not find it"
        yield Statement(told, Bearing.EXPLAINS)
    plugin = next((each for each in facts.of(UnreachedNeed) if each.needed == soname), None)
    if plugin is not None:
        told = f"{tell_path(plugin.example.path)} (layer {plugin.example.layer}), which nothing loads by itself,"
        yield Statement(f"{told} needs {soname} and would not find it", Bearing.EXPLAINS)


def _tell_copy(library: CudaLibrary, soname: str) -> Statement:
    """One copy: under the name that was asked for, or under another."""
    path = library.evidence.path or ""
    name = path.rpartition("/")[2]
    version = f", version {library.version}" if library.version else ""
    told = f"{tell_path(path)} (layer {library.evidence.layer}{version})"
    if name != soname and not name.startswith(f"{soname}."):
        return Statement(f"{told} is another one than {soname}", Bearing.EXPLAINS)
    if library.search:
        return Statement(f"{told} is there, and {library.search} has programs look there", Bearing.CONTRADICTS)
    folder = tell_path(path.rpartition("/")[0])
    return Statement(
        f"{told} is there, but only objects whose RPATH or RUNPATH names {folder}, or programs that open it by its "
        "path, find it",
        Bearing.OPEN,
    )
