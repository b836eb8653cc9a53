"""LAY101's edit: a deletion moves to the end of the step that makes what it deletes."""

import pytest
from msgspec.structs import replace

from layerscope.facts.layers.folders import Folder
from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from support.dockerfiles import ended_in, found_in, match, propose

FETCH = "RUN /bin/sh -c mkdir /opt/sdk && fetch sdk /opt/sdk # buildkit"
USE = "RUN /bin/sh -c make -C /srv/app # buildkit"
DELETE = "RUN /bin/sh -c rm -rf /opt/sdk # buildkit"

BEFORE = """\
# what is built
FROM base

RUN mkdir /opt/sdk \\
 # large
 && fetch sdk /opt/sdk

# the program
RUN make -C /srv/app
RUN rm -rf /opt/sdk
CMD ["app"]
"""
AFTER = """\
# what is built
FROM base

RUN mkdir /opt/sdk \\
 # large
 && fetch sdk /opt/sdk \\
 && rm -rf /opt/sdk

# the program
RUN make -C /srv/app
CMD ["app"]
"""
DIFF = """\
--- a/Dockerfile
+++ b/Dockerfile
@@ -3,9 +3,9 @@

 RUN mkdir /opt/sdk \\
  # large
- && fetch sdk /opt/sdk
+ && fetch sdk /opt/sdk \\
+ && rm -rf /opt/sdk

 # the program
 RUN make -C /srv/app
-RUN rm -rf /opt/sdk
 CMD ["app"]
""".replace("\n\n", "\n \n")


def propose_for(dockerfile: str, *steps: str) -> DockerfileProposal:
    """What is edited where the last of these steps deletes what the first one made."""
    matched = match(dockerfile, *steps)
    layer = len(steps) - 1
    return propose(matched, [ended_in("removed", layer, "opt/sdk", 0)], found_in("LAY101", layer))


def test_a_deletion_moves_to_the_step_that_makes_the_files() -> None:
    """Comments, blank lines and layout stay; the step that has nothing else to do goes."""
    proposal = propose_for(BEFORE, FETCH, USE, DELETE)
    assert proposal.text == AFTER
    assert proposal.diff == DIFF
    assert [(edit.title, edit.safety) for edit in proposal.edits] == [
        ("Delete at the end of line 4 what line 10 deletes", "review")
    ]


@pytest.mark.parametrize(("path", "is_moved"), [("/big.bin", True), ("/opt/big.bin", False)])
def test_a_file_at_the_top_is_deleted_where_it_is_made(path: str, *, is_moved: bool) -> None:
    """What lies in no folder is none of a folder's."""
    matched = match(
        f"FROM base\nRUN fetch {path}\nRUN rm -f {path}\n",
        f"RUN /bin/sh -c fetch {path} # buildkit",
        f"RUN /bin/sh -c rm -f {path} # buildkit",
    )
    proposal = propose(matched, [ended_in("removed", 1, "", 0)], found_in("LAY101", 1))
    assert (proposal.text == f"FROM base\nRUN fetch {path} && rm -f {path}\n") is is_moved


def test_what_else_the_later_step_does_stays_in_it() -> None:
    """Its other commands keep their order; a file with CRLF keeps them."""
    before = "FROM base\r\nRUN fetch /opt/sdk\r\nRUN useradd app && rm -rf /opt/sdk && ldconfig\r\n"
    proposal = propose_for(
        before,
        "RUN /bin/sh -c fetch /opt/sdk # buildkit",
        "RUN /bin/sh -c useradd app && rm -rf /opt/sdk && ldconfig # buildkit",
    )
    assert proposal.text == "FROM base\r\nRUN fetch /opt/sdk && rm -rf /opt/sdk\r\nRUN useradd app && ldconfig\r\n"


def test_steps_that_use_the_files_in_between_are_joined() -> None:
    """One layer then makes, uses and deletes them; comments between the steps are kept."""
    before = "FROM base\nRUN fetch /opt/sdk\n\n# install\nRUN sh /opt/sdk/run\nRUN rm -rf /opt/sdk\n"
    proposal = propose_for(
        before,
        "RUN /bin/sh -c fetch /opt/sdk # buildkit",
        "RUN /bin/sh -c sh /opt/sdk/run # buildkit",
        DELETE,
    )
    assert proposal.text == (
        "FROM base\nRUN fetch /opt/sdk \\\n# install\n    && sh /opt/sdk/run \\\n    && rm -rf /opt/sdk\n"
    )


def test_a_step_that_uses_the_files_before_it_deletes_them_is_joined() -> None:
    """Moved, its deletion would come first."""
    step = "RUN /bin/sh -c sh /opt/sdk/run && rm -rf /opt/sdk # buildkit"
    fetch = "RUN /bin/sh -c fetch /opt/sdk # buildkit"
    before = "FROM base\nRUN fetch /opt/sdk\nRUN sh /opt/sdk/run && rm -rf /opt/sdk\n"
    assert propose_for(before, fetch, step).text == (
        "FROM base\nRUN fetch /opt/sdk \\\n    && sh /opt/sdk/run && rm -rf /opt/sdk\n"
    )
    before = before.replace("\nRUN sh", "\nENV A=1\nRUN sh")
    proposal = propose_for(before, fetch, step)
    assert proposal.text == before
    assert [each.reason for each in proposal.refused] == ["line 4 may use /opt/sdk first"]


@pytest.mark.parametrize(
    ("other", "line"),
    [
        ("FROM sdk AS tool\nRUN use it\n", 3),
        ("FROM base AS tool\nCOPY --from=SDK /usr /usr\n", 4),
        ("FROM base AS tool\nRUN --mount=type=bind,from=0,target=/x use it\n", 4),
        ("FROM base AS tool\nCOPY --from=other /usr /usr\n", None),
    ],
)
def test_a_stage_that_others_take_as_it_is_keeps_the_files(other: str, line: int | None) -> None:
    """They may need them; within one stage, others see only how it ends."""
    before = f"FROM base AS sdk\nRUN fetch /opt/sdk\n{other}FROM sdk\nRUN rm -rf /opt/sdk\n"
    proposal = propose_for(before, "RUN /bin/sh -c fetch /opt/sdk # buildkit", DELETE)
    assert (proposal.text == before) is (line is not None)
    reasons = [f"line {line} builds on the stage of line 2, too"] if line else []
    assert [each.reason for each in proposal.refused] == reasons


def test_each_command_moves_to_the_step_that_makes_what_it_deletes() -> None:
    """What nobody can tell of stays, with the reason."""
    matched = match(
        "FROM base\nRUN fetch /opt/one\nRUN fetch /srv/two\n"
        "RUN rm -r /opt/one && rm -r /srv/two && apt-get purge -y gcc\n",
        "RUN /bin/sh -c fetch /opt/one # buildkit",
        "RUN /bin/sh -c fetch /srv/two # buildkit",
        "RUN /bin/sh -c rm -r /opt/one && rm -r /srv/two && apt-get purge -y gcc # buildkit",
    )
    fact = ended_in("removed", 2, "opt/one", 0, 1)
    fact = replace(fact, folders=(Folder(0, "opt/one", 1, 1), Folder(1, "srv/two", 1, 1), Folder(0, "usr/bin", 1, 1)))
    proposal = propose(matched, [fact], found_in("LAY101", 2))
    assert proposal.text == (
        "FROM base\nRUN fetch /opt/one && rm -r /opt/one\nRUN fetch /srv/two && rm -r /srv/two\n"
        "RUN apt-get purge -y gcc\n"
    )
    assert [edit.title for edit in proposal.edits] == ["Delete at the end of lines 2 and 3 what line 4 deletes"]


@pytest.mark.parametrize(
    ("middle", "step", "reason"),
    [
        ("COPY x /opt/sdk/x", "COPY x /opt/sdk/x # buildkit", "line 3 may use /opt/sdk in between"),
        ("RUN cd /srv && x sdk", "RUN /bin/sh -c cd /srv && x sdk # buildkit", ""),
        ("USER app", "USER app", "line 3 changes the USER in between"),
        ("RUN if x; then ls /opt; fi", "RUN /bin/sh -c if x; then ls /opt; fi # buildkit", "line 3 may use /opt/sdk"),
    ],
)
def test_a_step_in_between_may_need_the_files(middle: str, step: str, reason: str) -> None:
    """Then nothing is moved over it; a word of three letters alone is no use of them."""
    before = f"FROM base\nRUN fetch /opt/sdk\n{middle}\nRUN rm -rf /opt/sdk\n"
    matched = match(before, "RUN /bin/sh -c fetch /opt/sdk # buildkit", step, DELETE)
    layer = matched.matches[-1].step.layer
    assert layer is not None
    proposal = propose(matched, [ended_in("removed", layer, "opt/sdk", 0)], found_in("LAY101", layer))
    assert (proposal.text == before) is bool(reason)
    assert [each.reason[: len(reason)] for each in proposal.refused] == ([reason] if reason else [])


def test_what_was_copied_is_not_to_be_moved() -> None:
    """No edit of the Dockerfile helps; of its context, nothing is known here."""
    matched = match(
        "FROM base\nCOPY src /app\nRUN rm -rf /app/tests\n",
        "COPY src /app # buildkit",
        "RUN /bin/sh -c rm -rf /app/tests # buildkit",
    )
    proposal = propose(matched, [ended_in("removed", 1, "app/tests/data", 0)], found_in("LAY101", 1))
    assert proposal.diff == ""
    (refused,) = proposal.refused
    assert refused.reason == "line 2 copies them: no command can change that"
    assert refused.advice == "narrow what it copies, or copy from a stage of its own"


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        ("RUN fetch /opt/sdk", "RUN rm -rf $SDK", "no command of line 3 deletes them by absolute paths"),
        ("RUN fetch /opt/sdk", "RUN cd /opt && rm -rf sdk", "no command of line 3 deletes them by absolute paths"),
        ("RUN for x in a; do fetch /opt/sdk; done", "RUN rm -rf /opt/sdk", "the commands of line 2 are not a plain"),
        ('RUN ["fetch", "/opt/sdk"]', "RUN rm -rf /opt/sdk", "line 2 is in JSON form"),
        ("RUN <<E\nfetch /opt/sdk\nE", "RUN rm -rf /opt/sdk", "the commands of line 2 are not a plain list"),
    ],
)
def test_what_is_not_understood_is_not_edited(first: str, last: str, reason: str) -> None:
    """The reason names the line."""
    bare = {'RUN ["fetch", "/opt/sdk"]': "RUN fetch /opt/sdk", "RUN <<E\nfetch /opt/sdk\nE": "RUN fetch /opt/sdk"}
    steps = [f"RUN /bin/sh -c {bare.get(text, text).removeprefix('RUN ')} # buildkit" for text in (first, last)]
    if first.startswith("RUN ["):
        steps[0] = "RUN fetch /opt/sdk # buildkit"
    before = f"FROM base\n{first}\n{last}\n"
    proposal = propose_for(before, *steps)
    assert proposal.text == before
    assert proposal.refused[0].reason.startswith(reason.replace("line 3", f"line {before.count(chr(10))}"))


def test_a_command_that_others_depend_on_stays() -> None:
    """`a; rm; b` does not say which of them must succeed."""
    before = "FROM base\nRUN fetch /opt/sdk\nRUN a; rm -rf /opt/sdk; b\n"
    proposal = propose_for(
        before, "RUN /bin/sh -c fetch /opt/sdk # buildkit", "RUN /bin/sh -c a; rm -rf /opt/sdk; b # buildkit"
    )
    assert proposal.text == before
    assert "would take a part out of an instruction" in proposal.refused[0].reason


def test_a_dockerfile_of_another_image_is_not_edited() -> None:
    """Its lines are not the ones that made these layers."""
    proposal = propose_for("FROM other\nRUN one\nRUN two\nRUN three\n", FETCH, USE, DELETE)
    assert [each.reason for each in proposal.refused] == [
        "the image was not built from this Dockerfile: its history has other instructions"
    ]


def test_a_deletion_moves_to_a_step_that_was_edited_for_its_cache() -> None:
    """The safe edit was written first; what is to be read first still finds the step."""
    install, clean = "apt-get install -y jq", "rm -rf /opt/sdk"
    matched = match(
        f"FROM base\nRUN {install} && apt-get clean\nRUN {clean}\n",
        f"RUN /bin/sh -c {install} # buildkit",
        f"RUN /bin/sh -c {clean} # buildkit",
    )
    proposal = propose(matched, [ended_in("removed", 1, "opt/sdk", 0)], found_in("LAY101", 1))
    assert proposal.text == f"FROM base\nRUN {install} && apt-get clean && {clean}\n"


def test_what_a_step_deletes_itself_by_now_is_not_put_in_again() -> None:
    """The edit for the cache has the very command."""
    update, clean = "apt-get update", "rm -rf /var/lib/apt/lists/*"
    matched = match(
        f"FROM base\nRUN {update} && {clean}\nRUN {clean}\n",
        f"RUN /bin/sh -c {update} # buildkit",
        f"RUN /bin/sh -c {clean} # buildkit",
    )
    proposal = propose(matched, [ended_in("removed", 1, "var/lib/apt/lists", 0)], found_in("LAY101", 1))
    assert proposal.edits == ()
    assert [(each.reason, each.is_held) for each in proposal.refused] == [
        ("line 2 deletes them itself already: build the image again", True)
    ]


def test_steps_of_which_one_ends_in_a_comment_are_not_joined() -> None:
    """What came behind the comment would be a part of it."""
    matched = match(
        "FROM base\nRUN fetch /opt/sdk # large\nRUN install /opt/sdk\nRUN rm -rf /opt/sdk\n",
        "RUN /bin/sh -c fetch /opt/sdk # large # buildkit",
        "RUN /bin/sh -c install /opt/sdk # buildkit",
        "RUN /bin/sh -c rm -rf /opt/sdk # buildkit",
    )
    proposal = propose(matched, [ended_in("removed", 2, "opt/sdk", 0)], found_in("LAY101", 2))
    assert proposal.edits == ()
