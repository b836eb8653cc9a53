"""CommitNames: what a commit is called where it is pushed or built, for names of images that are made of it.

`team/llm:{branch}` becomes one image for each branch. A branch is written as GitLab's CI_COMMIT_REF_SLUG writes it: in
lower case, at most 63 signs, each that is no letter or digit as `-`, and none of those at the ends
(https://docs.gitlab.com/ci/variables/predefined_variables/). A tag stays as it is but for what an image's tag cannot
have, and a short commit has 8 digits, as CI_COMMIT_SHORT_SHA.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.errors import SettingsError
from layerscope.gate.setting import Setting, tell_nearest

BRANCH: Final = "branch"
TAG: Final = "tag"
COMMIT: Final = "commit"
SHORT_COMMIT: Final = "short-commit"
PLACEHOLDERS: Final = (BRANCH, TAG, COMMIT, SHORT_COMMIT)

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_SLUG_LENGTH: Final = 63
_SHORT: Final = 8
_TAG_LENGTH: Final = 128
_NOT_IN_SLUG: Final = re.compile(r"[^a-z0-9]")
_NOT_IN_TAG: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class CommitNames:
    """A commit with the branch or the tag that it goes by; each is None where it has none."""

    commit: str | None = None
    branch: str | None = None
    tag: str | None = None

    @property
    def names_ref(self) -> bool:
        """Whether it goes by a branch or a tag."""
        return bool(self.branch or self.tag)

    def list_values(self) -> Mapping[str, str]:
        """What each placeholder stands for, without those that stand for nothing."""
        commit = self.commit or ""
        values = {BRANCH: write_slug(self.branch or ""), TAG: write_tag(self.tag or ""), COMMIT: commit}
        return {name: value for name, value in {**values, SHORT_COMMIT: commit[:_SHORT]}.items() if value}


@dataclass(frozen=True)
class KnownCommits:
    """The commits that images are named for, and why there are no others.

    `is_pushed` says that they are those of a push, which may well bring no branch, or no tag.
    """

    commits: tuple[CommitNames, ...]
    told: str
    is_pushed: bool = False


def write_slug(branch: str) -> str:
    """A branch as a tag of an image can spell it; empty where nothing is left."""
    return _NOT_IN_SLUG.sub("-", branch.lower())[:_SLUG_LENGTH].strip("-")


def write_tag(tag: str) -> str:
    """A tag of git as a tag of an image: runs of other signs as `-`, and neither `.` nor `-` first."""
    return _NOT_IN_TAG.sub("-", tag).lstrip(".-")[:_TAG_LENGTH]


def compile_form(name: str) -> re.Pattern[str]:
    """What a name with placeholders looks like once they are filled, whatever with."""
    parts = map(re.escape, re.split(r"\{[^{}]*\}", name))
    return re.compile(r"[\w.-]+".join(parts), re.ASCII)


def find_placeholders(setting: Setting) -> tuple[str, ...]:
    """The placeholders of a name; raises SettingsError for one that nobody knows, with the nearest."""
    found = tuple(dict.fromkeys(_PLACEHOLDER.findall(setting.read_text())))
    for name in found:
        if name not in PLACEHOLDERS:
            near = tell_nearest(name, PLACEHOLDERS)
            raise SettingsError(f"{setting.where}: unknown placeholder {{{name}}} in {setting.value!r}; {near}")
    return found


def fill_name(text: str, commits: Sequence[CommitNames]) -> tuple[str, ...]:
    """The names that a text with placeholders stands for, each once, of the commits that have all it takes."""
    wanted = _PLACEHOLDER.findall(text)
    values = (each.list_values() for each in commits)
    return tuple(dict.fromkeys(_fill(text, each) for each in values if all(name in each for name in wanted)))


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def tell_unfilled(placeholders: Sequence[str], known: KnownCommits) -> str:
    """Why a name stands for no image."""
    had = {name for each in known.commits for name in each.list_values()}
    missing = [f"{{{name}}}" for name in placeholders if name not in had] or [f"{{{name}}}" for name in placeholders]
    return f"nothing stands for {' and '.join(missing)}: {known.told}"
