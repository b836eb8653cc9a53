"""Keys of a settings file have the lines that a person sees."""

from typing import Any

import tomli
from hypothesis import given
from hypothesis import strategies as st

from layerscope.gate.toml_lines import find_key_lines

TEXT = '''\
# settings
driver = "535"   # a comment = with a sign

[check]
images = [
    "team/web:dev", # the first
    {image = "team/llm:dev", max-size = "8GB"},
    """
two lines [] {} = """,
]
fail-on = 'high'
max-size = 12_000_000
rules."LAY" = "warn"
until = 2027-03-31T00:00:00Z

[[check.suppress]]
rule = "LAY101"
reason = "a # no comment"

  [[check.suppress]]
  rule = "LAY102"

[ check . gates ]
x.y = [[1, 2], [{z = 3}]]
'''


def test_every_key_has_its_line() -> None:
    """Entries of arrays and inline tables, strings over lines, arrays of tables, dotted and quoted keys."""
    lines = find_key_lines(TEXT)
    assert {key: lines[key] for key in ("driver", "check", "check.images", "check.images[0]")} == {
        "driver": 2,
        "check": 4,
        "check.images": 5,
        "check.images[0]": 6,
    }
    assert (lines["check.images[1]"], lines["check.images[1].max-size"], lines["check.images[2]"]) == (7, 7, 8)
    assert (lines["check.fail-on"], lines["check.max-size"], lines["check.rules.LAY"]) == (11, 12, 13)
    assert (lines["check.suppress[0]"], lines["check.suppress[0].reason"]) == (16, 18)
    assert (lines["check.suppress[1]"], lines["check.suppress[1].rule"]) == (20, 21)
    assert (lines["check.gates"], lines["check.gates.x.y[1][0].z"]) == (23, 24)


def iter_keys(value: Any, key: str) -> Any:
    """Every key of a document, as settings name them."""
    if key:
        yield key
    if isinstance(value, dict):
        for name, each in value.items():
            yield from iter_keys(each, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from iter_keys(each, f"{key}[{number}]")


def test_no_key_is_left_out() -> None:
    """What reads TOML knows no more keys than have lines, but for tables that a dotted key alone makes."""
    known = set(iter_keys(tomli.loads(TEXT), ""))
    assert known - set(find_key_lines(TEXT)) == {"check.rules", "check.gates.x"}


@given(st.text(alphabet="a=.[]{}\"'\n, #\\", max_size=60))
def test_whatever_is_there_comes_to_an_end(text: str) -> None:
    """No line lies outside of the text."""
    assert all(1 <= line <= text.count("\n") + 1 for line in find_key_lines(text).values())
