"""Files beside the Dockerfile with all that edits change in them, and a file before and after as a diff."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import pairwise
from pathlib import Path
from typing import Final

from layerscope.fixes.dockerfile.build_context import ContextFile
from layerscope.fixes.dockerfile.edit import DockerfileEdit, FileEdit, Span

_NO_END: Final = "\\ No newline at end of file\n"


@dataclass(frozen=True)
class FileChange:
    """A file before (None: there was none) and after, what diffs call it, and where it lies.

    `is_ignores` says that it is the list of what a build does not copy.
    """

    name: str
    place: Path
    before: str | None
    after: str
    is_ignores: bool = False

    @property
    def diff(self) -> str:
        """The unified diff, as patch(1) and `git apply` take it."""
        return render_diff(self.before, self.after, self.name)


def render_diff(before: str | None, after: str, name: str) -> str:
    """The unified diff between two texts of a file; a file that was not there before is /dev/null."""
    old = "/dev/null" if before is None else f"a/{name}"
    lines = unified_diff(_split(before or ""), _split(after), old, f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)


def join_file_edits(edits: Iterable[DockerfileEdit]) -> tuple[FileChange, ...] | None:
    """Every file with all that these edits change in it, in order; None where two change the same."""
    by_place: dict[Path, list[FileEdit]] = {}
    for edit in edits:
        for each in edit.files:
            by_place.setdefault(each.file.place, []).append(each)
    changes: list[FileChange] = []
    for place, file_edits in by_place.items():
        file = file_edits[0].file
        text = _change(file, file_edits)
        if text is None or any(each.file != file for each in file_edits):
            return None
        changes.append(FileChange(file.name, place, file.text, text, file_edits[0].is_ignores))
    return tuple(sorted(changes, key=lambda change: change.name))


def replace_spans(text: str, spans: Iterable[Span]) -> str:
    """The text with each span's text in place of what stood there; spans come in order."""
    parts, position = list[str](), 0
    for span in spans:
        parts += [text[position : span.start], span.text]
        position = span.end
    return "".join([*parts, text[position:]])


def has_overlap(spans: Sequence[Span]) -> bool:
    """Whether spans, in order, change the same."""
    return any(before.end > after.start for before, after in pairwise(spans))


def _change(file: ContextFile, edits: Sequence[FileEdit]) -> str | None:
    """The text with the spans of all, and the lines of all behind it, each once."""
    spans = sorted(
        dict.fromkeys(span for edit in edits for span in edit.spans), key=lambda span: (span.start, span.end)
    )
    if has_overlap(spans):
        return None
    text, end = replace_spans(file.text or "", spans), file.line_end
    lines = dict.fromkeys(line for edit in edits for line in edit.lines)
    if lines and text and not text.endswith("\n"):
        text += end
    if lines and text.removesuffix("\n").removesuffix("\r").endswith("\\"):
        text += end  # pip would read what follows as the rest of that line
    return text + "".join(f"{line}{end}" for line in lines)


def _split(text: str) -> list[str]:
    """The lines with their ends; a line feed alone ends one."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [line for line in text.split("\n")[-1:] if line]
