"""What is changed in a Dockerfile and what is not, in words."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from layerscope.fixes.dockerfile.edit import NoEdit
from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.formats.secret_text import find_redactions, hide_values, redact_text
from layerscope.report.escape import escape_file_line
from layerscope.rules.wording import tell_count, tell_list

_DOCKERFILE: Final = "the Dockerfile"
_MARK: Final = "\ufeff"
_TOP: Final = re.compile(r"@@ -[01](?:,\d+)? \+[01](?:,\d+)? ")
"""The head of what a diff changes at a file's first line."""


def tell_heading(proposal: DockerfileProposal) -> str:
    """Which files are changed."""
    beside = [change.name for change in proposal.changes if change.name != proposal.name]
    is_own = not beside or len(beside) < len(proposal.changes)
    return f"In {tell_list([*([_DOCKERFILE] if is_own else []), *beside])}"


def tell_edits(proposal: DockerfileProposal) -> str:
    """How much is changed."""
    if not proposal.edits:
        return "Nothing of it can be changed by itself"
    return f"{tell_count(len(proposal.edits), 'change')}; then: {proposal.write_command()}"


def tell_start(proposal: DockerfileProposal) -> str:
    """Where the paths of the diff begin, so that a patch applies; empty where that is the command's folder."""
    context = proposal.matched.context
    return f"Paths begin at {context.start}" if context is not None and context.start and proposal.edits else ""


def hide_secrets(diff: str) -> str:
    """A diff without credentials, which stand in lines beside those that change, too.

    What one line tells to be a credential is none to show in another that only uses it.
    """
    lines = diff.split("\n")
    shown = "\n".join(map(redact_text, lines))
    found = {line[start:end].strip("\"'") for line in lines for start, end in find_redactions(line)}
    return hide_values(shown, found)


def tell_diff(proposal: DockerfileProposal) -> list[str]:
    """The lines of the diff as patch(1) takes them, without credentials, and safe to show."""
    return list(_iter_shown(hide_secrets(proposal.diff).split("\n")[:-1]))


def _iter_shown(lines: Iterable[str]) -> Iterator[str]:
    """The lines escaped, but for the mark of a byte order where the first line of a file has it."""
    marked = frozenset[str]()
    for line in lines:
        if line.startswith("@@ "):
            marked = frozenset(" -+") if _TOP.match(line) is not None else frozenset()
        elif line[:1] in marked:
            marked = marked - {line[0]} if line[0] != " " else frozenset()
            rest = line[1:].removeprefix(_MARK)
            yield f"{line[:1]}{line[1 : len(line) - len(rest)]}{escape_file_line(rest)}"
            continue
        yield escape_file_line(line)


def tell_refused(refused: NoEdit) -> str:
    """Why a finding gets no change, and what helps."""
    where = "" if refused.layer is None else f" (layer {refused.layer})"
    lead = f"{refused.code}{where}: " if refused.code else ""
    return f"{lead}{refused.reason}{f'; {refused.advice}' if refused.advice else ''}"


def tell_unmatched(proposal: DockerfileProposal) -> Iterator[str]:
    """What of the file the history does not hold, and what of the history the file does not."""
    matched = proposal.matched
    if not matched.is_related:
        return
    lines = [str(each.number) for each in matched.unmatched_instructions]
    if lines:
        yield f"Not in the image's history: {'line' if len(lines) == 1 else 'lines'} {tell_list(lines)}"
    steps = [f"layer {step.layer}" for step in matched.unmatched_steps if step.layer is not None]
    if steps:
        yield f"Made by no line of the file: {tell_list(steps)}"
