"""Libraries in memory against the replayed loader: what differs, and what only looks as if it did."""

from dataclasses import dataclass
from typing import Any

from layerscope.facts.elf.loaded_objects import LoadedLibrary, LoadedObjects
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.live_libraries import (
    DeletedLibrary,
    LiveLibraries,
    TwiceLoadedLibrary,
    UnexpectedLibrary,
)
from layerscope.probe.live_libraries import Mapped, compare_libraries, read_mapped
from layerscope.probe.observation import Observation, StageResult

ROOT = "site/torch/_C.so"
MOMENT = "after the imports"


@dataclass(frozen=True)
class File:
    """A file of the image."""

    layer: int
    digest: bytes | None


FILES = {
    ROOT: File(2, b"module"),
    "usr/lib/libz.so.1.3": File(0, b"new"),
    "opt/libz.so.1.2": File(3, b"old"),
    "opt/copy/libz.so.1.3": File(3, b"new"),
}


def replayed(*loads: LoadedLibrary) -> LoadedObjects:
    """What the files say that the module loads."""
    return LoadedObjects(Evidence(2, ROOT), ROOT, 2, RootKind.EXTENSION, "usr/bin/python3", 2, 0, loads)


NEEDS_Z = replayed(LoadedLibrary("libz.so.1", "usr/lib/libz.so.1.3", SearchStep.RUNPATH, "_C.so"))


def mapped(*paths: str) -> list[Mapped]:
    """The module and these libraries in memory, each called libz.so.1."""
    return [Mapped(ROOT, "", MOMENT), *(Mapped(path, "libz.so.1", MOMENT) for path in paths)]


def compare(found: list[Mapped], fact: LoadedObjects = NEEDS_Z) -> list[Fact]:
    """The differences, without the count."""
    told = compare_libraries(found, FactSet([fact]), FILES.get, lambda name: name.startswith("libcuda.so"))
    assert isinstance(told[0], LiveLibraries)
    return list(told[1:])


def test_a_library_from_another_file_is_unexpected() -> None:
    """With both files, how the expected one was found, and the layer of the other."""
    (fact,) = compare(mapped("opt/libz.so.1.2"))
    assert fact == UnexpectedLibrary(
        evidence=Evidence(3, "opt/libz.so.1.2"),
        soname="libz.so.1",
        found="opt/libz.so.1.2",
        expected="usr/lib/libz.so.1.3",
        step=SearchStep.RUNPATH,
        root=ROOT,
        moment=MOMENT,
    )


def test_the_file_that_was_expected_is_no_difference() -> None:
    """Nor is one that is equal to it, byte for byte."""
    assert compare(mapped("usr/lib/libz.so.1.3")) == []
    assert compare(mapped("opt/copy/libz.so.1.3")) == []


def test_a_module_that_is_not_in_memory_is_not_compared() -> None:
    """What it would load says nothing of what others did."""
    assert compare(mapped("opt/libz.so.1.2")[1:]) == []


def test_what_the_runtime_brings_is_told_apart() -> None:
    """It is in no layer, and is expected; a library of no layer at all is named."""
    fact = replayed(LoadedLibrary("libcuda.so.1", None, SearchStep.INJECTED, "_C.so"))
    found = [
        *mapped(),
        Mapped("usr/lib/libcuda.so.550.54", "libcuda.so.1", MOMENT),
        Mapped("mnt/libown.so", "", MOMENT),
    ]
    told = compare_libraries(found, FactSet([fact]), FILES.get, lambda name: name.startswith("libcuda.so"))
    assert told == (LiveLibraries(Evidence(), 3, ("usr/lib/libcuda.so.550.54",), ("mnt/libown.so",), 0),)


def test_a_need_that_no_search_meets_may_be_met_by_what_is_there() -> None:
    """Torch opens CUDA's libraries by their paths before its module asks for them by name."""
    fact = replayed(LoadedLibrary("libz.so.1", None, SearchStep.NOWHERE, "_C.so"))
    (found,) = compare(mapped("opt/libz.so.1.2"), fact)
    assert isinstance(found, UnexpectedLibrary)
    assert found.expected == ""


def test_one_soname_of_two_files_is_told_with_both() -> None:
    """Two equal files are one library at two places, and no finding."""
    (fact,) = compare(mapped("usr/lib/libz.so.1.3", "opt/libz.so.1.2"))
    assert isinstance(fact, TwiceLoadedLibrary)
    assert fact.paths == ("usr/lib/libz.so.1.3", "opt/libz.so.1.2")
    assert fact.evidence == Evidence(3, "opt/libz.so.1.2")
    assert compare(mapped("usr/lib/libz.so.1.3", "opt/copy/libz.so.1.3")) == []


def test_a_file_that_is_gone_is_told() -> None:
    """And compared with nothing."""
    (fact,) = compare([*mapped("usr/lib/libz.so.1.3"), Mapped("opt/gone.so", "", MOMENT, is_deleted=True)])
    assert fact == DeletedLibrary(Evidence(), "opt/gone.so", MOMENT)


def observe(**stages: Any) -> Observation:
    """Stages that tell these libraries."""
    return Observation(tuple(StageResult(name, "passed", values={"mapped": told}) for name, told in stages.items()))


def test_libraries_are_told_by_the_stage_that_brought_them() -> None:
    """Each at the first one."""
    first = {"folders": {"/usr/lib": {"libz.so.1.3": "libz.so.1"}}, "deleted": [], "left_out": 0}
    later = {"folders": {"/usr/lib": {"libz.so.1.3": "libz.so.1"}, "/opt": {"a.so": ""}}, "deleted": ["/opt/b.so"]}
    assert read_mapped(observe(imports=first, detokenize=later)) == (
        Mapped("usr/lib/libz.so.1.3", "libz.so.1", MOMENT),
        Mapped("opt/a.so", "", "after a generation"),
        Mapped("opt/b.so", "", "after a generation", is_deleted=True),
    )


def test_what_an_image_makes_up_is_left_out() -> None:
    """The records come from where anything may run."""
    made_up: list[Any] = [[], "x", {"folders": ["x"], "deleted": {"x": 1}}, {"folders": {"/x": ["y"]}, "deleted": 3}]
    for told in made_up:
        assert read_mapped(observe(imports=told)) == ()
