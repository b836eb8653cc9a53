"""Operands of a Dockerfile are taken apart as builders do."""

import pytest

from layerscope.formats.dockerfile_words import UNKNOWN, expand_variables, find_assignments, find_words, strip_quotes


def test_words_keep_their_quotes() -> None:
    """Blanks in quotes and behind an escape do not end one."""
    assert find_words("a\\ b \"c d\"e 'f' g'") == ("a\\ b", '"c d"e', "'f'", "g'")
    assert strip_quotes("\"c d\"e'f'\\g") == "c defg"


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ('A=1 B="x y" C=x\\ y', (("A", "1"), ("B", "x y"), ("C", "x y"))),
        ("PATH /a:/b c", (("PATH", "/a:/b c"),)),
        ("VERSION", (("VERSION", ""),)),
        ("A='$x'", (("A", "\\$x"),)),
    ],
)
def test_assignments_are_read_in_both_forms(text: str, pairs: tuple[tuple[str, str], ...]) -> None:
    """A dollar sign that names no variable is kept as such."""
    assert find_assignments(text) == pairs


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A-${A}", "1-1"),
        ("${A:+yes}${B:+no}${B:-or}${A:-or}", "yesor1"),
        ("\\$A", "$A"),
        ("$B", UNKNOWN),
        ("${A%x}", "${A%x}"),
    ],
)
def test_variables_have_their_values(text: str, value: str) -> None:
    """What is not known is told as such; other forms stay."""
    assert expand_variables(text, {"A": "1"}) == value
