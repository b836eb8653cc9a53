"""Plain lists of commands are cut with the place of each; whatever else a shell knows is none."""

import pytest

from layerscope.formats.shell_list import TEXT_LIMIT, find_commands


def test_commands_have_their_places_and_what_joins_them() -> None:
    """Quotes, pipes, redirections and expansions stay in them."""
    text = """a 'x && y' && b "$(c -d)" | e 2>&1 >/f;  g ${H:-i} || j \\; k"""
    commands = find_commands(text)
    assert [(command.text, command.separator) for command in commands] == [
        ("a 'x && y'", ""),
        ('b "$(c -d)" | e 2>&1 >/f', "&&"),
        ("g ${H:-i}", ";"),
        ("j \\; k", "||"),
    ]
    assert all(text[command.start : command.end] == command.text for command in commands)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a &",
        "a; ;",
        ";",
        "a && && b",
        "# comment",
        "a && # comment",
        "if a; then b; fi",
        "a; for x in y; do z; done",
        "(a; b)",
        "{ a; }",
        "! a",
        "a 'b",
        'a "b',
        "cat <<EOF",
        "a `b`",
        "a $((1 + 2))",
        "exec a",
        "a |& b",
        "a;; b",
        "x" * (TEXT_LIMIT + 1),
    ],
)
def test_what_is_no_plain_list_gives_nothing(text: str) -> None:
    """A change in it could mean something else."""
    assert find_commands(text) == ()


@pytest.mark.parametrize("text", ["a; b;", "a; b ; ", "a; b # comment", "a; b; # if; then", "a; b # it's"])
def test_what_stands_behind_the_last_command_is_none(text: str) -> None:
    """A semicolon, or a comment, which ends with the text."""
    assert [(each.text, each.separator) for each in find_commands(text)] == [("a", ""), ("b", ";")]


def test_a_sign_within_a_word_begins_no_comment() -> None:
    """Nor does one in quotes."""
    assert [each.text for each in find_commands("a#b '# c' && d")] == ["a#b '# c'", "d"]
