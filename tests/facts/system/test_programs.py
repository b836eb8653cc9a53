"""Words are followed to files as execve and a PATH search would."""

import pytest

from layerscope.facts.system.programs import Program, ProgramFinder, ProgramState
from layerscope.image.config import RuntimeConfig
from support.contexts import make_context
from support.tar_member import TarMember, directory, file, symlink, whiteout

BINARY = b"\x7fELF"


def find(word: str, *layers: tuple[TarMember, ...], env: tuple[str, ...] = (), working_dir: str = "") -> Program:
    """What a word names in an image."""
    context = make_context(*layers, runtime=RuntimeConfig(env=env, working_dir=working_dir))
    return ProgramFinder(context).find(word)


def test_searches_the_path_in_order() -> None:
    """The first file that can be run wins."""
    layer = (file("opt/bin/x", BINARY), file("usr/bin/x", BINARY, mode=0o755), file("bin/x", BINARY, mode=0o755))
    assert find("x", layer, env=("PATH=/opt/bin:/usr/bin:/bin",)).path == "usr/bin/x"


def test_searches_the_usual_folders_without_a_path() -> None:
    """Runtimes have a default."""
    assert find("x", (file("usr/local/bin/x", BINARY, mode=0o755),)).path == "usr/local/bin/x"


def test_says_why_a_file_cannot_be_run() -> None:
    """No permission, or no file."""
    layer = (file("usr/bin/x", BINARY, mode=0o644), directory("usr/bin/y"))
    assert find("x", layer).state is ProgramState.NOT_EXECUTABLE
    assert find("/usr/bin/y", layer).state is ProgramState.NOT_A_FILE


def test_a_script_that_cannot_be_run_still_has_its_carriage_return() -> None:
    """It is what stops it next; of other files without permission no line is kept."""
    layer = (file("app/x", b"#!/bin/sh\r\n", mode=0o644), file("app/y", b"#!/bin/sh\n", mode=0o644))
    found = find("/app/x", layer)
    assert found.state is ProgramState.NOT_EXECUTABLE
    assert found.shebang is not None
    assert found.shebang.has_carriage_return
    assert find("/app/y", layer).shebang is None


def test_says_where_a_missing_program_went() -> None:
    """Removed by a layer, or the end of a link; a bare name that never was has no place."""
    layers = ((file("usr/bin/x", BINARY, mode=0o755), symlink("usr/bin/y", "/opt/y")), (whiteout("usr/bin/x"),))
    assert find("x", *layers).removed_by == 1
    assert find("y", *layers).link_target == "/opt/y"
    assert find("z", *layers) == Program("z", ProgramState.MISSING)
    assert find("./a/../z", *layers, working_dir="/app").path == "app/z"


@pytest.mark.parametrize(
    ("line", "interpreter"),
    [(b"#!/bin/sh", "bin/sh"), (b"#!/usr/bin/env sh", "bin/sh"), (b"#!/usr/bin/env -S sh -e", "bin/sh")],
)
def test_follows_a_scripts_interpreter(line: bytes, interpreter: str) -> None:
    """Through env to the program that it looks up."""
    layer = (
        file("bin/sh", BINARY, mode=0o755),
        file("usr/bin/env", BINARY, mode=0o755),
        file("app/run", line + b"\n", mode=0o755),
    )
    program = find("/app/run", layer)
    assert program.interpreter is not None
    assert program.interpreter.path == interpreter
    assert program.is_runnable


def test_a_script_cannot_be_run_without_its_interpreter() -> None:
    """Nor without env, nor with a carriage return behind the name."""
    shell, env = file("bin/sh", BINARY, mode=0o755), file("usr/bin/env", BINARY, mode=0o755)
    assert not find("/a", (file("a", b"#!/bin/sh\n", mode=0o755),)).is_runnable
    assert not find("/a", (shell, file("a", b"#!/usr/bin/env sh\n", mode=0o755))).is_runnable
    assert not find("/a", (shell, env, file("a", b"#!/usr/bin/env sh\r\n", mode=0o755))).is_runnable
    assert not find("/a", (shell, file("a", b"#!/bin/sh\r\n", mode=0o755))).is_runnable


def test_a_shell_script_without_a_first_line_cannot_be_run() -> None:
    """Engines do not guess as shells do."""
    program = find("/a.sh", (file("a.sh", b"echo hello\n", mode=0o755),))
    assert program.state is ProgramState.FOUND
    assert program.is_text
    assert not program.is_runnable


def test_gives_up_on_scripts_that_interpret_each_other() -> None:
    """The kernel does, after four."""
    layer = (file("a", b"#!/b\n", mode=0o755), file("b", b"#!/a\n", mode=0o755))
    assert not find("/a", layer).is_runnable
