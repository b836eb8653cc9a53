"""Whether a RUN is what a history tells, but for what layerscope itself writes into one."""

import re
from typing import Final

from layerscope.formats.shell_list import find_commands

_OPTIONS: Final = frozenset({"--no-cache-dir", "--no-cache"})
"""What makes package managers keep no cache."""

_CLEANUP: Final = re.compile(
    r"(?:\S*/)?(?:apt-get clean|(?:dnf5?|yum|microdnf|tdnf) clean all|zypper clean --all"
    r"|(?:conda|mamba|micromamba) clean --all --yes|npm cache clean --force|(?:yarn|yarnpkg) cache clean)"
    r"|rm -rf(?: /var/(?:lib/apt/lists/\*|cache/[\w./-]+))+"
)
"""The commands that empty a cache at the end of the step that fills it."""

_BEHIND: Final = " && "


def is_edited(own: str, told: str) -> bool:
    """Whether a line's commands are those that were run, with options or commands that keep no cache put in."""
    (commands, end), (ran, end_then) = _split(own), _split(told)
    if end != end_then or _count_options(commands) < _count_options(ran):
        return False
    lead, behind = _leave_out_options(commands), _leave_out_options(ran)
    while lead != behind and len(lead) > len(behind):
        lead, separator, last = lead.rpartition(_BEHIND)
        if not separator or _CLEANUP.fullmatch(last) is None:
            return False
    return lead == behind and own != told


def _split(text: str) -> tuple[str, str]:
    """The commands, and what stands behind the last one: a `;` or a comment of the shell."""
    commands = find_commands(text)
    end = commands[-1].end if commands else len(text)
    return text[:end], text[end:]


def _count_options(text: str) -> int:
    return sum(word in _OPTIONS for word in text.split())


def _leave_out_options(text: str) -> str:
    return " ".join(word for word in text.split() if word not in _OPTIONS)
