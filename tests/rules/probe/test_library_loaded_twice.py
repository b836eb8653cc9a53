"""PROBE032 library-loaded-twice: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.probe.live_libraries import TwiceLoadedLibrary
from layerscope.rules.probe.library_loaded_twice import LibraryLoadedTwice
from support.cases import flags, ignores

FACT = TwiceLoadedLibrary(
    Evidence(2, "opt/libgomp.so.1"), "libgomp.so.1", ("usr/lib/libgomp.so.1", "opt/libgomp.so.1"), "after the imports"
)


def test_flags_two_files_of_one_soname() -> None:
    """Both are named."""
    (finding,) = flags(LibraryLoadedTwice, FACT)
    assert finding.message == (
        "libgomp.so.1 was in memory 2 times after the imports: /usr/lib/libgomp.so.1 and /opt/libgomp.so.1"
    )
    assert [place.path for place in finding.locations] == ["opt/libgomp.so.1", "usr/lib/libgomp.so.1"]


def test_ignores_what_a_finding_in_the_files_says() -> None:
    """That one is confirmed instead."""
    ignores(LibraryLoadedTwice, replace(FACT, told_by="ELF008"))
