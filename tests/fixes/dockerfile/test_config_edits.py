"""Edits of ENV and HEALTHCHECK: the words that the rules give, where they change one line and nothing else."""

import pytest
from msgspec.structs import replace

from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from support.dockerfiles import found_in, match, propose
from support.sample_facts import PROCESS

SET = "ENV LD_LIBRARY_PATH=/opt/a:/opt/b"


def propose_path(dockerfile: str, line: str, *steps: str) -> DockerfileProposal:
    """What is edited where a finding proposes that line."""
    return propose(match(dockerfile, *steps), [], found_in("ELF006", steps=(line,)))


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
    ],
)
def test_a_library_path_is_set_as_the_rule_says(before: str, after: str) -> None:
    """In the line that sets it; what else that sets stays."""
    step = "ENV A=1 LD_LIBRARY_PATH=/opt/a:/opt/b B=2" if "A=1" in before else SET
    proposal = propose_path(f"FROM base\n{before}\nCMD x\n", "ENV LD_LIBRARY_PATH=/opt/a", step)
    assert proposal.text == f"FROM base\n{after}\nCMD x\n"


def test_a_library_path_of_which_nothing_is_left_goes() -> None:
    """A line that sets more is left to a person."""
    line = "ENV LD_LIBRARY_PATH=   (nothing is left of it: delete the line)"
    assert propose_path(f"FROM base\n{SET}\nCMD x\n", line, SET).text == "FROM base\nCMD x\n"
    proposal = propose_path(f"FROM base\n{SET} A=1\nCMD x\n", line, f"{SET} A=1")
    assert [each.reason for each in proposal.refused] == [
        "line 2 is not alone in setting it, or sets more: take it out by hand"
    ]


def test_a_library_path_of_the_base_image_is_set_anew() -> None:
    """Above the first instruction that says what is started."""
    proposal = propose_path("FROM base\nCOPY a /a\nCMD x\n", "ENV LD_LIBRARY_PATH=/opt/a", SET, "COPY a /a # buildkit")
    assert proposal.text == "FROM base\nCOPY a /a\nENV LD_LIBRARY_PATH=/opt/a\nCMD x\n"


def test_python_writes_at_once() -> None:
    """The line comes last in the target stage, not in one that follows it."""
    text = "FROM base AS app\nRUN make\nFROM base\nRUN other\n"
    proposal = propose(match(text, "RUN /bin/sh -c make # buildkit", target="app"), [], found_in("CONF010"))
    assert proposal.text == "FROM base AS app\nRUN make\nENV PYTHONUNBUFFERED=1\nFROM base\nRUN other\n"
    proposal = propose(match("FROM base\nRUN make", "RUN /bin/sh -c make # buildkit"), [], found_in("CONF010"))
    assert proposal.text == "FROM base\nRUN make\nENV PYTHONUNBUFFERED=1"
    assert proposal.diff.endswith("+RUN make\n+ENV PYTHONUNBUFFERED=1\n\\ No newline at end of file\n")


def test_a_line_that_nothing_continues_is_ended_first() -> None:
    """Else what is put in would be a part of it; comments are kept."""
    matched = match("FROM base\nRUN make \\\n # end\n\n", "RUN /bin/sh -c make # buildkit")
    text = propose(matched, [], found_in("CONF010")).text
    assert text == "FROM base\nRUN make\n # end\nENV PYTHONUNBUFFERED=1\n"


def test_a_variable_that_the_dockerfile_sets_is_not_set_again() -> None:
    """The image is older than the line."""
    matched = match("FROM base\nENV PYTHONUNBUFFERED=1\nRUN make\n", "RUN /bin/sh -c make # buildkit")
    (refused,) = propose(matched, [], found_in("CONF010")).refused
    assert refused.reason == "line 2 sets PYTHONUNBUFFERED, and the image does not have it so"


def test_a_health_check_asks_the_port_that_is_exposed() -> None:
    """Without one, the address would be a guess."""
    line = "HEALTHCHECK --interval=30s CMD curl -fsS http://127.0.0.1:9000/health || exit 1"
    matched = match("FROM base\nRUN make\nCMD x\n", "RUN /bin/sh -c make # buildkit")
    finding = found_in("CONF009", steps=(line,))
    assert propose(matched, [PROCESS], finding).text == f"FROM base\nRUN make\n{line}\nCMD x\n"
    silent = replace(PROCESS, exposed_ports=())
    assert [each.reason for each in propose(matched, [silent], finding).refused] == [
        "the image exposes no port: which address answers is not known"
    ]
