"""The commits that images are named for: those of a push, of a job of GitHub or GitLab, or what is checked out."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from layerscope.gate.commit_names import CommitNames, KnownCommits
from layerscope.gate.pushed_refs import PushedRef
from layerscope.rules.wording import tell_list

PUSHED: Final = f"{__name__}.PUSHED"
"""Where `hook run` leaves the commits of a push for the check, in what click keeps for both commands."""

_BRANCH: Final = "refs/heads/"
_TAG: Final = "refs/tags/"
_SHOWN: Final = 3


def name_pushed(refs: Sequence[PushedRef]) -> KnownCommits:
    """The commits that a push brings, under the names that they have where they go."""
    told = tell_list((ref.remote_ref for ref in refs), shown=_SHOWN)
    return KnownCommits(tuple(map(_name_ref, refs)), f"what is pushed is {told}", is_pushed=True)


def find_commits(environment: Mapping[str, str]) -> KnownCommits:
    """The commit of the job that runs this, else the one that is checked out in the working directory."""
    if environment.get("GITLAB_CI"):
        return _read_gitlab(environment)
    if environment.get("GITHUB_ACTIONS"):
        return _read_github(environment)
    return _find_head()


def _name_ref(ref: PushedRef) -> CommitNames:
    name = ref.remote_ref
    return CommitNames(
        # The id of an annotated tag is that of the tag, which is no commit.
        commit=_ask_git("rev-parse", "--verify", "--quiet", f"{ref.local_id}^{{commit}}"),
        branch=name.removeprefix(_BRANCH) if name.startswith(_BRANCH) else None,
        tag=name.removeprefix(_TAG) if name.startswith(_TAG) else None,
    )


def _read_gitlab(environment: Mapping[str, str]) -> KnownCommits:
    """A merge request has no CI_COMMIT_BRANCH: https://docs.gitlab.com/ci/variables/predefined_variables/."""
    branch = environment.get("CI_COMMIT_BRANCH") or environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
    tag = environment.get("CI_COMMIT_TAG")
    names = CommitNames(environment.get("CI_COMMIT_SHA"), None if tag else branch, tag)
    return KnownCommits((names,), f"the job of GitLab is for {_tell(names)}")


def _read_github(environment: Mapping[str, str]) -> KnownCommits:
    """A pull request has its branch in GITHUB_HEAD_REF: https://docs.github.com/en/actions/reference/variables-reference."""
    kind, name = environment.get("GITHUB_REF_TYPE"), environment.get("GITHUB_REF_NAME")
    branch = environment.get("GITHUB_HEAD_REF") or (name if kind == "branch" else None)
    names = CommitNames(environment.get("GITHUB_SHA"), branch or None, name if kind == "tag" else None)
    return KnownCommits((names,), f"the job of GitHub is for {_tell(names)}")


def _find_head() -> KnownCommits:
    """HEAD, by its branch and by every tag that points at it."""
    commit = _ask_git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    branch = _ask_git("symbolic-ref", "--short", "--quiet", "HEAD")
    if commit is None and branch is None:
        return KnownCommits((), "the working directory is in no repository of git")
    tags = (_ask_git("tag", "--points-at", "HEAD") or "").splitlines() if commit else []
    names = [CommitNames(commit, branch, tags[0] if tags else None)]
    names += [CommitNames(commit, branch, tag) for tag in tags[1:]]
    where = f"HEAD is the branch {branch}" if branch else "HEAD is detached"
    had = f"with the {'tag' if len(tags) == 1 else 'tags'} {tell_list(tags, shown=_SHOWN)}" if tags else "without a tag"
    return KnownCommits(tuple(names), f"{where}, {had}" if commit else f"{where}, which has no commit yet")


def _tell(names: CommitNames) -> str:
    if names.tag:
        return f"the tag {names.tag}"
    return f"the branch {names.branch}" if names.branch else "neither a branch nor a tag"


def _ask_git(*words: str) -> str | None:
    """The answer of git; None where it has none."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, check=False)  # noqa: S603, S607 -- the person's git
    except OSError:
        return None
    return os.fsdecode(done.stdout).strip() or None if done.returncode == 0 else None
