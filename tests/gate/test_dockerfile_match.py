"""An image is told to be another than its Dockerfile builds, and not told where only the builders differ."""

from dataclasses import replace

import pytest

from layerscope.formats.dockerfile import parse_dockerfile
from layerscope.gate.dockerfile_match import BaseHere, BuiltFrom
from layerscope.gate.limit import Breach
from layerscope.gate.subject import Subject
from support.dockerfiles import load_dockerfile, load_steps, make_steps
from support.results import ResultRecipe, make_result
from support.tar_writer import file

TEXT = "FROM base:1\nARG V=1\nENV A=1\nRUN make --token=hunter2secret one two three\nCOPY a /a\nUSER app\n"
STEPS = (
    "ENV A=1",
    "RUN /bin/sh -c make --token=hunter2secret one two three # buildkit",
    "COPY a /a # buildkit",
    "USER app",
)
RESULT = make_result(ResultRecipe(layers=[[file("a")], [file("b")]], instructions=["RUN a", "RUN b"]))
COMMAND = "docker build -t team/llm:dev ."


def check(dockerfile: str, *created_by: str, base: BaseHere | None = None) -> Breach | None:
    """What an image with these steps breaks of its Dockerfile."""
    built = BuiltFrom(parse_dockerfile(dockerfile.encode()), "Dockerfile", "", COMMAND)
    result = replace(RESULT, steps=make_steps(*created_by))
    return built.check(Subject("team/llm:dev", result), base)


def test_what_the_file_builds_is_told_nothing_of() -> None:
    """Steps of the base image lie below, arguments are in no step, labels may be options of the build."""
    assert check(TEXT, "ENV B=1", *STEPS, "LABEL team=llm") is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("one two three", "one two four", "line 4 was changed since: the image has RUN make --token="),
        ("USER app\n", "USER app\nRUN added\n", "line 7 is in no step of it: RUN added"),
        ("COPY a /a\n", "", "no line makes layer 1: COPY a /a"),
    ],
)
def test_what_was_changed_since_is_told_by_line(old: str, new: str, told: str) -> None:
    """And what to do; a password stays out of it."""
    breach = check(TEXT.replace(old, new), *STEPS)
    assert breach is not None
    assert breach.message.startswith(f"the image is not what Dockerfile builds: {told}")
    assert breach.remedy == f"build it again: {COMMAND}"
    assert "hunter2secret" not in breach.message + breach.detail


def test_many_changes_are_counted() -> None:
    """The first ones are told."""
    gone = ("RUN /bin/sh -c gone # buildkit", "COPY gone /gone # buildkit")
    breach = check(TEXT + "EXPOSE 1\nEXPOSE 2\nEXPOSE 3\n", *STEPS[:2], *gone, *STEPS[2:])
    assert breach is not None
    assert breach.message.endswith("line 7 is in no step of it: EXPOSE 1")
    assert breach.detail.endswith("line 9 is in no step of it: EXPOSE 3; no line makes layer 1: RUN gone; and 1 more")


def test_an_image_of_another_file_is_told_as_that() -> None:
    """Line by line it would say nothing."""
    breach = check(TEXT, "RUN /bin/sh -c other # buildkit", "CMD ['x']")
    assert breach is not None
    assert breach.message == "the image was not built from Dockerfile: its history has other instructions"


def test_lines_that_were_added_are_told_however_many() -> None:
    """The image is what the rest of the file built."""
    breach = check("FROM base:1\nCOPY a /a\n" + "RUN b\nRUN c\nRUN d\nRUN e\n", "COPY a /a # buildkit")
    assert breach is not None
    assert breach.message == "the image is not what Dockerfile builds: line 3 is in no step of it: RUN b"


def test_another_base_image_is_told() -> None:
    """By the layers that it has here."""
    breach = check(TEXT, *STEPS, base=BaseHere(("sha256:0",), ()))
    assert breach is not None
    assert breach.message.endswith("line 1: its lowest layers are not those that base:1 has here")
    own = tuple(str(each) for each in RESULT.image.config.rootfs)
    assert check(TEXT, *STEPS, base=BaseHere(own[:1], ())) is None


@pytest.mark.parametrize(
    ("dockerfile", "history"),
    [("stages", "stages-classic"), ("stages", "stages-buildkit"), ("documents", "documents-buildkit")],
)
def test_nothing_is_told_of_real_builds(dockerfile: str, history: str) -> None:
    """By either builder."""
    built = BuiltFrom(parse_dockerfile(load_dockerfile(dockerfile)), "Dockerfile", "", COMMAND)
    assert built.check(Subject("x", replace(RESULT, steps=load_steps(history)))) is None


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("FROM a:1", "a:1"),
        ("ARG V=2\nFROM a:$V AS one\nFROM one", "a:2"),
        ("FROM a:$V", ""),
        ("FROM scratch", ""),
    ],
)
def test_the_base_image_is_that_of_the_lowest_stage(text: str, base: str) -> None:
    """Where a variable hides it, it is not known."""
    assert BuiltFrom(parse_dockerfile(text.encode()), "Dockerfile", "", COMMAND).base == base


def test_a_layer_between_the_base_image_and_the_file_s_is_no_line_s() -> None:
    """Where the base image is here, it is known which layers are its own; what its ONBUILD does is no line's either."""
    steps, lowest = ("COPY gone /gone # buildkit", "COPY a /a # buildkit"), str(RESULT.image.config.rootfs[0])
    for text, base, told in (
        ("FROM base:1\nCOPY a /a\n", BaseHere((lowest,), ()), ""),
        ("FROM base:1\nCOPY a /a\n", BaseHere((), ()), "no line makes layer 0: COPY gone /gone"),
        ("FROM base:1\nCOPY a /a\n", BaseHere((), ("COPY gone /gone",)), ""),
        ("FROM base:1\n", BaseHere((lowest,), ()), "no line makes layer 1: COPY a /a"),
        ("FROM base:1\nCOPY a /a\n", None, ""),
    ):
        breach = check(text, *steps, base=base)
        assert ("" if breach is None else breach.message.rpartition("builds: ")[2]) == told
