"""The kind of a fix is what its first step does."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from layerscope.rules.fix import FixKind

RULES: Final = Path(__file__).parents[2] / "src" / "layerscope" / "rules"
OPENINGS: Final = {
    "ENV ": "CONFIG_EDIT",
    "HEALTHCHECK ": "CONFIG_EDIT",
    "ENTRYPOINT ": "CONFIG_EDIT",
    "docker run": "RUN_FLAGS",
    "docker build ": "REBUILD",
    "docker buildx build": "REBUILD",
    "docker pull": "REBUILD",
    "skopeo ": "REBUILD",
    "crane ": "REBUILD",
    "On the host": "HOST_ACTION",
    "On each node": "HOST_ACTION",
    "RUN ": "DOCKERFILE_EDIT",
    "COPY ": "DOCKERFILE_EDIT",
    "FROM ": "DOCKERFILE_EDIT",
}
"""How a first step begins, and the kind that this means."""

EXCEPTIONS: Final = {
    "Keep the compiled code on a volume, and let the cache grow": "RUN_FLAGS",
    "Leave byte-code out of the image, where start-up time allows": "DOCKERFILE_EDIT",
}
"""Fixes that begin with a line of the config, and do what they are named for elsewhere."""


def iter_fixes() -> Iterator[tuple[str, ast.Call]]:
    """Every call that makes a fix in the rules, with the place of it."""
    for path in sorted(RULES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fix":
                yield f"{path.relative_to(RULES)}:{node.lineno}", node


def read_literal(node: ast.expr) -> str:
    """The text that an expression begins with, as far as it is written out."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        return str(node.values[0].value)
    return ""


def read_kind(call: ast.Call) -> str:
    """The name of the kind that is given; empty where it is chosen elsewhere."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "kind"] or call.args[3:4]
    if not given:
        return "DOCKERFILE_EDIT"
    return given[0].attr if isinstance(given[0], ast.Attribute) else ""


@pytest.mark.parametrize(("place", "call"), [pytest.param(*each, id=each[0]) for each in iter_fixes()])
def test_the_first_step_is_of_the_fix_s_kind(place: str, call: ast.Call) -> None:
    """Whoever filters by kind gets what a person reads."""
    steps = call.args[1]
    first = read_literal(steps.elts[0]) if isinstance(steps, ast.Tuple) and steps.elts else ""
    expected = next((kind for opening, kind in OPENINGS.items() if first.startswith(opening)), "")
    expected = EXCEPTIONS.get(read_literal(call.args[0]), expected)
    kind = read_kind(call)
    assert not expected or not kind or kind == expected, f"{place}: {first!r} is {expected}"


def test_rules_make_fixes_of_every_kind() -> None:
    """A kind that none is of promises what nobody gets."""
    assert {kind.name for kind in FixKind} <= {read_kind(call) for _, call in iter_fixes()}
