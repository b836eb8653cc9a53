"""LAY103's edit: COPY sets owner and mode, or the RUN that makes the files does."""

import pytest

from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from support.dockerfiles import ended_in, found_in, match, propose

COPY = "COPY weights/ /models/ # buildkit"


def propose_for(dockerfile: str, *steps: str) -> DockerfileProposal:
    """What is edited where the last of these steps ships again what the one before the last made."""
    matched = match(dockerfile, *steps)
    layer = matched.matches[-1].step.layer
    assert layer is not None
    return propose(matched, [ended_in("metadata", layer, "models/llm", 0)], found_in("LAY103", layer))


def test_copy_sets_the_owner_in_place_of_a_later_chown() -> None:
    """The step that has nothing else to do goes; comments stay."""
    proposal = propose_for(
        "FROM base\n# 26 GB\nCOPY weights/ /models/\n\nRUN chown -R 1000:1000 /models\nUSER 1000\n",
        COPY,
        "RUN /bin/sh -c chown -R 1000:1000 /models # buildkit",
    )
    assert proposal.text == "FROM base\n# 26 GB\nCOPY --chown=1000:1000 weights/ /models/\n\nUSER 1000\n"
    assert [(edit.title, edit.safety) for edit in proposal.edits] == [
        ("Copy with --chown=1000:1000 and drop line 5's chown", "review")
    ]


def test_owner_and_mode_are_set_together_and_other_commands_stay() -> None:
    """Flags that the COPY has stay as they are."""
    proposal = propose_for(
        "FROM base\nCOPY --link weights/ /models/\nRUN ldconfig && \\\n    chown -R app /models && \\\n"
        "    chmod -R 0755 /models && \\\n    echo done\n",
        COPY,
        "RUN /bin/sh -c ldconfig &&     chown -R app /models &&     chmod -R 0755 /models &&     echo done # buildkit",
    )
    assert proposal.text == (
        "FROM base\nCOPY --chown=app --chmod=0755 --link weights/ /models/\nRUN ldconfig && \\\n    echo done\n"
    )


def test_each_copy_below_the_folder_sets_the_owner() -> None:
    """All of them, else some would be shipped again."""
    matched = match(
        "FROM base\nCOPY a /models/a\nCOPY b /models/b\nRUN chown -R 7 /models\n",
        "COPY a /models/a # buildkit",
        "COPY b /models/b # buildkit",
        "RUN /bin/sh -c chown -R 7 /models # buildkit",
    )
    proposal = propose(matched, [ended_in("metadata", 2, "models", 1, 0)], found_in("LAY103", 2))
    assert proposal.text == "FROM base\nCOPY --chown=7 a /models/a\nCOPY --chown=7 b /models/b\n"


def test_a_run_sets_the_owner_of_what_it_makes() -> None:
    """The command moves to its end."""
    proposal = propose_for(
        "FROM base\nRUN fetch /models\nRUN chmod -R g+w /models\n",
        "RUN /bin/sh -c fetch /models # buildkit",
        "RUN /bin/sh -c chmod -R g+w /models # buildkit",
    )
    assert proposal.text == "FROM base\nRUN fetch /models && chmod -R g+w /models\n"


@pytest.mark.parametrize(
    ("changer", "reason"),
    [
        ("chmod -R g+w /models", "COPY --chmod takes a number, and line 3 sets g+w"),
        ("chmod -R 755 /models/llm", "line 2 copies to another place than line 3 changes"),
        ("chown -R $USER /models", "no chown -R or chmod -R of line 3 names them by plain absolute paths"),
        ("chown -R app models", "no chown -R or chmod -R of line 3 names them by plain absolute paths"),
        ("chown -R app /models/*", "no chown -R or chmod -R of line 3 names them by plain absolute paths"),
        ("chown -Rh app /models", "no chown -R or chmod -R of line 3 names them by plain absolute paths"),
        ("chown -R app /", "no chown -R or chmod -R of line 3 names them by plain absolute paths"),
        (
            "useradd app && chown -R app /models",
            "line 3 makes the user or group of app after the files are copied: move it above",
        ),
    ],
)
def test_what_copy_cannot_say_is_not_edited(changer: str, reason: str) -> None:
    """The reason is told."""
    before = f"FROM base\nCOPY weights/ /models/\nRUN {changer}\n"
    proposal = propose_for(before, COPY, f"RUN /bin/sh -c {changer} # buildkit")
    assert proposal.text == before
    assert [each.reason for each in proposal.refused] == [reason]


def test_a_folder_that_may_be_there_already_keeps_its_owner() -> None:
    """WORKDIR has made it root's, and a program that writes into it needs the chown."""
    before = "FROM base\nWORKDIR /models\nCOPY weights/ /models/\nRUN chown -R 7 /models\n"
    step = "RUN /bin/sh -c chown -R 7 /models # buildkit"
    proposal = propose(
        match(before, "WORKDIR /models", COPY, step), [ended_in("metadata", 2, "models", 1)], found_in("LAY103", 2)
    )
    assert proposal.text == before
    assert [each.reason for each in proposal.refused] == [
        "line 2 names the folder before: if it is there, COPY does not change its owner or mode"
    ]


def test_a_copy_with_an_owner_of_its_own_is_not_edited() -> None:
    """Whose owner is meant is not known."""
    before = "FROM base\nCOPY --chown=1 weights/ /models/\nRUN chown -R 2 /models\n"
    step = "RUN /bin/sh -c chown -R 2 /models # buildkit"
    proposal = propose_for(before, "COPY --chown=1 weights/ /models/ # buildkit", step)
    assert proposal.text == before
    assert [each.reason for each in proposal.refused] == ["line 2 sets an owner or mode of its own"]


def test_the_classic_builder_knows_no_mode() -> None:
    """An owner it knows."""
    copied = "/bin/sh -c #(nop) COPY dir:5e030c038c2ec654dd0198fc4fe6ba61196c0a936b1d0e3f081459b747c79f35 in /models/ "
    before = "FROM base\nCOPY weights/ /models/\nRUN {} -R 700 /models\n"
    proposal = propose_for(before.format("chmod"), copied, "/bin/sh -c chmod -R 700 /models")
    assert [each.reason for each in proposal.refused] == [
        "the image was built by the classic builder, which knows no COPY --chmod"
    ]
    proposal = propose_for(before.format("chown"), copied, "/bin/sh -c chown -R 700 /models")
    assert proposal.text == "FROM base\nCOPY --chown=700 weights/ /models/\n"
