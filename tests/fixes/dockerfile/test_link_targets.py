"""What copied links lead to is copied from the same stage, where the stage surely has it beside them."""

import pytest

from layerscope.facts.fact import Evidence
from layerscope.facts.layers.links import DanglingLink, DanglingLinks
from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from support.dockerfiles import found_in, match, propose

COPY = "COPY --from=get /cache/m/snapshots /models/m/snapshots"


def propose_copy(copy: str, *links: DanglingLink) -> DockerfileProposal:
    """What is edited where a COPY brought these links."""
    text = f"FROM base AS get\nRUN make\nFROM scratch\n{copy}\nUSER 1\n"
    step = " ".join(word for word in copy.split() if not word.startswith("--from"))
    fact = DanglingLinks(Evidence(layer=0), 0, step, "model", len(links), links)
    return propose(match(text, f"{step} # buildkit", "USER 1"), [fact], found_in("LAY204", 0))


def link(name: str, target: str, removed_by: int | None = None) -> DanglingLink:
    """A link of the snapshot."""
    return DanglingLink(f"models/m/snapshots/ab/{name}", target, removed_by)


def test_the_folder_of_all_targets_is_copied() -> None:
    """In a line of its own, below that which took the links, under the same flags."""
    links = [link("config.json", "../../blobs/77"), link("model", "../../blobs/78")]
    proposal = propose_copy(COPY, *links)
    added = "COPY --from=get /cache/m/blobs /models/m/blobs\n"
    assert proposal.text == f"FROM base AS get\nRUN make\nFROM scratch\n{COPY}\n{added}USER 1\n"
    owned = COPY.replace("get ", "get --chown=1000 ")
    assert added.replace("get ", "get --chown=1000 ") in propose_copy(owned, *links).text


@pytest.mark.parametrize(
    ("copy", "target", "removed_by", "reason"),
    [
        ("COPY m/snapshots /models/m/snapshots", "../../blobs/77", None, "copies from the build context"),
        (COPY, "/usr/bin/python3", None, "links to absolute paths"),
        (COPY, "../../blobs/77", 1, "was removed by a later step"),
        (COPY, "../../b\nRUN touch x\nLABEL x=/y", None, "no Dockerfile could be given"),
        (COPY, "../../blobs dir/77", None, "no Dockerfile could be given"),
        (COPY, "gone", None, "they are not in the stage"),
        (COPY, "../../../../../77", None, "they are not in the stage"),
        ("COPY --from=get /cache/* /models/m/snapshots/", "../../blobs/77", None, "by plain absolute paths"),
        ("COPY --from=get /a /b /models/m/snapshots/", "../../blobs/77", None, "by plain absolute paths"),
        ("COPY --from=get /cache/m /srv/m", "../../blobs/77", None, "does not copy all of these links"),
    ],
)
def test_where_the_targets_are_is_not_guessed(copy: str, target: str, removed_by: int | None, reason: str) -> None:
    """Each has its reason."""
    proposal = propose_copy(copy, link("config.json", target, removed_by))
    assert not proposal.edits
    assert [reason in each.reason for each in proposal.refused] == [True]
