"""The command `layerscope` says what it can do, at once."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest

from layerscope import __version__
from layerscope.cli.root import root
from layerscope.sources.schemes import SCHEMES

HEAVY = ("rich", "docker", "requests", "msgspec", "isal", "platformdirs", "packaging", "tomli", "backports.zstd")
"""What a person who asks for help should not wait for."""


def test_help_names_every_command(ask: Callable[..., Any]) -> None:
    """All commands are listed with their summaries."""
    answer = ask("--help")
    assert answer.code == 0
    assert all(f"  {name} " in answer.out and lazy.summary in answer.out for name, lazy in root.lazy.items())


def test_help_imports_nothing_heavy() -> None:
    """Help is answered without the libraries that do the work, nor the modules of any command."""
    script = (
        "import sys\nfrom layerscope.cli.main import run\ncode = run(['--help'])\n"
        "print(*sorted(sys.modules), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stderr.split())
    assert "layerscope.cli.root" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert not [name for name in loaded if name.startswith(("layerscope.cli.commands.", "layerscope.audit"))]


@pytest.mark.parametrize("name", root.lazy)
def test_a_commands_summary_is_the_first_line_of_its_help(name: str) -> None:
    """What is listed without importing is what the command says of itself."""
    command = importlib.import_module(root.lazy[name].module).command
    assert isinstance(command, click.Command)
    assert (command.help or "").splitlines()[0] == root.lazy[name].summary


@pytest.mark.parametrize("name", root.lazy)
def test_every_command_has_help_of_its_own(ask: Callable[..., Any], name: str) -> None:
    """`layerscope COMMAND --help` answers, on one screen's width."""
    answer = ask(name, "-h")
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: layerscope {name}")


def test_without_a_command_the_help_is_shown(ask: Callable[..., Any]) -> None:
    """Nothing asked is a usage error that explains itself on standard error."""
    answer = ask()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("Usage: layerscope")


def test_the_version_is_told(ask: Callable[..., Any]) -> None:
    """`--version` names program and version."""
    assert ask("--version").out == f"layerscope {__version__}\n"


def test_a_mistyped_command_is_corrected(ask: Callable[..., Any]) -> None:
    """The nearest command is named, in one line."""
    answer = ask("audti")
    assert answer.code == 2
    assert answer.err == (
        "layerscope: error: no such command 'audti'; did you mean 'audit'? (see 'layerscope --help')\n"
    )


def test_a_shell_can_ask_for_completions(spawn: Callable[..., Any]) -> None:
    """The completion script that click makes for bash is printed."""
    answer = spawn(env={"_LAYERSCOPE_COMPLETE": "bash_source"})
    assert answer.code == 0
    assert "_layerscope_completion" in answer.out


def test_the_help_names_every_scheme(ask: Callable[..., Any]) -> None:
    """What may stand before an image's name is told in one place, and is whole there."""
    out = ask("--help").out
    assert all(scheme.rstrip(":") in out for scheme in SCHEMES)
