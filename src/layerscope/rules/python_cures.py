"""How findings name Python environments, and the commands that mend what is installed in them."""

import shlex
from collections.abc import Iterable
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.fix import Fix
from layerscope.rules.wording import tell_path

_MANAGED_COMMANDS: Final = frozenset({"install", "uninstall"})
"""What PEP 668 has pip refuse."""

NAMED: Final = 10
"""Distributions that one command names."""


def find_environment(facts: FactSet, place: str) -> PythonEnvironment | None:
    """The environment of that place."""
    return next((each for each in facts.of(PythonEnvironment) if each.place == place), None)


def is_active(facts: FactSet, place: str) -> bool:
    """Whether the environment of that place is the one that the container's process uses."""
    environment = find_environment(facts, place)
    return environment is not None and environment.is_active


def tell_environment(facts: FactSet, place: str) -> str:
    """An environment for a sentence: `Python 3.11.9 in /opt/venv`, `Python 3.11 (/usr/bin/python3.11)`."""
    environment = find_environment(facts, place)
    if environment is None:
        return tell_path(place)
    if environment.kind == "system":
        return f"{environment.python} ({tell_path(place)})"
    return f"{environment.python} in {tell_path(place)}"


def tell_pip(facts: FactSet, place: str, command: str = "install") -> str:
    """A command of pip in an environment; where the operating system keeps pip out (PEP 668), with leave to go in."""
    environment = find_environment(facts, place)
    if environment is None or environment.kind == "orphaned":
        return f"python3 -m pip {command}"
    program = tell_path(place) if environment.kind == "system" else f"{tell_path(place)}/bin/python"
    leave = " --break-system-packages" if environment.is_managed and command in _MANAGED_COMMANDS else ""
    return f"{program} -m pip {command}{leave}"


def tell_pip_of(facts: FactSet, site: str, command: str = "install") -> str:
    """The same for the environment that a directory of distributions belongs to."""
    found = next((each for each in facts.of(PythonEnvironment) if site in each.sites), None)
    return f"python3 -m pip {command}" if found is None else tell_pip(facts, found.place, command)


def tell_pip_at(facts: FactSet, path: str | None, command: str = "install") -> str:
    """The same for the environment that a file lies in, else for the one that the container's process uses."""
    environments = facts.of(PythonEnvironment)
    inside = (each for each in environments if any((path or "").startswith(f"{site}/") for site in each.sites))
    found = next(inside, None) or next((each for each in environments if each.is_active), None)
    return f"python3 -m pip {command}" if found is None else tell_pip(facts, found.place, command)


def quote_requirements(texts: Iterable[str]) -> str:
    """Requirements as words of a shell command, no more than anyone would read."""
    words = list(dict.fromkeys(texts))
    quoted = [shlex.quote(word) for word in words[:NAMED]]
    return " ".join([*quoted, "…"] if len(words) > NAMED else quoted)


def reinstall(facts: FactSet, place: str, pinned: Iterable[str], *, title: str) -> Fix:
    """Install the same versions anew, for the environment's own Python, and have them checked."""
    command = f"{tell_pip(facts, place)} --force-reinstall --no-deps {quote_requirements(pinned)}"
    return Fix(title, (f"RUN {command}", f"RUN {tell_pip(facts, place, 'check')}"))


def pin(label: str) -> str:
    """`NAME VERSION` as a requirement of exactly that; a local part stays, since an index may need it."""
    return "==".join(label.split(" ", 1))
