"""A shell script is cut into its simple commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.shell_script import COMMANDS_LIMIT, SCRIPT_LIMIT, parse_shell_script, parse_shell_text
from layerscope.formats.shell_words import PLAIN_DOLLAR, UNKNOWN


def split(text: str) -> list[str]:
    """The commands, the words of each with a stroke between them."""
    return ["|".join(each.words) for each in parse_shell_text(text)]


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("a b; c && d | e & f\ng", ["a|b", "c", "d", "e", "f", "g"]),
        ("a 'b; c' \"d && e\" \\; f\\ g", ["a|b; c|d && e|;|f g"]),
        ("a \\\n  b # c; d\n# e\nf#g", ["a|b", "f#g"]),
        ("a > /dev/null 2>&1 <<< x b &> log", ["a|b"]),
        ("cat <<E; b\nc\nE\nd <<-'F'\n\te\n\tF\nf", ["cat", "b", "d", "f"]),
        ("a $(b c; d) `e` $((1 + 2)) f", [f"a|{UNKNOWN}|{UNKNOWN}|{UNKNOWN}|f"]),
        ('a ${B:-"c d"} "${E:-${F}}" $G', ["a|${B:-c d}|${E:-${F}}|$G"]),
        ("'$a' \\$b", [f"{PLAIN_DOLLAR}a|{PLAIN_DOLLAR}b"]),
        ("A=$(b '(' | head -1)\nc", [f"A={UNKNOWN}", "c"]),
        ("A=$(b | sed 's/)//') && c", [f"A={UNKNOWN}", "c"]),
        ('a "$(b "c)" "(")d" e; f', [f"a|{UNKNOWN}d|e", "f"]),
        ("a $(b # c's )\n) d; e", [f"a|{UNKNOWN}|d", "e"]),
        ("a $(cat <<E\nit's )\nE\n) b; c", [f"a|{UNKNOWN}|b", "c"]),
        ("a $(case $B in c) d ;; esac) e; f", [f"a|{UNKNOWN}|e", "f"]),
        ("a $(b $(c ')') `d`) e; f", [f"a|{UNKNOWN}|e", "f"]),
        ("a ${B:-{} c; d ${E:-'}'} ${F:-\\}} \"${G:-'}\"", ["a|${B:-{}|c", "d|${E:-}}|${F:-\\}}|${G:-}"]),
        ("f() { a \"${1//'\"'/}\"; }\nb \"${C:-it's}\"; d", ["a|${1///}", "b|${C:-its}", "d"]),
        ("a $(b just in case) c\nd $(e ')'); f", [f"a|{UNKNOWN}|c", f"d|{UNKNOWN}", "f"]),
        ("a $(if b; then case $C in d) e;; esac; fi) f; g", [f"a|{UNKNOWN}|f", "g"]),
        ("a $'it\\'s' b$\"c d\"; e", ["a|it's|bc d", "e"]),
        ("((A=1<<3))\nif ((A & (1<<2))); then b; fi", ["A=1", "A", "b"]),
        ("cat <<E $(a <<F\nb\nF\n) c\nd\nE\ne", [f"cat|{UNKNOWN}|c", "e"]),
        ("a $(b 'c\nd e\nf", [f"a|{UNKNOWN}", "d|e", "f"]),
        ("a $(b it's) c; d", [f"a|{UNKNOWN}|c", "d"]),
        ("a ${b\nc", [f"a|{UNKNOWN}", "c"]),
        ("a > >(tee b) 2> >(c; d) <(e) f", [f"a|{UNKNOWN}|f"]),
        ('A=(b "$C"\n  d)\nE=f g', ["A=|(|b|$C|d|)", "E=f|g"]),
        ("if a; then b; else c; fi; for x in 1 2; do d; done", ["a", "b", "c", "d"]),
        ("case $1 in\n a|b) c ;;\n *) d\nesac\nf() { (g); }", ["c", "d", "g"]),
        ("a 'b", ["a|b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("", []),
    ],
)  # fmt: skip
def test_splits_as_a_shell_does(text: str, commands: list[str]) -> None:
    """At operators outside of quotes; redirections, documents and the shell's own words are left out."""
    assert split(text) == commands


def test_tells_what_runs_in_any_case() -> None:
    """Branches, loops, functions, and what follows `&&` may not."""
    text = "a\nif b; then c; fi\nd && e\nf ||\n g\nh() {\n i\n}\nj | k"
    certain = [each.words[0] for each in parse_shell_text(text) if each.is_certain]
    assert certain == ["a", "d", "f", "j", "k"]


def test_takes_what_is_nested_without_end() -> None:
    """Deeper than is read, and never closed: what stands on other lines is found."""
    opened = "$(" * 5000
    assert split(f"a {opened}b{')' * 5000} c; d") == [f"a|{UNKNOWN}|c", "d"]
    assert split(f"a {opened}\nb") == [f"a|{UNKNOWN}", "b"]
    assert split("a $(\n" * 20000)[1:3] == [f"a|{UNKNOWN}"] * 2


def test_counts_lines() -> None:
    """From zero; a command that is continued ends on its last."""
    assert [each.line for each in parse_shell_text("a\n\nb \\\n c\ncat <<E\nx\nE\nd")] == [0, 3, 4, 7]
    assert [each.line for each in parse_shell_text("a $(\nb\n)\nc $(d\ne")] == [2, 3, 4]


def test_ends_where_a_script_is_no_script_any_more() -> None:
    """Bytes and commands have limits."""
    assert len(parse_shell_script(b"a;" * SCRIPT_LIMIT)) == COMMANDS_LIMIT
    assert parse_shell_script(b" " * SCRIPT_LIMIT + b"a") == ()


@given(st.text(alphabet="a$({[\"'`\\;|&<>)}]# \n=@-1", max_size=60))
def test_takes_any_text(text: str) -> None:
    """No command is without words."""
    assert all(each.words for each in parse_shell_text(text))
