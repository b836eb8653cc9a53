"""Scripts are told by interpreter."""

from layerscope.facts.system.scripts import ScriptCollector, Scripts
from support.contexts import collect, make_context
from support.tar_member import TarMember, directory, file, symlink, whiteout

BINARY = b"\x7fELF"


def scripts(*layers: tuple[TarMember, ...]) -> tuple[Scripts, ...]:
    """The facts of these layers."""
    return collect(ScriptCollector, make_context(*layers)).of(Scripts)


def test_groups_scripts_on_the_path_by_interpreter() -> None:
    """Also where a folder of the path is a link."""
    (found,) = scripts(
        (
            directory("usr/bin"),
            symlink("bin", "usr/bin"),
            file("usr/bin/perl", BINARY, mode=0o755),
            file("usr/bin/b", b"#!/usr/bin/perl\n", mode=0o755),
            file("usr/bin/a", b"#!/usr/bin/perl\n", mode=0o755),
        )
    )
    assert (found.interpreter, found.count, found.paths, found.is_on_path) == (
        "/usr/bin/perl",
        2,
        ("usr/bin/a", "usr/bin/b"),
        True,
    )
    assert found.missing is None


def test_names_the_program_that_is_missing() -> None:
    """The interpreter, or env itself."""
    (found,) = scripts(
        (file("usr/bin/env", BINARY, mode=0o755), file("usr/bin/a", b"#!/usr/bin/env ruby\n", mode=0o755))
    )
    assert found.missing is not None
    assert found.missing.word == "ruby"


def test_tells_carriage_returns_anywhere() -> None:
    """The interpreter is named without it."""
    (found,) = scripts((file("bin/sh", BINARY, mode=0o755), file("app/x", b"#!/bin/sh\r\n", mode=0o755)))
    assert (found.interpreter, found.has_carriage_return, found.is_on_path) == ("/bin/sh", True, False)


def test_a_carriage_return_of_what_is_no_program_is_left_out() -> None:
    """Nobody runs it by name."""
    layer = (file("app/x", b"#!/bin/sh\r\n", mode=0o644), file("app/bin/y", b"#!/bin/sh\r\n", mode=0o644))
    (found,) = scripts(layer)
    assert found.paths == ("app/bin/y",)


def test_leaves_out_scripts_off_the_path_and_out_of_sight() -> None:
    """Examples that nobody starts, and files that are gone."""
    layer = (file("usr/share/x", b"#!/bin/tclsh\n", mode=0o755), file("usr/bin/y", b"#!/bin/tclsh\n", mode=0o755))
    assert scripts(layer, (whiteout("usr/bin/y"),)) == ()
