"""An option is set by flag, else by environment, else by file, else by default."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from layerscope.cli.command import Command
from layerscope.cli.options import Reading, Telling, fail_on_option, with_console, with_reading, with_telling
from layerscope.cli.root import root
from layerscope.gate.policy import DEFAULTS
from layerscope.settings import KEYS


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A command `audit` that only keeps what its options came to."""
    seen: dict[str, Any] = {}

    @click.command("audit", cls=Command)
    @fail_on_option
    @with_reading
    @with_telling
    @with_console
    def command(**options: object) -> int:
        seen.update(options)
        return 0

    monkeypatch.setattr(root, "get_command", lambda *_: command)
    monkeypatch.delenv("LAYERSCOPE_CACHE_DIR")
    return seen


def test_without_anything_the_defaults_hold(ask: Callable[..., Any], probe: dict[str, Any]) -> None:
    """The shared options arrive as records."""
    assert ask("audit").code == 0
    assert probe["fail_on"] == "high"
    assert probe["telling"] == Telling(output=(), limit=10)
    assert probe["reading"] == Reading(
        platform=None,
        in_place="auto",
        insecure=False,
        offline=False,
        username=None,
        password_stdin=False,
        cache_dir=None,
        no_cache_read=False,
        jobs=None,
        max_layer_size=None,
        max_layer_entries=None,
    )


def test_the_file_is_above_the_default(ask: Callable[..., Any], probe: dict[str, Any]) -> None:
    """A key sets the option of its name; lists, numbers and switches included."""
    Path("layerscope.toml").write_text(
        'fail-on = "low"\noutput = ["terminal", "json=x.json"]\njobs = 3\nno-cache-read = true\n'
        'max-layer-size = "3GiB"\nquiet = true\n'
    )
    ask("audit")
    assert probe["fail_on"] == "low"
    assert probe["telling"].output == ("terminal", f"json={Path.cwd()}/x.json")
    assert (probe["reading"].jobs, probe["reading"].no_cache_read) == (3, True)
    assert probe["reading"].max_layer_size == 3 << 30
    assert probe["console"].quiet


def test_the_environment_is_above_the_file(
    ask: Callable[..., Any], probe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`LAYERSCOPE_FAIL_ON` and the like, switches as 1 or 0."""
    Path("layerscope.toml").write_text('fail-on = "low"\nquiet = true')
    monkeypatch.setenv("LAYERSCOPE_FAIL_ON", "medium")
    monkeypatch.setenv("LAYERSCOPE_QUIET", "0")
    monkeypatch.setenv("LAYERSCOPE_OUTPUT", "terminal json=report.json")
    ask("audit")
    assert probe["fail_on"] == "medium"
    assert not probe["console"].quiet
    assert probe["telling"].output == ("terminal", "json=report.json")


def test_a_flag_is_above_everything(
    ask: Callable[..., Any], probe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed counts."""
    Path("layerscope.toml").write_text('fail-on = "low"')
    monkeypatch.setenv("LAYERSCOPE_FAIL_ON", "medium")
    ask("audit", "--fail-on", "never")
    assert probe["fail_on"] == "never"


@pytest.mark.usefixtures("probe")
def test_an_unknown_key_stops_the_command(ask: Callable[..., Any]) -> None:
    """A slip in the file is an error of usage, in one line."""
    Path("layerscope.toml").write_text('failon = "low"')
    answer = ask("audit")
    assert answer.code == 2
    assert answer.err.endswith("unknown key 'failon'; did you mean 'fail-on'?\n")


@pytest.mark.usefixtures("probe")
def test_a_bad_value_in_the_file_names_the_file(ask: Callable[..., Any]) -> None:
    """A person is told where the value stands that the option refuses."""
    Path("layerscope.toml").write_text('fail-on = "hihg"')
    answer = ask("audit")
    assert answer.code == 2
    assert "'--fail-on'" in answer.err
    assert f"(set in {Path.cwd()}/layerscope.toml)" in answer.err


@pytest.mark.usefixtures("probe")
def test_a_broken_file_does_not_stand_before_the_help(ask: Callable[..., Any]) -> None:
    """Help is how a person finds out what to write there."""
    Path("layerscope.toml").write_text("= broken")
    assert ask("audit", "--help").code == 0


def test_every_key_of_the_file_is_an_option_and_every_shared_option_a_key() -> None:
    """The keys of settings and the options with a variable are the same names; no repository may turn TLS off.

    What a policy demands has its keys in the table of its own.
    """
    shared = {
        name.removeprefix("--")
        for command in _iter_commands()
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.envvar
        for name in parameter.opts
        if name.startswith("--")
    }
    demanded = set(DEFAULTS) - set(KEYS)
    assert shared - {"insecure"} - demanded == set(KEYS)
    assert demanded - shared == {"images", "gpus", "platforms", "rules", "suppress"}, (
        "these do not fit into a flag of that name"
    )


def test_an_option_has_one_meaning() -> None:
    """Two commands that share an option's name share its help and its variable."""
    meanings: dict[str, set[tuple[object, ...]]] = {}
    for command in _iter_commands():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.envvar:
                meaning = (parameter.help, parameter.envvar, parameter.default)
                meanings.setdefault(parameter.opts[-1], set()).add(meaning)
    assert [name for name, kinds in meanings.items() if len(kinds) > 1] == []


def _iter_commands() -> Iterator[click.Command]:
    for lazy in root.lazy.values():
        command = importlib.import_module(lazy.module).command
        yield command
        if isinstance(command, click.Group):
            yield from command.commands.values()
