"""Values of a shell are put together from what a script assigns, and filled in from the environment."""

import pytest

from layerscope.facts.system.shell_values import VALUE_LIMIT, fold_in, resolve_value


@pytest.mark.parametrize(
    ("text", "values", "folded"),
    [
        ("/models/$A", {"A": "x"}, "/models/x"),
        ("${A}/$B", {"A": "x"}, "x/${B}"),
        ("${A:-/m}", {}, "${A:-/m}"),
        ("${A:-/m}", {"A": "x"}, "x"),
        ("${A:-/m}", {"A": ""}, "/m"),
        ("${A:-/m}", {"A": "${B}"}, "${B:-/m}"),
        ("${A:-${B:-$C}}", {"C": "c"}, "${A:-${B:-c}}"),
        ("${A:?no model}", {}, "${A}"),
        ("${A}", {"A": None}, None),
        ("${A:-$B}", {"B": None}, None),
        ("$(date)", {}, None),
        ("${A%/}", {}, None),
        ("${A", {}, None),
        ("a$", {}, None),
        ("$A" * 400, {"A": "xxx"}, None),
    ],
)
def test_puts_in_what_a_script_assigned(text: str, values: dict[str, str | None], folded: str | None) -> None:
    """The rest is left to the environment; None where it cannot be told."""
    assert fold_in(text, values) == folded


def test_values_cannot_grow_without_end() -> None:
    """Each may name the one before several times."""
    values: dict[str, str | None] = {"A": "x"}
    for _ in range(30):
        values["A"] = fold_in("$A$A$A", values)
    assert values["A"] is None
    assert fold_in("x" * (VALUE_LIMIT + 1), {}) is None
    assert fold_in("${A:-" * 50 + "}" * 50, {}) is None


@pytest.mark.parametrize(
    ("text", "value"), [("${A:-/m}", "a"), ("${B:-/m}", "/m"), ("${C:-/m}", "/m"), ("$C", None), ("x", "x")]
)
def test_the_environment_goes_before_a_default(text: str, value: str | None) -> None:
    """Unless it is empty."""
    assert resolve_value(text, {"A": "a", "B": ""}) == value
