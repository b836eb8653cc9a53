"""Requirements are put into the command that installs what they name, or what needs them."""

import pytest
from msgspec import structs

from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.rules.build_edit import AskTogether
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from support.dockerfiles import match, propose
from support.results import make_finding

NUMPY = AskTogether(("numpy<2",), ("pandas",))


def ask(edit: AskTogether) -> Finding:
    """A finding whose fix is this one."""
    return structs.replace(make_finding("PY007"), fixes=(Fix("Keep NumPy below 2", ("do it",), build_edits=(edit,)),))


def propose_runs(*runs: str, edit: AskTogether = NUMPY) -> DockerfileProposal:
    """What is edited in a Dockerfile of these RUNs, from which the image was built."""
    text = "FROM base\n" + "".join(f"RUN {run}\n" for run in runs)
    joined = (" ".join(run.replace("\\\n", " ").split()) for run in runs)
    return propose(match(text, *(f"RUN /bin/sh -c {run} # buildkit" for run in joined)), [], ask(edit))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pip install numpy pandas==2.1.1", "pip install 'numpy<2' pandas==2.1.1"),
        ("pip install numpy==2.4.6 pandas", "pip install 'numpy<2' pandas"),
        ("pip install 'numpy>=1.26' pandas && rm -rf /tmp/x", "pip install 'numpy>=1.26,<2' pandas && rm -rf /tmp/x"),
        ("python3 -m pip install --no-cache-dir pandas", "python3 -m pip install --no-cache-dir pandas 'numpy<2'"),
        ("uv pip install --system Pandas[excel] > /log", "uv pip install --system Pandas[excel] 'numpy<2' > /log"),
        ("pip install \\\n      pandas \\\n      scipy", "pip install \\\n      pandas 'numpy<2' \\\n      scipy"),
        ("pip install --index-url numpy pandas", "pip install --index-url numpy pandas 'numpy<2'"),
        ("pip install -U numpy[dev]", "pip install -U 'numpy[dev]<2'"),
        ("pip install 'NumPy>=1.24,!=1.25.0'", "pip install 'NumPy>=1.24,!=1.25.0,<2'"),
    ],
)
def test_a_requirement_is_asked_for_where_its_name_stands_or_beside_what_needs_it(before: str, after: str) -> None:
    """Quoted for the shell; all else of the line stays."""
    assert propose_runs(before).text == f"FROM base\nRUN {after}\n"


def test_of_several_commands_the_last_that_names_it_decides() -> None:
    """What it installs is what the image has."""
    proposal = propose_runs("pip install numpy pandas", "pip install numpy")
    assert proposal.text == "FROM base\nRUN pip install numpy pandas\nRUN pip install 'numpy<2'\n"


def test_several_requirements_are_one_edit() -> None:
    """Those that nothing names stand behind what needs them."""
    edit = AskTogether(("numpy<2,>=1.26", "pytz>=2020.1"), ("pandas",))
    proposal = propose_runs("pip install pandas", edit=edit)
    assert proposal.text == "FROM base\nRUN pip install pandas 'numpy<2,>=1.26' 'pytz>=2020.1'\n"
    assert [each.title for each in proposal.edits] == ["Keep NumPy below 2"]


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("pip install -r requirements.txt", "line 2 installs what requirements.txt names: name 'numpy<2' there"),
        ("pip install .", "no pip install of the Dockerfile names what has to be installed with 'numpy<2'"),
        ("apt-get install numpy", "no pip install of the Dockerfile names what has to be installed with 'numpy<2'"),
        ("pip install $PACKAGES", "no pip install of the Dockerfile names what has to be installed with 'numpy<2'"),
        (
            "pip install numpy==2.1 --hash=sha256:00",
            "line 2 installs by hashes: write another's hash by hand",
        ),
        ("pip install numpy==$NV pandas", "line 2 takes the version of numpy from a variable: change that"),
        (
            "pip install 'numpy; python_version<\"3.9\"'",
            "line 2 asks for numpy under a condition: change it by hand",
        ),
        (
            "pip install --no-deps pandas",
            "line 2 installs without what is required: install numpy<2 in a step of its own",
        ),
        ("pip install pandas && pip uninstall -y numpy", "line 2 takes numpy out again"),
        (
            "pip install -t /opt/numpy numpy",
            "no pip install of the Dockerfile names what has to be installed with 'numpy<2'",
        ),
        ("pip download pandas", "no pip install of the Dockerfile names what has to be installed with 'numpy<2'"),
    ],
)
def test_a_command_that_names_neither_is_left_to_a_person(run: str, reason: str) -> None:
    """With the file that it installs from, where there is one."""
    proposal = propose_runs(run)
    assert not proposal.edits
    assert [each.reason for each in proposal.refused] == [reason]


def test_what_is_no_requirement_is_not_put_into_a_command() -> None:
    """Metadata of an image may hold anything, and what is arbitrarily equal any sign."""
    for text in (
        "numpy; rm -rf /",
        "foo===1&touch${IFS}/pwned",
        "foo===1'$(x)'",
        "foo @ https://x/$(y)",
        "a\nb",
        "foo==1`x`",
    ):
        proposal = propose_runs("pip install pandas", edit=AskTogether((text,), ("pandas",)))
        assert not proposal.edits
        assert proposal.text == "FROM base\nRUN pip install pandas\n"


def test_many_requirements_are_all_named() -> None:
    """A command is no sentence."""
    texts = tuple(f"dist{number}>=1" for number in range(30))
    text = propose_runs("pip install pandas", edit=AskTogether(texts, ("pandas",))).text
    assert all(f"'{each}'" in text for each in texts)
    assert "…" not in text


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("'numpy>=2'", "line 2 asks for 'numpy>=2', and numpy<2 leaves no version of it: change it by hand"),
        ("'numpy>=1,<2'", "line 2 asks for numpy<2 already, and the image has another all the same"),
    ],
)
def test_a_word_that_cannot_be_joined_with_the_requirement_is_told(word: str, reason: str) -> None:
    """Nothing is changed."""
    proposal = propose_runs(f"pip install {word}")
    assert not proposal.edits
    assert proposal.refused[0].reason.startswith(reason)


def test_a_word_that_is_a_file_is_told() -> None:
    """A second requirement of the same name would contradict it."""
    proposal = propose_runs("pip install ./numpy-2.1.0-cp312-cp312-linux_x86_64.whl pandas")
    assert not proposal.edits
    reason = "line 2 asks for numpy from an address or file: change it by hand"
    assert [each.reason for each in proposal.refused] == [reason]


def test_a_word_that_was_changed_since_is_left_to_a_build() -> None:
    """The image is only older."""
    matched = match("FROM base\nRUN pip install 'numpy<2'\n", "RUN /bin/sh -c pip install numpy # buildkit")
    proposal = propose(matched, [], ask(NUMPY))
    assert [each.reason for each in proposal.list_held()] == ["line 2 asks for numpy<2 already: build the image again"]
