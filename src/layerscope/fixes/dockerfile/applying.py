"""Edits applied to a Dockerfile's text and the files beside it, each alone and all together."""

from collections.abc import Iterable, Sequence

from layerscope.fixes.dockerfile.assignments import can_drop_words, drop_words
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit, Span
from layerscope.fixes.dockerfile.file_changes import has_overlap, join_file_edits, replace_spans
from layerscope.fixes.dockerfile.scripts import can_drop, drop_commands
from layerscope.formats.dockerfile import Dockerfile


def apply_edits(
    dockerfile: Dockerfile, edits: Iterable[DockerfileEdit]
) -> tuple[str, tuple[DockerfileEdit, ...], tuple[NoEdit, ...]]:
    """The text with all edits that go together, these edits, and why others are left out."""
    accepted, left_out = list[DockerfileEdit](), list[NoEdit]()
    for edit in edits:
        if _place_spans(dockerfile, [edit]) is None:
            reason = f"“{edit.title}” would take a part out of an instruction whose other parts depend on it"
            left_out.append(NoEdit(edit.code, edit.layer, reason, path=edit.path))
        elif _place_spans(dockerfile, [*accepted, edit]) is None or join_file_edits([*accepted, edit]) is None:
            reason = f"an edit before it changes the same lines as “{edit.title}”: apply that one, then ask again"
            left_out.append(NoEdit(edit.code, edit.layer, reason, path=edit.path))
        else:
            accepted.append(edit)
    text = replace_spans(dockerfile.text, _place_spans(dockerfile, accepted) or ())
    return text, tuple(accepted), tuple(left_out)


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
    return None if has_overlap(spans) else tuple(spans)
