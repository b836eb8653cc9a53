"""Edits applied to a Dockerfile's text, each alone and all together, and told as unified diffs."""

from collections.abc import Iterable, Sequence
from difflib import unified_diff
from itertools import pairwise

from layerscope.fixes.dockerfile.assignments import can_drop_words, drop_words
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit, Span
from layerscope.fixes.dockerfile.scripts import can_drop, drop_commands
from layerscope.formats.dockerfile import Dockerfile

_NO_END = "\\ No newline at end of file\n"


def apply_edits(
    dockerfile: Dockerfile, edits: Iterable[DockerfileEdit]
) -> tuple[str, tuple[DockerfileEdit, ...], tuple[NoEdit, ...]]:
    """The text with all edits that go together, these edits, and why others are left out."""
    accepted, left_out = list[DockerfileEdit](), list[NoEdit]()
    for edit in edits:
        if _place_spans(dockerfile, [edit]) is None:
            reason = f"“{edit.title}” would take a part out of an instruction whose other parts depend on it"
            left_out.append(NoEdit(edit.code, edit.layer, reason))
        elif _place_spans(dockerfile, [*accepted, edit]) is None:
            reason = f"an edit before it changes the same lines as “{edit.title}”: apply that one, then ask again"
            left_out.append(NoEdit(edit.code, edit.layer, reason))
        else:
            accepted.append(edit)
    text = _replace(dockerfile.text, _place_spans(dockerfile, accepted) or ())
    return text, tuple(accepted), tuple(left_out)


def render_diff(before: str, after: str, name: str) -> str:
    """The unified diff between two texts of a file, as patch(1) and `git apply` take it."""
    lines = unified_diff(_split(before), _split(after), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)


def _split(text: str) -> list[str]:
    """The lines with their ends; a line feed alone ends one."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [line for line in text.split("\n")[-1:] if line]


def _place_spans(dockerfile: Dockerfile, edits: Sequence[DockerfileEdit]) -> tuple[Span, ...] | None:
    """All that the edits change, in order; None where they change the same, or leave a list that is not understood."""
    spans = list(dict.fromkeys(span for edit in edits for span in edit.spans))
    drops = {drop for edit in edits for drop in edit.drops}
    for instruction in dockerfile.instructions:
        dropped = frozenset(drop.part for drop in drops if drop.number == instruction.number)
        if not dropped:
            continue
        is_setter = instruction.keyword == "ENV"
        can, drop_parts = (can_drop_words, drop_words) if is_setter else (can_drop, drop_commands)
        if not can(dockerfile, instruction, dropped):
            return None
        spans += drop_parts(dockerfile, instruction, dropped)
    spans.sort(key=lambda span: (span.start, span.end))
    has_overlap = any(before.end > after.start for before, after in pairwise(spans))
    return None if has_overlap else tuple(spans)


def _replace(text: str, spans: Iterable[Span]) -> str:
    """The text with each span's text in place of what stood there."""
    parts, position = list[str](), 0
    for span in spans:
        parts += [text[position : span.start], span.text]
        position = span.end
    return "".join([*parts, text[position:]])
