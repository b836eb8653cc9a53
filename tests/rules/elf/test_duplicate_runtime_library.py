"""ELF008 duplicate-runtime-library: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.duplicate_libraries import DuplicateLibrary, LibraryCopy
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.duplicate_runtime_library import DuplicateRuntimeLibrary
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import SITE, place


def copy(path: str, soname: str = "", version: str = "") -> LibraryCopy:
    """One file."""
    return LibraryCopy(place(path), soname, 1000, version, 1)


def duplicate(family: str, *copies: LibraryCopy, **more: object) -> DuplicateLibrary:
    """Copies that modules of one site load."""
    together = tuple(each.place.path for each in copies)
    fields = {"together": together, "process": SITE, "is_one_root": False, "required": "", **more}
    return DuplicateLibrary(Evidence(1), family, copies, **fields)  # type: ignore[arg-type] # by name


OPENMP = duplicate("OpenMP", copy("a/libgomp.so.1"), copy("b/libiomp5.so"))
CXX = duplicate(
    "libstdc++", copy("a/libstdc++.so.6", "", "GLIBCXX_3.4.9"), copy("b/libstdc++.so.6", "", "GLIBCXX_3.4.30")
)


def test_flags_two_openmp_runtimes() -> None:
    """Worse where one module loads both."""
    (finding,) = flags(DuplicateRuntimeLibrary, OPENMP)
    assert finding.message == f"Modules in /{SITE} load 2 copies of OpenMP: /a/libgomp.so.1 and /b/libiomp5.so"
    assert finding.severity is Severity.LOW
    (finding,) = flags(DuplicateRuntimeLibrary, replace(OPENMP, is_one_root=True))
    assert finding.severity is Severity.MEDIUM


def test_flags_a_libstdcxx_that_is_too_old_for_its_neighbours() -> None:
    """Compared by number."""
    (finding,) = flags(DuplicateRuntimeLibrary, replace(CXX, required="GLIBCXX_3.4.30"))
    assert finding.message.endswith("; objects there need GLIBCXX_3.4.30, which /a/libstdc++.so.6 does not have")
    assert finding.severity is Severity.MEDIUM
    assert flags(DuplicateRuntimeLibrary, replace(CXX, required="GLIBCXX_3.4.9"))[0].severity is Severity.LOW


def test_ignores_copies_that_never_meet() -> None:
    """And families that other rules look after."""
    ignores(DuplicateRuntimeLibrary, replace(OPENMP, together=()))
    ignores(DuplicateRuntimeLibrary, replace(OPENMP, family="CUDA runtime"))
