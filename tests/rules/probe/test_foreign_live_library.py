"""PROBE031 foreign-live-library: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact import Evidence
from layerscope.facts.probe.live_libraries import LiveLibraries, UnexpectedLibrary
from layerscope.rules.probe.foreign_live_library import ForeignLiveLibrary
from support.cases import flags, ignores
from support.probe_facts import WHOLE

FACT = UnexpectedLibrary(
    evidence=Evidence(3, "opt/old/libz.so.1"),
    soname="libz.so.1",
    found="opt/old/libz.so.1",
    expected="usr/lib/libz.so.1",
    step=SearchStep.RUNPATH,
    root="site/torch/_C.so",
    moment="after the imports",
)


def test_flags_a_library_from_elsewhere() -> None:
    """Modules that ask for the same one are counted."""
    (finding,) = flags(ForeignLiveLibrary, FACT, replace(FACT, root="site/torch/other.so"))
    assert finding.message == (
        "/site/torch/_C.so and 1 other module got libz.so.1 from /opt/old/libz.so.1, expected /usr/lib/libz.so.1 "
        "(RUNPATH); seen after the imports"
    )
    assert [place.path for place in finding.locations] == ["opt/old/libz.so.1", "usr/lib/libz.so.1"]


def test_tells_a_library_that_no_search_finds_and_one_of_no_layer() -> None:
    """A program may open what it needs by its path, before a module asks for it."""
    fact = replace(FACT, evidence=WHOLE, expected="", step=SearchStep.NOWHERE, is_in_image=False)
    (finding,) = flags(ForeignLiveLibrary, fact)
    assert "which is not in the image, and by its own search finds none" in finding.message
    assert [place.path for place in finding.locations] == [None]


def test_ignores_libraries_that_are_where_they_should_be() -> None:
    """A count alone is no finding."""
    ignores(ForeignLiveLibrary, LiveLibraries(WHOLE, 20, (), (), 12))
