"""Dockerfiles are read as BuildKit reads them, and every instruction's place in the text is exact."""

import pytest

from layerscope.errors import FormatError
from layerscope.formats.dockerfile import INSTRUCTIONS_LIMIT, Dockerfile, HereDocument, parse_dockerfile
from layerscope.formats.dockerfile_lines import LINE_LIMIT, SIZE_LIMIT

WHOLE = """\
# syntax=docker/dockerfile:1
# escape=`

ARG BASE=debian
from --platform=linux/amd64 ${BASE} as Build
    RUN --mount=type=cache,target=/c --network=none `
        a && `
        # in between

        b
COPY --from=build --chown=1:1 ["x y", "/z"]
RUN <<A cat >/a && <<-'B' cat
one
A
\ttwo
\tB
FROM build
CMD exec app
"""


def read(text: str) -> Dockerfile:
    """A Dockerfile of this text."""
    return parse_dockerfile(text.encode())


def test_every_kind_of_line_is_read() -> None:
    """Directives, comments, continued lines, flags, JSON, documents and stages."""
    dockerfile = read(WHOLE)
    found = [(each.keyword, each.flags, each.operands, each.number, each.end) for each in dockerfile.instructions]
    assert found == [
        ("ARG", (), "BASE=debian", 4, 4),
        ("FROM", ("--platform=linux/amd64",), "${BASE} as Build", 5, 5),
        ("RUN", ("--mount=type=cache,target=/c", "--network=none"), "a &&         b", 6, 10),
        ("COPY", ("--from=build", "--chown=1:1"), '["x y", "/z"]', 11, 11),
        ("RUN", (), "<<A cat >/a && <<-'B' cat", 12, 16),
        ("FROM", (), "build", 17, 17),
        ("CMD", (), "exec app", 18, 18),
    ]
    assert dockerfile.instructions[3].words == ("x y", "/z")
    assert dockerfile.instructions[4].documents == (
        HereDocument("A", "one\n"),
        HereDocument("B", "two\n"),
    )
    assert [(stage.name, stage.base, len(stage.instructions)) for stage in dockerfile.stages] == [
        ("build", "${BASE}", 4),
        ("", "build", 2),
    ]


@pytest.mark.parametrize("text", [WHOLE, WHOLE.replace("\n", "\r\n"), "\ufeff" + WHOLE, WHOLE.removesuffix("\n")])
def test_places_lead_to_what_stands_there(text: str) -> None:
    """Whatever ends the lines and marks the start; each sign of the operands is found."""
    dockerfile = read(text)
    assert dockerfile.line_end == ("\r\n" if "\r" in text else "\n")
    for each in dockerfile.instructions:
        assert text[each.place :].upper().startswith(each.keyword)
        assert "".join(text[each.find_place(place)] for place in range(len(each.operands))) == each.operands
        assert text[each.stop - 1] == each.operands[-1]
        assert text[: each.keyword_stop].upper().endswith(each.keyword)
        assert text[: dockerfile.find_line(each.line.first)].count("\n") == each.number - 1


def test_a_keyword_may_be_continued_itself() -> None:
    """What goes behind it goes behind its end."""
    instruction = read("FROM a\n\\\n CO\\\nPY b /b\n").instructions[1]
    assert (instruction.keyword, instruction.place, instruction.keyword_stop) == ("COPY", 10, 16)


@pytest.mark.parametrize(
    ("line", "operands"),
    [
        ("RUN a \\  \n  b", "a   b"),
        ("RUN a\\\\\nUSER b", "a\\\\"),
        ("RUN a \\", "a"),
        ("\\\nRUN a", "a"),
        ("RUN echo $((1<<2))", "echo $((1<<2))"),
        ("RUN cat<<EOF", "cat<<EOF"),
        ('RUN ["cat", "<<EOF"]', '["cat", "<<EOF"]'),
        ("RUN cat <<< word", "cat <<< word"),
        ("CMD cat <<EOF", "cat <<EOF"),
        ("RUN a # no comment", "a # no comment"),
        ("ONBUILD RUN cat <<E\nUSER x\nE", "RUN cat <<E"),
        ("RUN -- --x", "--x"),
    ],
)
def test_what_looks_alike_is_told_apart(line: str, operands: str) -> None:
    """The nearest neighbours of continued lines, documents and flags."""
    assert read(f"FROM base\n{line}\n").instructions[1].operands == operands


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it has no FROM"),
        (b"# FROM base\n", "it has no FROM"),
        (b"RUN a\nFROM b\n", "line 1 has RUN, expected FROM first"),
        (b"FROM a b\n", "line 1 is no FROM IMAGE"),
        (b"FROM a\nFETCH b\n", "line 2 starts with 'FETCH', no instruction"),
        (b"FROM a\nRUN\n", "line 2 has a RUN without operands"),
        (b"FROM a\n\\\n", "line 2 starts with '', no instruction"),
        (b"FROM a\n\\\\\n", "line 2 starts with '"),
        (b"FROM a\nRUN cat <<EOF\nEOF \n", "line 2 starts a document that no line 'EOF' ends"),
        (b"FROM a\n\nRUN a\0b\n", "line 3 holds a NUL byte"),
        (b"FROM a\nRUN \xff\n", "line 2 is not UTF-8"),
        (b"# escape=x\nFROM a\n", "line 1 sets escape to 'x'"),
        (b"FROM a\nRUN " + b"x" * LINE_LIMIT, f"line 2 has {LINE_LIMIT + 4} bytes, limit {LINE_LIMIT}"),
        (b"FROM a\n" * (SIZE_LIMIT // 7 + 1), f"bytes, limit {SIZE_LIMIT}"),
        (b"FROM a\n" * (INSTRUCTIONS_LIMIT + 1), f"more than {INSTRUCTIONS_LIMIT} instructions"),
    ],
)
def test_what_a_builder_refuses_is_refused_with_its_line(content: bytes, message: str) -> None:
    """Hostile texts, too."""
    with pytest.raises(FormatError) as caught:
        parse_dockerfile(content)
    assert message in str(caught.value)


def test_lines_continued_up_to_the_limit_are_read_in_time_that_grows_with_them() -> None:
    """A megabyte of continued lines and of flags."""
    for content in (b"FROM a\nRUN " + b"x\\\n" * 300_000, b"FROM a\nRUN " + b"--a \\\n" * 170_000 + b"b"):
        assert parse_dockerfile(content).instructions[1].number == 2


def test_the_text_of_an_instruction_has_its_documents() -> None:
    """What a command or a file is made of, in one text."""
    (_, run) = parse_dockerfile(b"FROM a\nRUN --network=none sh <<END\nmake\nEND\n").instructions
    assert run.text == "sh <<END\nmake\n"
