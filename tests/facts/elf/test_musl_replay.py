"""musl's search, step by step, over objects made by hand."""

from dataclasses import replace

from support.loader_files import MUSL, FilesOf, edges, library, replay

LOADER = "lib/ld-musl-x86_64.so.1"
X = library(soname="libx.so")


def test_the_variable_goes_before_rpath_and_runpath() -> None:
    """Which are the same to musl."""
    for tag in ("rpath", "runpath"):
        files = FilesOf(
            {
                "app": library("libx.so", **{tag: "/own"}),
                "own/libx.so": X,
                "path/libx.so": X,
                LOADER: library(),
            }
        )
        assert edges(replay(files, "app", replace(MUSL, library_path=("/path",))))[0][1] == "path/libx.so"
        assert edges(replay(files, "app", MUSL))[0][1:] == ("own/libx.so", tag.upper())


def test_runpaths_are_inherited() -> None:
    """Unlike glibc's."""
    files = FilesOf({
        "app": library("liby.so", runpath="/a:/b"),
        "a/liby.so": library("libx.so"),
        "b/libx.so": X,
        LOADER: library(),
    })  # fmt: skip
    assert edges(replay(files, "app", MUSL))[1][1] == "b/libx.so"


def test_the_loader_is_the_c_library() -> None:
    """Under every name of its parts, glibc's included."""
    names = ("libc.musl-x86_64.so.1", "libc.so.6", "libpthread.so.0", "libm.so")
    files = FilesOf({"app": library(*names), LOADER: library(), "lib/libm.so": library()})
    assert {path for _, path, _ in edges(replay(files, "app", MUSL))} == {LOADER}


def test_sonames_say_nothing() -> None:
    """An object is known by the name of the file that a search found."""
    files = FilesOf({
        "app": library("liby.so", "libx.so"),
        "lib/liby.so": library(soname="libx.so"),
        "usr/lib/libx.so": X,
        LOADER: library(),
    })  # fmt: skip
    assert [path for _, path, _ in edges(replay(files, "app", MUSL))] == ["lib/liby.so", "usr/lib/libx.so"]


def test_another_machine_is_not_passed_over() -> None:
    """Musl takes the first file of the name, and fails."""
    files = FilesOf({"app": library("libx.so"), "lib/libx.so": library(machine=183), "usr/lib/libx.so": X, LOADER: X})
    assert edges(replay(files, "app", MUSL))[0][1] == "lib/libx.so"
