"""PROBE033 deleted-live-library: what it flags and what it lets pass."""

from layerscope.facts.probe.live_libraries import DeletedLibrary, LiveLibraries
from layerscope.rules.probe.deleted_live_library import DeletedLiveLibrary
from support.cases import flags, ignores
from support.probe_facts import WHOLE


def test_flags_a_library_without_its_file() -> None:
    """It runs from a file that nobody can look at any more."""
    (finding,) = flags(DeletedLiveLibrary, DeletedLibrary(WHOLE, "opt/kernel.so", "after a generation"))
    assert finding.message == "/opt/kernel.so was in memory after a generation, and its file is gone"


def test_ignores_libraries_whose_files_are_there() -> None:
    """Even those that are in no layer."""
    ignores(DeletedLiveLibrary, LiveLibraries(WHOLE, 20, (), ("opt/kernel.so",), 12))
