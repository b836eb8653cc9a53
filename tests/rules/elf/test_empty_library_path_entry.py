"""ELF007 empty-library-path-entry: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.loader_configuration import SearchFolder
from layerscope.rules.elf.empty_library_path_entry import EmptyLibraryPathEntry
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import CONFIGURATION

EMPTY = replace(CONFIGURATION, library_path=(SearchFolder("/opt/lib", "opt/lib"), SearchFolder("", "app")))


def test_flags_an_empty_part() -> None:
    """It is the working directory."""
    (finding,) = flags(EmptyLibraryPathEntry, EMPTY)
    assert finding.message == (
        "LD_LIBRARY_PATH (ENV LD_LIBRARY_PATH=…) has an empty part, so that every program looks for its libraries in "
        "the folder it starts in (/app) as well"
    )
    assert finding.severity is Severity.LOW
    assert finding.fixes[0].steps[0] == "ENV LD_LIBRARY_PATH=/opt/lib"
    dead = replace(CONFIGURATION, library_path=(SearchFolder("/gone", None), SearchFolder("", "app")))
    (finding,) = flags(EmptyLibraryPathEntry, dead)
    assert finding.fixes[0].steps[0] == "ENV LD_LIBRARY_PATH=   (nothing is left of it: delete the line)"


def test_libraries_that_lie_there_make_it_worse() -> None:
    """A relative path is as bad, on musl as well."""
    folder = SearchFolder("lib", "app/lib", 1, None, 2)
    (finding,) = flags(EmptyLibraryPathEntry, replace(CONFIGURATION, kind="musl", library_path=(folder,)))
    assert "has the relative path lib" in finding.message
    assert finding.message.endswith(", where 2 libraries lie now")
    assert finding.severity is Severity.MEDIUM


def test_ignores_absolute_folders() -> None:
    """And tokens, and musl, which passes over empty parts."""
    ignores(EmptyLibraryPathEntry, replace(CONFIGURATION, library_path=(SearchFolder("$ORIGIN/lib", "$ORIGIN/lib"),)))
    ignores(EmptyLibraryPathEntry, replace(EMPTY, kind="musl"))


def test_says_so_where_no_step_of_the_history_sets_the_variable() -> None:
    """There is no line to look for."""
    (finding,) = flags(EmptyLibraryPathEntry, replace(EMPTY, library_path_step=""))
    assert finding.message.startswith(
        "LD_LIBRARY_PATH (set in the config; no step of the history sets it) has an empty part"
    )
