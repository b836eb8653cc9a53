"""LD_LIBRARY_PATH in cures: one line, whichever finding is followed."""

from msgspec.structs import replace

from layerscope.facts.cuda.driver_files import DriverFileKind
from layerscope.facts.elf.loader_configuration import SearchFolder
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact_set import FactSet
from layerscope.rules.elf.dead_library_path_entry import DeadLibraryPathEntry
from layerscope.rules.elf.empty_library_path_entry import EmptyLibraryPathEntry
from layerscope.rules.elf.undefined_symbol import UndefinedSymbol
from layerscope.rules.library_path import propose_library_path
from support.cases import flags
from support.cuda_facts import driver_file
from support.elf_facts import CONFIGURATION, SHADOW, SYMBOLS, VERSION, place

DELETE = "ENV LD_LIBRARY_PATH=   (nothing is left of it: delete the line)"

MIXED = replace(
    CONFIGURATION,
    library_path=(
        SearchFolder("/opt/old/", "opt/old", 3),
        SearchFolder("/opt/missing", None),
        SearchFolder("", "app"),
    ),
)


def test_three_findings_on_the_variable_propose_one_line() -> None:
    """A shadowing, a dead and an empty part: who follows all three does not put the fault back."""
    symbols = replace(SYMBOLS, libraries=(SHADOW.winner,))
    for rule in (UndefinedSymbol, DeadLibraryPathEntry, EmptyLibraryPathEntry):
        (finding,) = flags(rule, symbols, SHADOW, MIXED)
        assert finding.fixes[0].steps[0] == DELETE


def test_a_line_that_is_in_no_step_cannot_be_deleted() -> None:
    """The config alone sets the variable: an empty value takes its place."""
    unknown = replace(MIXED, library_path_step="")
    expected = "ENV LD_LIBRARY_PATH=   (nothing is left of it: empty it in the last stage)"
    assert propose_library_path(FactSet((SHADOW, unknown))) == expected


def test_folders_without_blame_stay() -> None:
    """As they are written, also where a copy that is the same wins."""
    whole = replace(CONFIGURATION, library_path=(*MIXED.library_path, SearchFolder("/opt/lib", "opt/lib", 1)))
    assert propose_library_path(FactSet((SHADOW, whole))) == "ENV LD_LIBRARY_PATH=/opt/lib"
    same = FactSet((replace(SHADOW, is_same=True), whole))
    assert propose_library_path(same) == "ENV LD_LIBRARY_PATH=/opt/old/:/opt/lib"


def test_a_blamed_folder_is_known_by_its_real_path() -> None:
    """The variable names a link, and the library lies in a folder of variants."""
    linked = replace(CONFIGURATION, library_path=(SearchFolder("/opt/link", "opt/old", 3),))
    provider = place("opt/old/glibc-hwcaps/x86-64-v3/libstdc++.so.6")
    version = replace(VERSION, step=SearchStep.LIBRARY_PATH, provider=provider)
    assert propose_library_path(FactSet((version, linked))) == DELETE
    assert propose_library_path(FactSet((VERSION, linked))) == "ENV LD_LIBRARY_PATH=/opt/link"


def test_a_folder_of_stubs_is_not_proposed() -> None:
    """Another finding takes it out."""
    stubs = "usr/local/cuda/lib64/stubs"
    folders = (SearchFolder(f"/{stubs}", stubs, 1), SearchFolder("/opt/lib", "opt/lib", 1))
    stub = replace(driver_file(f"{stubs}/libcuda.so.1", DriverFileKind.STUB), search="LD_LIBRARY_PATH")
    facts = FactSet((stub, replace(CONFIGURATION, library_path=folders)))
    assert propose_library_path(facts) == "ENV LD_LIBRARY_PATH=/opt/lib"
