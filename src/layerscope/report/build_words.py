"""What a build was told to do, in words, and its command without values that may be secret."""

import shlex
from collections.abc import Iterator, Sequence

from layerscope.audit.build_fix import BuildFix
from layerscope.formats.secret_text import redact_text, redact_words


def list_done(fix: BuildFix) -> Iterator[str]:
    """The edits by title, what the files held already, and what was made anew with the reason."""
    for edit in fix.proposal.edits:
        yield f"{edit.code} {edit.title} ({edit.safety})"
    for held in fix.held:
        yield f"{held.code} without an edit: {held.reason}"
    for advice in fix.advice:
        yield f"{advice.code} {' '.join(advice.flags)}: {advice.reason}"


def hide_values(command: Sequence[str]) -> list[str]:
    """The words of a command, without credentials."""
    return list(redact_words(tuple(map(_hide_value, command))))


def _hide_value(word: str) -> str:
    """A word without a credential behind an option, as in --build-arg=NAME=VALUE."""
    option, equals, value = word.partition("=")
    return f"{option}={redact_text(value)}" if equals and option.startswith("-") else redact_text(word)


def tell_command(command: Sequence[str]) -> str:
    """The command as a shell takes it, without credentials."""
    return shlex.join(hide_values(command))
