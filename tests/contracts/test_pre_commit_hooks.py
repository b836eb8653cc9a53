"""The hooks for pre-commit are what that framework takes, and run commands that there are."""

import shlex
from pathlib import Path
from typing import Any, Final

import click
import pytest
import tomli
import yaml

from support.readme import iter_commands

ROOT: Final = Path(__file__).parents[2]
MANIFEST: Final = ROOT / ".pre-commit-hooks.yaml"
HOOKS: Final[list[dict[str, Any]]] = yaml.safe_load(MANIFEST.read_text())
COMMANDS: Final = dict(iter_commands())
KEYS: Final = {
    *("id", "name", "description", "entry", "language", "types", "stages", "pass_filenames", "always_run"),
    *("additional_dependencies", "require_serial", "verbose"),
}
"""Those of https://pre-commit.com/#new-hooks that are used here."""


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_runs_a_command_that_there_is(hook: dict[str, Any]) -> None:
    """With options that it has, before a push."""
    program, name, *options = shlex.split(hook["entry"])
    known = {text for each in COMMANDS[name].params if isinstance(each, click.Option) for text in each.opts}
    assert (program, set(options) - known, set(hook) - KEYS) == ("layerscope", set(), set())
    assert (hook["language"], hook["stages"]) == ("python", ["pre-push"])


def test_files_are_given_at_once_and_what_is_not_checked_is_seen() -> None:
    """Several runs at a time would tell the same image twice; a hook that passes is silent unless it is verbose."""
    (given,) = [hook for hook in HOOKS if hook.get("pass_filenames", True)]
    assert (given["types"], given["require_serial"], given["verbose"]) == (["dockerfile"], True, True)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_reads_compose_files(hook: dict[str, Any]) -> None:
    """The policy may name one whatever is checked, and an environment of pre-commit takes no extra of a project."""
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert hook.get("additional_dependencies") == project["optional-dependencies"]["compose"]
