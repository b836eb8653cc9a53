"""Files and programs of a host."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from layerscope.host.place import MAX_FILE, Host

MakeHost = Callable[..., Host]


def test_files_are_those_below_the_root(make_host: MakeHost) -> None:
    """What is not there, or no file, is None; a long file is read in part."""
    host = make_host({"/etc/name": "here", "/var/log/long": "x" * (MAX_FILE + 1)})
    assert host.read("/etc/name") == "here"
    assert host.read("/etc") is None
    assert host.read("/etc/other") is None
    assert len(host.read("/var/log/long") or "") == MAX_FILE
    assert host.list_names("/etc") == ("name",)
    assert host.list_names("/nowhere") == ()


def test_programs_run_in_the_environment_of_the_host(make_host: MakeHost) -> None:
    """With output, errors and exit code, and always in the C locale."""
    host = make_host(scripts={"tell": 'echo "$LC_ALL $COLOUR"; echo broken >&2; exit 3'}, environment={"COLOUR": "red"})
    program = host.find_program("tell")
    assert program is not None
    output = host.run([program])
    assert (output.code, output.out, output.first_words) == (3, "C red\n", "broken")
    assert host.find_program("other") is None


def test_a_program_that_hangs_is_ended(make_host: MakeHost) -> None:
    """Together with what it started, and without waiting any longer."""
    host = replace(make_host(scripts={"hang": "sleep 60 & sleep 60"}), deadline=0.2)
    begun = time.monotonic()
    output = host.run([str(host.find_program("hang"))])
    assert (output.code, output.first_words) == (None, "no answer within 0.2 s")
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("command", ["/nowhere/program", "/etc"])
def test_a_program_that_cannot_start_is_a_problem(command: str, make_host: MakeHost) -> None:
    """Nothing is raised."""
    output = make_host().run([command])
    assert output.code is None
    assert output.problem
