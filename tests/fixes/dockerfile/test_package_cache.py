"""LAY104's edit: the step that fills a package manager's cache cleans it up, or keeps none."""

import pytest
from msgspec.structs import replace

from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.rules.finding import Location
from support.dockerfiles import cache_in, found_in, match, propose


def propose_for(run: str, *kinds: str, rest: str = "", before: str = "") -> DockerfileProposal:
    """What is edited where this RUN leaves these caches."""
    joined = run.replace("\\\n", "")
    matched = match(f"FROM base\n{before}RUN {run}\n{rest}", f"RUN /bin/sh -c {joined} # buildkit")
    return propose(matched, [cache_in(0, kind, f"cache/{kind}") for kind in kinds], found_in("LAY104", 0))


@pytest.mark.parametrize(
    ("kind", "run", "after"),
    [
        (
            "apt-lists",
            "apt-get update && apt-get install -y curl",
            "apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
        ),
        ("apt-archives", "apt-get install -y curl", "apt-get install -y curl && apt-get clean"),
        ("dnf", "dnf install -y curl", "dnf install -y curl && dnf clean all && rm -rf /var/cache/dnf /var/cache/yum"),
        ("conda", "conda install --yes numpy", "conda install --yes numpy && conda clean --all --yes"),
        ("npm", "npm ci", "npm ci && npm cache clean --force"),
        ("yarn", "yarn install", "yarn install && yarn cache clean"),
        (
            "pip",
            "pip install -U pip && pip3 install torch",
            "pip install --no-cache-dir -U pip && pip3 install --no-cache-dir torch",
        ),
        (
            "pip",
            "A=1 /opt/bin/python3.12 -m pip install torch",
            "A=1 /opt/bin/python3.12 -m pip install --no-cache-dir torch",
        ),
        ("pip", "pip install \\\n    torch \\\n    numpy", "pip install --no-cache-dir \\\n    torch \\\n    numpy"),
        ("uv", "uv pip install torch; uv sync", "uv pip install --no-cache torch; uv sync --no-cache"),
        ("apk", "apk add curl", "apk add --no-cache curl"),
        ("poetry", "poetry install", "poetry install --no-cache"),
    ],
)
def test_each_package_manager_has_its_way(kind: str, run: str, after: str) -> None:
    """The lines around stay."""
    proposal = propose_for(run, kind, rest="# end\nCMD app\n")
    assert proposal.text == f"FROM base\nRUN {after}\n# end\nCMD app\n"
    assert [edit.safety for edit in proposal.edits] == ["safe"]


def test_two_caches_of_one_step_are_cured_together() -> None:
    """Each edit has a diff of its own, too."""
    proposal = propose_for(
        "apt-get update \\\n && apt-get install -y curl \\\n && pip install torch", "apt-lists", "pip"
    )
    assert proposal.text == (
        "FROM base\nRUN apt-get update \\\n && apt-get install -y curl \\\n && pip install --no-cache-dir torch \\\n"
        " && rm -rf /var/lib/apt/lists/*\n"
    )
    pip, apt = (replace(found_in("LAY104"), locations=(Location(0, f"cache/{kind}"),)) for kind in ("pip", "apt-lists"))
    assert (proposal.find_patch([pip]) or "").count("\n+") == 2
    assert (proposal.find_patch([apt]) or "").count("\n+") == 3
    assert proposal.find_patch([found_in("LAY101", 0)]) is None


def test_a_long_line_is_continued() -> None:
    """By the sign that the file continues lines with."""
    run = "apt-get install -y " + "curl-of-a-long-name " * 6 + "curl"
    proposal = propose_for(run, "apt-archives")
    assert proposal.text == f"FROM base\nRUN {run} \\\n    && apt-get clean\n"


@pytest.mark.parametrize(
    ("kind", "run", "reason"),
    [
        ("pip", "sh install.sh", "no command of line 2 is seen to fill pip's cache"),
        ("pip", "pip install --no-cache-dir torch", "no command of line 2 is seen to fill pip's cache"),
        (
            "apt-lists",
            "if x; then apt-get update; fi",
            "the commands of line 2 are not a plain list joined by && and ;",
        ),
        ("apt-archives", "sudo apt-get install -y x", "line 2 is root by sudo only: what cleans up has to be so, too"),
        ("go", "go build", "go's cache is best left in a stage of its own: what is built there is copied from it"),
    ],
)
def test_what_is_not_understood_is_not_edited(kind: str, run: str, reason: str) -> None:
    """The reason is told."""
    proposal = propose_for(run, kind)
    assert proposal.diff == ""
    assert [each.reason for each in proposal.refused] == [reason]


def test_lists_that_a_later_step_installs_with_are_kept() -> None:
    """Deleting them would break it; a step that fetches its own needs none."""
    proposal = propose_for("apt-get update", "apt-lists", rest="RUN apt-get install -y curl\n")
    assert [each.reason for each in proposal.refused] == [
        "line 3 installs with the lists that line 2 fetches: join them first"
    ]
    proposal = propose_for("apt-get update", "apt-lists", rest="RUN apt-get update && apt-get install -y curl\n")
    assert "RUN apt-get update && rm -rf /var/lib/apt/lists/*\n" in proposal.text
