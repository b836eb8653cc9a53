"""Output of the config's command that no engine gets."""

import pytest

from layerscope.facts.config.led_output import LedAwayOutput, LedOutputCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.tar_member import TarMember, symlink


def find(text: str, *members: TarMember) -> list[tuple[str, str]]:
    """The files of a command in shell form, in an image with these files."""
    runtime = RuntimeConfig(cmd=("/bin/sh", "-c", text), working_dir="/app")
    facts = collect(LedOutputCollector, make_context(members, runtime=runtime))
    return [(each.output, each.error) for each in facts if isinstance(each, LedAwayOutput)]


def test_files_are_told_from_the_root() -> None:
    """A name alone lies in the working directory."""
    assert find("serve > out.log 2> /var/log/serve.err") == [("/app/out.log", "/var/log/serve.err")]
    assert find("serve > /dev/null 2>&1") == [("/dev/null", "/dev/null")]


@pytest.mark.parametrize(
    "text",
    [
        "serve",
        "serve > /dev/stdout 2>&1",
        "serve 2> /proc/1/fd/2",
        "serve 2> $LOG",
        "serve 2> /log/access",
        "serve 2>&1",
    ],
)
def test_what_an_engine_gets_is_no_fact(text: str) -> None:
    """Streams by any of their names, links to them, and what only the start knows."""
    assert find(text, symlink("log/access", "/dev/stderr")) == []


def test_a_command_without_a_shell_leads_nothing() -> None:
    """Its words are arguments."""
    runtime = RuntimeConfig(cmd=("serve", ">", "/dev/null"))
    assert list(collect(LedOutputCollector, make_context((), runtime=runtime))) == []
