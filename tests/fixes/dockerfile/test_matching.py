"""Instructions are paired with the steps that they became, by either builder's spelling, even where parts differ."""

import pytest

from layerscope.errors import UsageError
from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.formats.dockerfile import parse_dockerfile
from support.dockerfiles import load_dockerfile, load_steps, match


@pytest.mark.parametrize(
    ("dockerfile", "history", "is_classic"),
    [
        ("stages", "stages-classic", True),
        ("stages", "stages-buildkit", False),
        ("documents", "documents-buildkit", False),
    ],
)
def test_every_instruction_of_a_real_image_is_found(dockerfile: str, history: str, *, is_classic: bool) -> None:
    """The base image's four steps are passed over, and nothing is left on either side."""
    steps = load_steps(history)
    matched = match_dockerfile(parse_dockerfile(load_dockerfile(dockerfile)), steps)
    assert [pair.step.position for pair in matched.matches] == list(range(4, len(steps)))
    assert all(pair.is_same for pair in matched.matches)
    assert (matched.unmatched_instructions, matched.unmatched_steps) == ((), ())
    assert matched.is_classic is is_classic


def test_what_was_changed_since_is_matched_by_its_parts() -> None:
    """It is told from what is the same; what is new or gone is named on its side."""
    matched = match(
        "FROM base\nRUN make one two three\nRUN added later\nCOPY a /a\n",
        "RUN /bin/sh -c base # buildkit",
        "RUN /bin/sh -c make one two # buildkit",
        "RUN /bin/sh -c gone since # buildkit",
        "COPY a /a # buildkit",
    )
    assert [(pair.instruction.number, pair.step.layer, pair.is_same) for pair in matched.matches] == [
        (2, 1, False),
        (4, 3, True),
    ]
    assert [each.operands for each in matched.unmatched_instructions] == ["added later"]
    assert [step.layer for step in matched.unmatched_steps] == [2]


def test_of_equal_steps_the_latest_is_the_own_one() -> None:
    """A base image often has the same step below."""
    update = "RUN /bin/sh -c apt-get update # buildkit"
    matched = match("FROM base\nRUN apt-get update\n", update, "COPY x /x # buildkit", update)
    assert [pair.step.layer for pair in matched.matches] == [2]


def test_stages_are_followed_down_to_the_base_image() -> None:
    """Variables of a stage below are seen above; arguments are not."""
    text = (
        "ARG B=base\nFROM $B AS one\nENV DIR=/srv\nWORKDIR $DIR\nFROM one AS two\nCOPY x $DIR/x\nFROM $B\nRUN other\n"
    )
    matched = match(text, "ENV DIR=/srv", "WORKDIR /srv", "COPY x /srv/x # buildkit", target="two")
    assert [stage.name for stage in matched.chain] == ["one", "two"]
    assert [pair.is_same for pair in matched.matches] == [True, True, True]


def test_arguments_have_the_values_that_the_history_tells() -> None:
    """What --build-arg gave stands there alone; the value of one that nothing tells may be any."""
    text = "FROM base\nARG V=1\nARG W\nCOPY app-$V /app\nCOPY lib-$W-x /lib\n"
    matched = match(text, "ARG V=2", "ARG W", "COPY app-2 /app # buildkit", "COPY lib-7-x /lib # buildkit")
    assert [pair.is_same for pair in matched.matches] == [True] * 4


def test_a_stage_that_is_not_there_is_told_with_those_that_are() -> None:
    """By name, as --target wants it."""
    with pytest.raises(UsageError, match=r"--target '.*': expected a stage of the Dockerfile: one"):
        match("FROM a AS one\nRUN x\n", target="two")


@pytest.mark.parametrize(
    "steps",
    [
        (
            "SHELL [/bin/busybox sh -c]",
            "RUN /bin/busybox sh -c make it # buildkit",
            "RUN |1 V=2 /bin/busybox sh -c chown -R 1 /it # buildkit",
            'CMD ["/bin/busybox" "sh" "-c" "serve -v"]',
        ),
        (
            "/bin/busybox sh -c #(nop)  SHELL [/bin/busybox sh -c]",
            "/bin/busybox sh -c make it",
            "|1 V=2 /bin/busybox sh -c chown -R 1 /it",
            '/bin/busybox sh -c #(nop)  CMD ["/bin/busybox" "sh" "-c" "serve -v"]',
        ),
    ],
)
def test_a_shell_that_the_dockerfile_names_stands_before_what_it_was_given(steps: tuple[str, ...]) -> None:
    """Whatever it is called, and by either builder's spelling; another command is another one still."""
    head = 'FROM base\nSHELL ["/bin/busybox", "sh", "-c"]\nRUN make  it\nRUN chown -R 1 /it\n'
    matched = match(f"{head}CMD serve -v\n", *steps)
    assert [pair.step.position for pair in matched.matches] == [0, 1, 2, 3]
    assert [pair.is_same for pair in matched.matches] == [True] * 4
    assert [pair.is_same for pair in match(f"{head}CMD serve -w\n", *steps).matches] == [True] * 3 + [False]


@pytest.mark.parametrize(
    ("ran", "line", "is_edited"),
    [
        ("pip install torch", "pip install --no-cache-dir torch", True),
        ("pip install torch && pip install six", "pip install --no-cache-dir torch && pip install six", True),
        ("apt-get install -y jq", "apt-get install -y jq && apt-get clean", True),
        ("apt-get install -y jq", "apt-get install -y jq && apt-get clean && rm -rf /var/lib/apt/lists/*", True),
        ("dnf install -y jq", "dnf install -y jq && dnf clean all && rm -rf /var/cache/dnf /var/cache/yum", True),
        ("npm ci", "--mount=type=cache,target=/root/.npm npm ci && npm cache clean --force", True),
        ("pip install --no-cache-dir torch", "pip install torch", False),
        ("apt-get install -y jq && apt-get clean", "apt-get install -y jq", False),
        ("apt-get install -y jq", "apt-get install -y jq curl && apt-get clean", False),
        ("make all of it", "make all of it && rm -rf /srv", False),
        ("make all of it", "make all of it ; apt-get clean", False),
    ],
)
def test_a_step_that_only_layerscope_edited_is_the_same(ran: str, line: str, *, is_edited: bool) -> None:
    """What keeps no cache was put in since, and nothing else: it made the layer all the same."""
    matched = match(f"FROM base\nRUN {line}\n", f"RUN /bin/sh -c {ran} # buildkit")
    assert [(pair.is_same, pair.is_edited) for pair in matched.matches] == [(is_edited, is_edited)]


def test_a_step_as_it_was_run_is_paired_before_an_edited_one() -> None:
    """Of two that may have made a layer, the one without a difference did."""
    matched = match(
        "FROM base\nRUN pip install six\nRUN pip install --no-cache-dir six\n", "RUN /bin/sh -c pip install six"
    )
    assert [(pair.instruction.number, pair.is_edited) for pair in matched.matches] == [(2, False)]


@pytest.mark.parametrize(
    "created_by",
    ["/bin/sh -c apt-get install -y $TOOLS", "RUN /bin/sh -c apt-get install -y $TOOLS # buildkit"],
    ids=["classic", "buildkit"],
)
def test_a_shell_that_is_named_word_by_word_is_paired(created_by: str) -> None:
    """The history tells it as the other form, and the line was not changed."""
    matched = match('FROM base\nRUN ["/bin/sh", "-c", "apt-get install -y $TOOLS"]\n', created_by)
    assert [pair.is_same for pair in matched.matches] == [True]
