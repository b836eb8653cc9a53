"""What this host's own ld.so loads is what the replay of it finds: edge for edge, over real and invented objects."""

import os
import platform
import sys
import sysconfig
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.facts.elf.loader_settings import LoaderSettings
from support.elf_writer import ElfPlan, write_elf
from support.host_loader import LOADER, HostFiles, Loaded, ask_loader, host_settings, replay_loader

pytestmark = pytest.mark.skipif(
    not LOADER.exists() or platform.machine() != "x86_64", reason="needs glibc's loader for x86-64 on this host"
)

FOLDERS = ("a", "b", "a/c")
NAMES = ("libone.so", "libtwo.so", "libthree.so", "libfour.so")
PATHS = ("$ORIGIN", "$ORIGIN/../b", "{root}/a", "{root}/a:{root}/b", "${{ORIGIN}}/c", "{root}/none", "")


@pytest.fixture(scope="module")
def configured() -> LoaderSettings:
    """This host's loader."""
    return host_settings()


@pytest.fixture(scope="module")
def files() -> HostFiles:
    """This host's files."""
    return HostFiles()


def host_objects() -> list[Path]:
    """Some programs, modules and libraries of this host."""
    modules = sorted(Path(sysconfig.get_paths()["stdlib"], "lib-dynload").glob("*.so"))[:25]
    programs = [
        Path(sys.executable),
        *map(Path, ("/usr/bin/git", "/usr/bin/ssh", "/usr/bin/gcc", "/bin/sh", "/bin/ls")),
    ]
    libraries = sorted(Path("/usr/lib/x86_64-linux-gnu").glob("lib[c-s]*.so.*"))[:30]
    return [path for path in (*programs, *modules, *libraries) if path.is_file()]


@pytest.mark.parametrize("uses_cache", [True, False], ids=["cache", "no cache"])
def test_agrees_on_this_hosts_objects(configured: LoaderSettings, files: HostFiles, *, uses_cache: bool) -> None:
    """Programs, Python's modules and libraries; with and without the cache."""
    for path in host_objects():
        elf = files.find_object(os.path.realpath(path).lstrip("/"))
        if elf is not None and elf.is_dynamic and elf.bits == 64 and "ld-linux" not in path.name:
            found = replay_loader(files, path, configured, uses_cache=uses_cache)
            assert found == ask_loader(path, uses_cache=uses_cache), path


def test_agrees_on_a_library_that_the_variable_puts_in_front(
    configured: LoaderSettings, files: HostFiles, tmp_path: Path
) -> None:
    """A copy of a library of the host's, and a file of another machine before it."""
    shadowed = next(path for name, path in ask_loader(Path(sys.executable)).items() if path and name == "libm.so.6")
    for folder in ("foreign", "copy"):
        (tmp_path / folder).mkdir()
    (tmp_path / "foreign/libm.so.6").write_bytes(write_elf(ElfPlan(machine=183, soname="libm.so.6")))
    (tmp_path / "copy/libm.so.6").write_bytes(Path(shadowed).read_bytes())
    library_path = (str(tmp_path / "foreign"), str(tmp_path / "copy"))
    expected = ask_loader(Path(sys.executable), library_path=library_path)
    assert expected["libm.so.6"] == str(tmp_path / "copy/libm.so.6")
    assert replay_loader(files, Path(sys.executable), configured, library_path=library_path) == expected


@dataclass(frozen=True)
class Sketch:
    """The part of an object that matters here; search paths may hold `{root}`."""

    needed: tuple[str, ...] = ()
    rpath: str | None = None
    runpath: str | None = None
    soname: str | None = None
    flags_1: int = 0

    def write(self, root: Path) -> bytes:
        """The object, its search paths below a folder."""
        rpath = None if self.rpath is None else self.rpath.format(root=root)
        runpath = None if self.runpath is None else self.runpath.format(root=root)
        return write_elf(
            ElfPlan(needed=self.needed, rpath=rpath, runpath=runpath, soname=self.soname, flags_1=self.flags_1)
        )


SKETCHES = st.builds(
    Sketch,
    needed=st.lists(st.sampled_from((*NAMES, "libalias.so")), max_size=3, unique=True).map(tuple),
    rpath=st.none() | st.sampled_from(PATHS),
    runpath=st.none() | st.sampled_from(PATHS),
    soname=st.none() | st.sampled_from((*NAMES, "libalias.so")),
    flags_1=st.sampled_from((0, 0, 0, 0x800)),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    root=SKETCHES,
    objects=st.dictionaries(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)), SKETCHES, max_size=8),
    library_path=st.lists(st.sampled_from(("{root}/a", "{root}/b", "b", "", "$ORIGIN/a/c")), max_size=2),
)
def test_agrees_on_invented_objects(
    configured: LoaderSettings,
    root: Sketch,
    objects: dict[tuple[str, str], Sketch],
    library_path: list[str],
) -> None:
    """Any few libraries in three folders, with any search paths and SONAMEs."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(os.path.realpath(name))
        for folder in FOLDERS:
            (place / folder).mkdir(parents=True, exist_ok=True)
        for (folder, file_name), sketch in {**objects, ("", "root.so"): root}.items():
            (place / folder / file_name).write_bytes(sketch.write(place))
        parts = tuple(part.format(root=place) for part in library_path)
        here = replace(configured, working_directory=str(place))
        found = replay_loader(HostFiles(), place / "root.so", here, library_path=parts)
        expected = ask_loader(place / "root.so", library_path=parts, cwd=place)
        assert _plain(found, place) == _plain(expected, place)


def _plain(found: Loaded, place: Path) -> Loaded:
    """Absolute paths without `.` and `..`: the loader shows them as it put them together."""
    return {name: None if path is None else os.path.realpath(place / path) for name, path in found.items()}
