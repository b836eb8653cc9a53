"""Commands that mend Python environments are those of the environment at hand."""

import pytest
from msgspec.structs import replace

from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.python_cures import pin, quote_requirements, tell_environment, tell_pip, tell_pip_at, tell_pip_of
from support.python_facts import ENVIRONMENT

SYSTEM = replace(ENVIRONMENT, kind="system", prefix="usr", interpreter="usr/bin/python3.11")


@pytest.mark.parametrize(
    ("environment", "command", "expected"),
    [
        (ENVIRONMENT, "install", "/opt/venv/bin/python -m pip install"),
        (SYSTEM, "install", "/usr/bin/python3.11 -m pip install"),
        (replace(SYSTEM, is_managed=True), "install", "/usr/bin/python3.11 -m pip install --break-system-packages"),
        (replace(SYSTEM, is_managed=True), "check", "/usr/bin/python3.11 -m pip check"),
    ],
    ids=["virtual", "system", "managed", "checked"],
)
def test_pip_is_that_of_the_environment(environment: PythonEnvironment, command: str, expected: str) -> None:
    """Where the system keeps pip out, it is given leave."""
    facts = FactSet([environment])
    assert tell_pip(facts, environment.place, command) == expected


def test_pip_is_found_by_the_directory_of_distributions() -> None:
    """Which is what facts about frameworks know."""
    assert tell_pip_of(FactSet([ENVIRONMENT]), ENVIRONMENT.sites[0]) == "/opt/venv/bin/python -m pip install"
    assert tell_pip_of(FactSet([ENVIRONMENT]), "opt/x", "uninstall") == "python3 -m pip uninstall"


def test_pip_is_found_by_a_file_and_else_by_the_environment_in_use() -> None:
    """What lies outside of every environment is served by the one that the container's process uses."""
    active = replace(SYSTEM, is_active=True)
    facts = FactSet([replace(ENVIRONMENT, is_active=False), active])
    assert tell_pip_at(facts, f"{ENVIRONMENT.sites[0]}/a/b.so") == "/opt/venv/bin/python -m pip install"
    assert tell_pip_at(facts, "usr/lib/libx.so") == "/usr/bin/python3.11 -m pip install"
    assert tell_pip_at(facts, None, "uninstall") == "/usr/bin/python3.11 -m pip uninstall"
    assert tell_pip_at(FactSet([]), "usr/lib/libx.so") == "python3 -m pip install"


def test_an_environment_that_is_not_known_is_named_by_its_place() -> None:
    """And pip is any pip."""
    assert tell_environment(FactSet([]), "opt/x") == "/opt/x"
    assert tell_pip(FactSet([]), "opt/x") == "python3 -m pip install"


def test_requirements_are_quoted_for_a_shell() -> None:
    """Only where a shell would take them apart, and no more than ten."""
    assert quote_requirements(["a==1.0", "b<2", "a==1.0"]) == "a==1.0 'b<2'"
    assert quote_requirements(map(str, range(12))) == "0 1 2 3 4 5 6 7 8 9 …"
    assert pin("acme 1.0+cu121") == "acme==1.0+cu121"
