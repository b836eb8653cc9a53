"""glibc's search, step by step, over objects made by hand."""

from dataclasses import replace

import pytest

from layerscope.facts.elf.dynamic_tokens import Tokens
from layerscope.facts.elf.loader_settings import CachedLibrary
from support.loader_files import GLIBC, FilesOf, edges, library, replay

X = library(soname="libx.so")
"""What everything below needs."""

CACHE = {"libx.so": (CachedLibrary("/cached/libx.so", 0x0303, ""),)}


def where(files: FilesOf, path: str = "app", **settings: object) -> tuple[str | None, str]:
    """Where the program's only need leads, and by which step."""
    (edge,) = edges(replay(files, path, replace(GLIBC, **settings)))  # type: ignore[arg-type] # by name
    return edge[1:]


def everywhere(**program: object) -> FilesOf:
    """A program, and the library in every folder that some step searches."""
    folders = ("rpath", "path", "runpath", "cached", "lib", "usr/lib")
    return FilesOf({"app": library("libx.so", **program), **{f"{folder}/libx.so": X for folder in folders}})


def test_rpath_goes_before_the_variable() -> None:
    """As long as there is no RUNPATH."""
    assert where(everywhere(rpath="/rpath"), library_path=("/path",)) == ("rpath/libx.so", "RPATH")


def test_the_variable_goes_before_runpath() -> None:
    """Which also switches an RPATH of the same object off."""
    files = everywhere(rpath="/rpath", runpath="/runpath")
    assert where(files, library_path=("/path",)) == ("path/libx.so", "LD_LIBRARY_PATH")
    assert where(files) == ("runpath/libx.so", "RUNPATH")


def test_the_cache_goes_before_default_folders() -> None:
    """And a cached file that is gone leads on to them."""
    assert where(everywhere(), cache=CACHE) == ("cached/libx.so", "ld.so.cache")
    gone = {"libx.so": (CachedLibrary("/gone/libx.so", 0x0303, ""),)}
    assert where(everywhere(), cache=gone) == ("lib/libx.so", "default directories")


def test_the_cache_gives_the_best_subdirectory_that_the_processor_has() -> None:
    """Entries for another machine are passed over."""
    files = FilesOf({"app": library("libx.so"), "v3/libx.so": X, "v4/libx.so": X, "plain/libx.so": X})
    cache = {
        "libx.so": (
            CachedLibrary("/v4/libx.so", 0x0303, "x86-64-v4"),
            CachedLibrary("/v3/libx.so", 0x0303, "x86-64-v3"),
            CachedLibrary("/arm/libx.so", 0x0A03, ""),
            CachedLibrary("/plain/libx.so", 0x0303, ""),
        )
    }
    assert where(files, cache=cache, hwcaps=("x86-64-v3", "x86-64-v2")) == ("v3/libx.so", "ld.so.cache")
    assert where(files, cache=cache) == ("plain/libx.so", "ld.so.cache")


def test_every_folder_is_searched_by_subdirectory_first() -> None:
    """Best level first."""
    files = FilesOf({"app": library("libx.so"), "lib/libx.so": X, "lib/glibc-hwcaps/x86-64-v2/libx.so": X})
    assert where(files, hwcaps=("x86-64-v3", "x86-64-v2"))[0] == "lib/glibc-hwcaps/x86-64-v2/libx.so"


def test_an_object_may_refuse_the_default_folders() -> None:
    """DF_1_NODEFLIB, for the cache's entries in them as well."""
    cache = {"libx.so": (CachedLibrary("/lib/libx.so", 0x0303, ""),)}
    assert where(everywhere(flags_1=0x800), cache=cache) == (None, "not found")
    assert where(everywhere(flags_1=0x800), cache=CACHE)[0] == "cached/libx.so"


def test_another_class_or_machine_is_passed_over() -> None:
    """The next folder is tried."""
    files = FilesOf({
        "app": library("libx.so"),
        "a/libx.so": library(bits=32),
        "b/libx.so": library(machine=183),
        "c/libx.so": X,
    })  # fmt: skip
    assert where(files, library_path=("/a", "/b", "/c"))[0] == "c/libx.so"


def test_a_file_that_is_no_object_ends_the_search() -> None:
    """The loader reports an invalid ELF header, whatever lies behind."""
    files = FilesOf({"app": library("libx.so"), "a/libx.so": None, "lib/libx.so": X})
    process = replay(files, "app", replace(GLIBC, library_path=("/a",)))
    assert edges(process) == [("libx.so", "a/libx.so", "LD_LIBRARY_PATH")]
    assert process.objects[0].edges[0].is_unmet


def test_rpaths_of_those_that_loaded_an_object_count() -> None:
    """RUNPATHs do not, nor does an RPATH chain for an object that has a RUNPATH."""
    libraries = {"a/liby.so": library("libx.so"), "b/libx.so": X}
    assert edges(replay(FilesOf({"app": library("liby.so", rpath="/a:/b"), **libraries}), "app"))[1][1] == "b/libx.so"
    assert edges(replay(FilesOf({"app": library("liby.so", runpath="/a:/b"), **libraries}), "app"))[1][1] is None
    own = {"a/liby.so": library("libx.so", runpath="/none"), "b/libx.so": X}
    assert edges(replay(FilesOf({"app": library("liby.so", rpath="/a:/b"), **own}), "app"))[1][1] is None


def test_what_is_loaded_already_answers_to_its_soname() -> None:
    """Whatever its file is called, and before any search."""
    files = FilesOf({
        "app": library("liby.so", "libz.so"),
        "lib/liby.so": library(soname="libx.so"),
        "lib/libz.so": library("libx.so"),
        "lib/libx.so": X,
    })  # fmt: skip
    assert edges(replay(files, "app"))[2] == ("libx.so", "lib/liby.so", "already loaded")


def test_two_names_of_one_file_are_one_object() -> None:
    """A link leads to what is loaded."""
    files = FilesOf(
        {"app": library("libx.so.1", "libx.so"), "lib/libx.so.1.2": library()},
        {"lib/libx.so.1": "lib/libx.so.1.2", "lib/libx.so": "lib/libx.so.1.2"},
    )
    process = replay(files, "app")
    assert len(process.objects) == 2
    assert edges(process)[1] == ("libx.so", "lib/libx.so.1.2", "already loaded")


def test_objects_load_breadth_first() -> None:
    """The program's needs before theirs, so that an SONAME of the first counts."""
    files = FilesOf({
        "app": library("liba.so", "libb.so"),
        "lib/liba.so": library("libc.so"),
        "lib/libb.so": library(),
        "lib/libc.so": library(),
    })  # fmt: skip
    assert [item.path for item in replay(files, "app").objects] == ["app", "lib/liba.so", "lib/libb.so", "lib/libc.so"]


@pytest.mark.parametrize(
    ("rpath", "folder"),
    [
        ("$ORIGIN/../x", "opt/x"),
        ("${ORIGIN}", "opt/bin"),
        ("/usr/$LIB", "usr/lib/x86_64-linux-gnu"),
        ("/p/$PLATFORM", "p/x86_64"),
        ("rel", "work/rel"),
        (":", "work"),
        ("/$ORIGINAL", "$ORIGINAL"),
    ],
)
def test_tokens_and_relative_folders(rpath: str, folder: str) -> None:
    """They stand for the object's folder, the distribution's, the processor; the rest begins where one starts."""
    files = FilesOf({"opt/bin/app": library("libx.so", rpath=rpath), f"{folder}/libx.so": X})
    settings = {"tokens": Tokens("lib/x86_64-linux-gnu", "x86_64"), "working_directory": "/work"}
    assert where(files, "opt/bin/app", **settings)[0] == f"{folder}/libx.so"


def test_origin_is_the_folder_by_which_an_object_was_found() -> None:
    """A link's target does not count."""
    files = FilesOf(
        {"app": library("liby.so"), "real/liby.so": library("libx.so", runpath="$ORIGIN"), "lib/libx.so": X},
        {"lib/liby.so": "real/liby.so"},
    )
    assert edges(replay(files, "app"))[1] == ("libx.so", "lib/libx.so", "RUNPATH")


def test_a_name_with_a_slash_is_a_path() -> None:
    """From the working directory where it is relative."""
    files = FilesOf({"app": library("/opt/libx.so", "sub/liby.so"), "opt/libx.so": X, "work/sub/liby.so": library()})
    found = edges(replay(files, "app", replace(GLIBC, working_directory="/work")))
    assert [path for _, path, _ in found] == ["opt/libx.so", "work/sub/liby.so"]


def test_preloads_come_first() -> None:
    """One that is missing is left out, and remembered."""
    files = FilesOf({"app": library("libx.so"), "lib/libx.so": X, "opt/libj.so": library(soname="libx.so")})
    process = replay(files, "app", replace(GLIBC, preload=("/opt/libj.so", "libnone.so")))
    assert edges(process) == [("libx.so", "opt/libj.so", "already loaded")]
    assert process.failed_preloads == ["libnone.so"]


def test_injected_libraries_are_not_missing() -> None:
    """Where the image has none."""
    files = FilesOf({"app": library("libcuda.so.1")})
    process = replay(files, "app", injected=["libcuda.so.1"])
    assert edges(process) == [("libcuda.so.1", None, "injected at run time")]
    assert not process.objects[0].edges[0].is_unmet


def test_a_fork_loads_for_itself() -> None:
    """What it opens is not in the process that it came from."""
    files = FilesOf({"app": library("libx.so"), "lib/libx.so": X, "m.so": library("libx.so")})
    process = replay(files, "app")
    child = process.fork()
    opened = child.open("m.so", library("libx.so"), caller=child.objects[0])
    assert [edge.step for edge in opened.edges] == ["already loaded"]
    assert (len(process.objects), len(child.objects)) == (2, 3)
