"""Edits of ENV and HEALTHCHECK: the words that the rules give, where they change one line and nothing else."""

import pytest
from msgspec import structs
from msgspec.structs import replace

from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.formats.dockerfile import parse_dockerfile
from layerscope.rules.build_edit import AddLines
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from support.dockerfiles import found_in, match, propose, wants
from support.results import make_finding
from support.sample_facts import PROCESS

SET = "ENV LD_LIBRARY_PATH=/opt/a:/opt/b"
PATH = "LD_LIBRARY_PATH"
UNBUFFERED = wants("CONF010", SetVariable("PYTHONUNBUFFERED", "1"))


def propose_variables(dockerfile: str, *variables: SetVariable) -> DockerfileProposal:
    """What is edited where a finding's fix sets these variables, and the image was built from just that file."""
    steps = [
        f"RUN /bin/sh -c {each.operands}" if each.keyword == "RUN" else f"{each.keyword} {each.operands}"
        for each in parse_dockerfile(dockerfile.encode()).instructions[1:]
    ]
    return propose(match(dockerfile, *steps), [], wants("ELF006", *variables))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ENV LD_LIBRARY_PATH=/opt/a:/opt/b", "ENV LD_LIBRARY_PATH=/opt/a"),
        (
            "ENV A=1 LD_LIBRARY_PATH=/opt/a:/opt/b \\\n    # why\n    B=2",
            "ENV A=1 LD_LIBRARY_PATH=/opt/a \\\n    # why\n    B=2",
        ),
        ('ENV LD_LIBRARY_PATH="/opt/a:/opt/b"', "ENV LD_LIBRARY_PATH=/opt/a"),
        ("ENV LD_LIBRARY_PATH /opt/a:/opt/b", "ENV LD_LIBRARY_PATH /opt/a"),
        ("ENV X=LD_LIBRARY_PATH LD_LIBRARY_PATH=", "ENV X=LD_LIBRARY_PATH LD_LIBRARY_PATH=/opt/a"),
    ],
)
def test_a_variable_is_set_as_the_fix_says(before: str, after: str) -> None:
    """In the line that sets it; what else that sets stays."""
    proposal = propose_variables(f"FROM base\n{before}\nCMD x\n", SetVariable(PATH, "/opt/a"))
    assert proposal.text == f"FROM base\n{after}\nCMD x\n"


def test_a_value_with_blanks_is_quoted_and_one_with_other_signs_is_left_to_a_person() -> None:
    """The builder expands dollar signs, and takes out backslashes and quotes."""
    text = f"FROM base\n{SET}\nCMD x\n"
    spaced = propose_variables(text, SetVariable("NVIDIA_REQUIRE_CUDA", "cuda>=12.4 driver>=550"))
    assert spaced.text == f'FROM base\n{SET}\nENV NVIDIA_REQUIRE_CUDA="cuda>=12.4 driver>=550"\nCMD x\n'
    for value in ("$ORIGIN/lib", 'a"b', "a\\b", "a\nb", "", "é"):
        (refused,) = propose_variables(text, SetVariable(PATH, value)).refused
        assert refused.reason == "the value of LD_LIBRARY_PATH has signs that need quoting by hand"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{SET}\n", ""),
        (f"{SET} A=1\n", "ENV A=1\n"),
        ("ENV A=1 LD_LIBRARY_PATH=/opt/a:/opt/b\n", "ENV A=1\n"),
        ("ENV A=1 \\\n    LD_LIBRARY_PATH=/opt/a:/opt/b \\\n    B=2\n", "ENV A=1 \\\n    B=2\n"),
        ("ENV A=1 \\\n    LD_LIBRARY_PATH=/opt/a:/opt/b\n", "ENV A=1\n"),
        (f"ENV LD_LIBRARY_PATH=/opt/a\nRUN make\n{SET}\n", "RUN make\n"),
        (f"ENV LD_LIBRARY_PATH=/opt/a\n{SET}:$LD_LIBRARY_PATH\n", ""),
    ],
)
def test_a_variable_that_is_taken_out_goes_from_every_line(before: str, after: str) -> None:
    """With the blanks beside it, and with the instruction where that sets nothing else."""
    proposal = propose_variables(f"FROM base\n{before}CMD x\n", SetVariable(PATH))
    assert proposal.text == f"FROM base\n{after}CMD x\n"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            "ENV A=1 \\\n # why\n LD_LIBRARY_PATH=/opt/a:/opt/b\n",
            "line 2 sets LD_LIBRARY_PATH among others, with comments between: take it out by hand",
        ),
        (f"{SET}\nRUN echo ${{LD_LIBRARY_PATH}}\n", "line 3 uses LD_LIBRARY_PATH: take it out by hand"),
        ("ENV A=1\n", "the base image sets LD_LIBRARY_PATH: an ENV can change it there, not take it out"),
    ],
)
def test_a_variable_stays_where_its_end_would_change_more(lines: str, reason: str) -> None:
    """Each has its reason."""
    proposal = propose_variables(f"FROM base\n{lines}CMD x\n", SetVariable(PATH))
    assert [each.reason for each in proposal.refused] == [reason]
    assert not proposal.edits


def test_a_line_that_was_taken_out_may_have_set_what_the_base_image_seems_to() -> None:
    """Right behind FROM, nobody can tell the two apart; further up, the base image did."""
    for steps, reason in (
        ((SET, "COPY a /a # buildkit"), "the base image, or a line that the file does not have any more, sets"),
        ((SET, "CMD y", "COPY a /a # buildkit"), "the base image sets"),
    ):
        proposal = propose(match("FROM base\nCOPY a /a\nCMD x\n", *steps), [], wants("ELF006", SetVariable(PATH)))
        (refused,) = proposal.refused
        assert refused.reason == f"{reason} LD_LIBRARY_PATH: an ENV can change it there, not take it out"


def test_a_variable_of_the_base_image_is_set_anew() -> None:
    """Above the first instruction that says what is started; several findings that want the same want one line."""
    matched = match("FROM base\nCOPY a /a\nCMD x\n", SET, "COPY a /a # buildkit")
    wanted = [wants(code, SetVariable(PATH, "/opt/a")) for code in ("ELF006", "ELF007")]
    proposal = propose(matched, [], *wanted)
    assert proposal.text == "FROM base\nCOPY a /a\nENV LD_LIBRARY_PATH=/opt/a\nCMD x\n"
    assert [edit.code for edit in proposal.edits] == ["ELF006", "ELF007"]


def test_several_variables_of_one_fix_go_together_or_not_at_all() -> None:
    """Half of a fix would not remove its finding."""
    variables = (SetVariable("NCCL_DEBUG"), SetVariable("NCCL_IB_DISABLE"))
    both = "FROM base\nENV NCCL_DEBUG=INFO NCCL_IB_DISABLE=1\nENV NCCL_DEBUG=WARN\nCMD x\n"
    assert propose_variables(both, *variables).text == "FROM base\nCMD x\n"
    used = "FROM base\nENV NCCL_DEBUG=INFO\nENV NCCL_IB_DISABLE=1\nRUN echo $NCCL_IB_DISABLE\nCMD x\n"
    assert not propose_variables(used, *variables).edits
    apart = "FROM base\nENV NCCL_DEBUG=INFO\nENV NCCL_IB_DISABLE=1 A=1\nCMD x\n"
    proposal = propose_variables(apart, *variables)
    assert proposal.text == "FROM base\nENV A=1\nCMD x\n"
    assert [edit.title for edit in proposal.edits] == ["Set no NCCL_DEBUG and no NCCL_IB_DISABLE"]


def test_python_writes_at_once() -> None:
    """The line comes last in the target stage, not in one that follows it."""
    text = "FROM base AS app\nRUN make\nFROM base\nRUN other\n"
    proposal = propose(match(text, "RUN /bin/sh -c make # buildkit", target="app"), [], UNBUFFERED)
    assert proposal.text == "FROM base AS app\nRUN make\nENV PYTHONUNBUFFERED=1\nFROM base\nRUN other\n"
    proposal = propose(match("FROM base\nRUN make", "RUN /bin/sh -c make # buildkit"), [], UNBUFFERED)
    assert proposal.text == "FROM base\nRUN make\nENV PYTHONUNBUFFERED=1"
    assert proposal.diff.endswith("+RUN make\n+ENV PYTHONUNBUFFERED=1\n\\ No newline at end of file\n")


def test_a_variable_is_set_behind_all_that_is_built() -> None:
    """A step that fetches a model must not find the hub forbidden."""
    offline = SetVariable("HF_HUB_OFFLINE", "1")
    proposal = propose_variables("FROM base\nCMD x\nRUN fetch\nENTRYPOINT y\n", offline)
    assert proposal.text == "FROM base\nCMD x\nRUN fetch\nENV HF_HUB_OFFLINE=1\nENTRYPOINT y\n"
    proposal = propose_variables("FROM base\nCMD x\nRUN fetch\n", offline)
    assert proposal.text == "FROM base\nCMD x\nRUN fetch\nENV HF_HUB_OFFLINE=1\n"


def test_a_line_that_nothing_continues_is_ended_first() -> None:
    """Else what is put in would be a part of it; comments are kept."""
    matched = match("FROM base\nRUN make \\\n # end\n\n", "RUN /bin/sh -c make # buildkit")
    text = propose(matched, [], UNBUFFERED).text
    assert text == "FROM base\nRUN make\n # end\nENV PYTHONUNBUFFERED=1\n"


def test_a_variable_that_the_dockerfile_sets_so_is_not_set_again() -> None:
    """The image is older than the line."""
    matched = match("FROM base\nENV PYTHONUNBUFFERED=1\nRUN make\n", "RUN /bin/sh -c make # buildkit")
    (refused,) = propose(matched, [], UNBUFFERED).refused
    assert refused.reason == "line 2 sets PYTHONUNBUFFERED so, and the image does not have it: build it again"


@pytest.mark.parametrize(
    ("lines", "variables", "text"),
    [
        ("ENV A=1\n", [SetVariable("A", "1")], ""),
        ("", [SetVariable("B")], ""),
        ("ENV A=1\n", [SetVariable("A", "1"), SetVariable("B")], ""),
        (
            "ENV A=1\n",
            [SetVariable("A", "1"), SetVariable("C", "2")],
            "FROM base\nUSER a\nENV A=1\nRUN make\nENV C=2\n",
        ),
    ],
)
def test_what_the_lines_have_already_is_left_to_a_build(lines: str, variables: list[SetVariable], text: str) -> None:
    """Where the image is older than all of it; else the rest is changed."""
    matched = match(f"FROM base\nUSER a\n{lines}RUN make\n", "USER a", "ENV B=1", "RUN /bin/sh -c make # buildkit")
    proposal = propose(matched, [], wants("ELF006", *variables))
    assert (proposal.text if proposal.edits else "") == text
    assert [each.code for each in proposal.list_held()] == ([] if text else ["ELF006"])


def test_a_health_check_asks_the_port_that_is_exposed() -> None:
    """Without one, the address would be a guess."""
    line = "HEALTHCHECK --interval=30s CMD curl -fsS http://127.0.0.1:9000/health || exit 1"
    matched = match("FROM base\nRUN make\nCMD x\n", "RUN /bin/sh -c make # buildkit")
    finding = found_in("CONF009", steps=(line,))
    assert propose(matched, [PROCESS], finding).text == f"FROM base\nRUN make\n{line}\nCMD x\n"
    silent = replace(PROCESS, exposed_ports=())
    assert [each.reason for each in propose(matched, [silent], finding).refused] == [
        "the image exposes no port for HTTP: which address answers is not known"
    ]
    bare = replace(PROCESS, clients=())
    assert [each.reason for each in propose(matched, [bare], finding).refused] == [
        "the image has neither curl nor wget nor Python: nothing could ask"
    ]


def test_a_user_is_named_last() -> None:
    """After whatever needs to be root, in front of what is started."""
    lines = ("RUN useradd app", "USER 10001:10001")
    wanted = structs.replace(
        make_finding("CONF001"), fixes=(Fix("Run as a user", ("do it",), build_edits=(AddLines(lines, "USER"),)),)
    )
    matched = match("FROM base\nRUN make\nCMD x\n", "RUN /bin/sh -c make # buildkit")
    proposal = propose(matched, [], wanted, UNBUFFERED)
    assert proposal.text == ("FROM base\nRUN make\nENV PYTHONUNBUFFERED=1\nRUN useradd app\nUSER 10001:10001\nCMD x\n")
    for text, reason in (
        ("FROM base\nUSER root\nRUN make\nCMD x\n", "line 2 has USER already: change it there"),
        ("FROM base\nCMD x\nRUN make\n", "line 3 builds after line 2: put USER behind it by hand"),
    ):
        refused = propose(match(text, "USER root", "RUN /bin/sh -c make # buildkit"), [], wanted).refused
        assert [each.reason for each in refused] == [reason]
    held = propose(match("FROM base\nRUN make\nUSER 10001:10001\n", "RUN /bin/sh -c make"), [], wanted).list_held()
    told = "line 3 is USER 10001:10001, and the image does not have it: build it again"
    assert [each.reason for each in held] == [told]


@pytest.mark.parametrize("port", ["53/udp", "5432/tcp", "80\nRUN touch x/tcp", "8000-8010/tcp"])
def test_a_health_check_is_not_asked_of_what_speaks_no_http(port: str) -> None:
    """A database would refuse it for ever."""
    matched = match("FROM base\nRUN make\nCMD x\n", "RUN /bin/sh -c make # buildkit")
    finding = found_in("CONF009", steps=("HEALTHCHECK CMD true",))
    assert not propose(matched, [replace(PROCESS, exposed_ports=(port,))], finding).edits


SHARED = """\
ARG FROM_STAGE=base
FROM scratch AS base
ENV LD_LIBRARY_PATH=/opt/a:/opt/b
FROM ${FROM_STAGE} AS builder
RUN make
FROM base
COPY --from=builder /m /m
"""


def test_what_another_stage_gets_too_is_left_to_a_person() -> None:
    """Whether that stands on the shared one by its name, or by an argument."""
    for change in (SetVariable(PATH, "/opt/a"), SetVariable(PATH)):
        matched = match(SHARED, SET, "COPY /m /m # buildkit")
        proposal = propose(matched, [], propose_review(change))
        assert not proposal.edits
        assert [each.reason for each in proposal.refused] == [
            "the stage of line 4 gets the variable too: change it by hand"
        ]


def test_a_user_is_not_added_below_another_stage() -> None:
    """It would build as that user."""
    text = "FROM base AS runtime\nRUN make\nFROM runtime AS dev\nRUN touch /etc/x\n"
    matched = match(text, "RUN /bin/sh -c make # buildkit", target="runtime")
    wanted = structs.replace(
        make_finding("CONF001"), fixes=(Fix("Run as a user", ("do it",), build_edits=(AddLines(("USER 1",), "USER"),)),)
    )
    assert [each.reason for each in propose(matched, [], wanted).refused] == [
        "the stage of line 3 gets USER too: change it by hand"
    ]


@pytest.mark.parametrize(
    "use",
    ["RUN <<EOF\necho $LD_LIBRARY_PATH\nEOF", "COPY --chown=$LD_LIBRARY_PATH a /a", "RUN echo ${LD_LIBRARY_PATH}"],
)
def test_a_variable_that_is_used_anywhere_stays(use: str) -> None:
    """In flags, in documents, in commands."""
    proposal = propose(match(f"FROM base\n{SET}\n{use}\n", SET), [], propose_review(SetVariable(PATH)))
    assert [each.reason for each in proposal.refused] == ["line 3 uses LD_LIBRARY_PATH: take it out by hand"]


def propose_review(variable: SetVariable) -> Finding:
    """A finding whose fix somebody has to read."""
    return structs.replace(make_finding("ELF006"), fixes=(Fix("change it", ("do it",), edits=(variable,)),))
