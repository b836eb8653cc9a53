"""Variables of compose files are filled in as compose does it, and `.env` is read as compose reads it."""

from pathlib import Path

import pytest

from layerscope.errors import SettingsError
from layerscope.gate.compose_variables import MAX_LENGTH, interpolate, read_env_file

SET = {"A": "1", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${X:-${Y:-z}}", "z"),
        ("${X:-${A}}-", "1-"),
        ("${X-${EMPTY-b}}", ""),
        ("${A:-${NONE}}", "1"),
        ("${X:-a$$b}", "a$b"),
        ("${A:+[${A}]}${X+y}", "[1]"),
        ("${A?none}", "1"),
        ("{$A}", "{1}"),
        ("$A.$$A", "1.$A"),
    ],
)
def test_variables_stand_within_variables(text: str, filled: str) -> None:
    """What is not used is not demanded."""
    assert interpolate(text, SET, "x") == filled


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${X:-${Y}}", "variable Y is not set"),
        ("${X:?give ${A}}", "variable X is not set: give 1"),
        ("$1", "expected a variable after"),
        ("a$", "expected a variable after"),
        ("${A", "expected a brace"),
        ("${A/b/c}", "expected a brace"),
        ("${X:-" * 40, "variables within variables"),
    ],
)
def test_what_is_not_set_or_not_written_well_is_told(text: str, message: str) -> None:
    """With the place that the caller names."""
    with pytest.raises(SettingsError, match=rf"x: .*{message}|x: {message}|x: more than .*{message}"):
        interpolate(text, SET, "x")


def test_a_file_of_variables_is_read_as_compose_reads_it(tmp_path: Path) -> None:
    """Comments, quotes, escapes, variables of lines above, and values that span lines."""
    path = tmp_path / ".env"
    path.write_text(
        "\ufeffTAG=1.2 # note\nHASH=a#b\nONE='$TAG # x'\nTWO=\"v$TAG\\n\\$TAG\" # y\nexport THREE=${TAG}-${OUTER}\n"
        "EMPTY=\nALONE\nLONG='a\nb'\nYAML: z\nNONE=${NOPE}x${NOPE:-d}\nPASSWORD=p$%a\n",
    )
    assert read_env_file(path, {"OUTER": "o"}) == {
        "TAG": "1.2",
        "HASH": "a#b",
        "ONE": "$TAG # x",
        "TWO": "v1.2\n$TAG",
        "THREE": "1.2-o",
        "EMPTY": "",
        "LONG": "a\nb",
        "YAML": "z",
        "NONE": "xd",
        "PASSWORD": "p$%a",
    }
    assert read_env_file(tmp_path / "none", {}) == {}


def test_variables_that_hold_each_other_stay_small(tmp_path: Path) -> None:
    """However many lines double them."""
    path = tmp_path / ".env"
    path.write_text("A0=xx\n" + "".join(f"A{n + 1}=$A{n}$A{n}\n" for n in range(200)))
    assert max(map(len, read_env_file(path, {}).values())) <= MAX_LENGTH
    with pytest.raises(SettingsError, match="more than 65,536 characters"):
        interpolate("$A$A", {"A": "x" * MAX_LENGTH}, "x")


@pytest.mark.parametrize("text", ["A='b\n", 'A="b" c\n', "=b\n", "A B\n", "- a\n"])
def test_a_file_of_something_else_is_told(tmp_path: Path, text: str) -> None:
    """With its line."""
    path = tmp_path / ".env"
    path.write_text(f"X=1\n{text}")
    with pytest.raises(SettingsError, match="line 2: expected"):
        read_env_file(path, {})
