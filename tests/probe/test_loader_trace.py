"""The loader's own words: what it searched, what won and why, and how that compares with the replay."""

import sys
from pathlib import Path
from typing import Any

import pytest

from layerscope.facts.elf.loaded_objects import LoadedLibrary, LoadedObjects
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.probe.collect import ROLES, TRACE
from layerscope.probe.loader_trace import read_trace
from layerscope.probe.local_run import run_here
from layerscope.probe.observation import PASSED, Observation, StageResult
from layerscope.probe.payload.loader_trace import parse_trace
from layerscope.probe.spec import ProbeSpec
from layerscope.progress import SilentProgress

TRACED = """\
     7:\tfind library=liba.so.1 [0]; searching
     7:\t search path={old}/glibc-hwcaps/x86-64-v3:{old}\t\t(LD_LIBRARY_PATH)
     7:\t  trying file={old}/glibc-hwcaps/x86-64-v3/liba.so.1
     7:\t  trying file={old}/liba.so.1
     7:\t search path={new}\t\t(RUNPATH from file {new}/libmain.so)
     7:\t  trying file={new}/liba.so.1
     7:\t
     7:\tfind library=libb.so.2 [0]; searching
     7:\t search cache=/etc/ld.so.cache
     7:\t search path=/lib:/usr/lib\t\t(system search path)
     7:\t  trying file=/lib/libb.so.2
     7:\t  trying file=/usr/lib/libb.so.2
     7:\t
     7:\tcalling init: {new}/liba.so.1
     7:\t  trying file=/not/of/a/search
"""


def test_the_file_that_won_is_told_with_its_reason(tmp_path: Path) -> None:
    """What was tried before is counted, and what nothing was found for has no path."""
    new = tmp_path / "new"
    new.mkdir()
    (new / "liba.so.1.7").write_bytes(b"")
    (new / "liba.so.1").symlink_to("liba.so.1.7")
    first, second = parse_trace(TRACED.format(old=tmp_path / "old", new=new))
    assert first == {
        "name": "liba.so.1",
        "path": str(new / "liba.so.1.7"),
        "step": "RUNPATH",
        "for": str(new / "libmain.so"),
        "tried": [str(tmp_path / "old/glibc-hwcaps/x86-64-v3/liba.so.1"), str(tmp_path / "old/liba.so.1")],
        "count": 2,
    }
    assert (second["name"], second["path"], second["count"]) == ("libb.so.2", "", 2)


def test_text_that_is_no_trace_tells_nothing() -> None:
    """A program of the image may write to the same file."""
    assert parse_trace("") == []
    assert parse_trace("search path=/x\ntrying file=/y\n:\tfind library=") == [
        {"name": "", "path": "", "step": "", "for": "", "tried": [], "count": 0}
    ]


def test_this_python_is_traced() -> None:
    """The extension modules that an import loads make the loader search."""
    spec = ProbeSpec(sys.executable, modules=("ssl",), roles=(TRACE,))
    seen = run_here(spec, progress=SilentProgress())
    stage = seen.find("loader")
    assert stage is not None
    if stage.status != PASSED:
        pytest.skip(stage.detail)
    found = {each.name: each for each in read_trace(seen)}
    library = next((each for name, each in found.items() if name.startswith("libc.so")), None)
    assert library is not None
    assert Path(library.path).is_file()
    assert library.step


def test_the_stage_is_asked_for_by_its_role_alone() -> None:
    """It takes as long as the imports again."""
    assert "loader" not in ProbeSpec("python3", ("torch",)).stages
    assert "loader" in ProbeSpec("python3", ("torch",), roles=(*ROLES, TRACE)).stages


def trace(*libraries: object) -> Observation:
    """What a stage told of these."""
    values = {"modules": {"torch": {"libraries": list(libraries)}}}
    return Observation((StageResult("loader", "passed", values=values),))


def test_what_differs_from_the_replay_is_marked() -> None:
    """What agrees with it, or is in no replay, is not."""
    loads = (
        LoadedLibrary("liba.so.1", "opt/liba.so.1.7", SearchStep.RUNPATH, "_C.so"),
        LoadedLibrary("libb.so.2", "opt/libb.so.2", SearchStep.RUNPATH, "_C.so"),
    )
    facts = FactSet([LoadedObjects(Evidence(0, "opt/_C.so"), "opt/_C.so", 0, RootKind.EXTENSION, "py", 3, 0, loads)])
    seen = trace(
        {"name": "liba.so.1", "path": "/opt/liba.so.1.7"},
        {"name": "libb.so.2", "path": "/old/libb.so.2"},
        {"name": "libz.so.1", "path": "/lib/libz.so.1"},
    )
    assert [each.expected for each in read_trace(seen, facts)] == [(), ("/opt/libb.so.2",), ()]


def test_what_an_image_makes_up_is_left_out() -> None:
    """The records come from where anything may run."""
    assert read_trace(trace("x", {"name": 1, "tried": "x", "count": "y"}))[0].name == "1"
    made_up: list[dict[str, Any]] = [
        {},
        {"modules": 3},
        {"modules": {"torch": []}},
        {"modules": {"torch": {"libraries": 3}}},
    ]
    for values in made_up:
        assert read_trace(Observation((StageResult("loader", "passed", values=values),))) == ()
