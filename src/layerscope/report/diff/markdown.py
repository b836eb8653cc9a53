"""A comparison as Markdown, for a merge request: what to know first, and the rest in sections that fold."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from layerscope.audit.image_diff import ImageDiff
from layerscope.diff.change import Change
from layerscope.diff.contents.content_diff import ContentDiff
from layerscope.report.context import RenderContext
from layerscope.report.diff import words
from layerscope.report.diff.history_words import iter_step_lines
from layerscope.report.diff.layer_rows import list_layer_rows
from layerscope.report.diff.linking_words import tell_link_change
from layerscope.report.escape import escape_but_tabs
from layerscope.report.instruction import tell_instruction
from layerscope.report.markdown import enclose_lines, write_code, write_fence, write_prose, write_row
from layerscope.report.places import root_path, tell_reference
from layerscope.rules.wording import begin, shorten, tell_count

CONTENTS_LIMIT: Final = 200_000
"""Bytes that tell what differs inside of files: the summary of a job takes a megabyte, of all that its steps say."""


def render_diff_markdown(difference: ImageDiff, context: RenderContext) -> str:
    """The comparison as one document."""
    return "\n".join([*_iter_head(difference), *_iter_sections(difference, context.limit)]) + "\n"


def _iter_head(difference: ImageDiff) -> Iterator[str]:
    before, after = (tell_reference(each.image.reference) for each in (difference.before, difference.after))
    yield from (f"# {write_code(before)} → {write_code(after)}", "")
    yield f"**{begin(words.tell_verdict(difference))}.**"
    for label, result in (("Before", difference.before), ("After", difference.after)):
        for doubt in (*result.image.notes, *words.list_doubts(result)):
            yield from ("", f"{label}: {write_prose(doubt)}")
    if difference.risks:
        yield from ("", "## To know first", "")
        for risk in words.list_told(difference.risks):
            detail = f": {write_prose(words.tell_detail(risk))}" if risk.detail else ""
            yield f"- **{words.LEVELS[risk.level]}** {write_prose(shorten(risk.text))}{detail}"
    if (same := words.list_same(difference)) and not difference.is_same:
        yield from ("", f"The same: {', '.join(same)}.")
    if left := words.tell_left_out(difference):
        yield from ("", f"Left out: {left}.")
    for note in words.list_path_notes(difference):
        yield from ("", f"Note: {write_prose(note)}.")


def _iter_sections(difference: ImageDiff, limit: int | None) -> Iterator[str]:
    head = ("", "", "before", "after")
    packages = [
        (change, f"{name} in {place}" if place else name, before, after)
        for change, name, before, after, place in words.list_packages(difference)
    ]
    yield from _write_table("Packages", head, packages, limit, is_open=True)
    sizes = [(words.tell_growth(each.growth), words.tell_size_cause(each)) for each in difference.sizes[:limit]]
    lines = [f"- {size} {write_prose(cause)}" for size, cause in sizes]
    title = f"Size: {words.tell_whole_growth(difference)}"
    yield from _fold(title, len(difference.sizes), lines, limit, is_open=True)
    yield from _write_digest_causes(difference)
    traits = [(each.change, each.name, each.before or "", each.after or "") for each in difference.traits]
    yield from _write_table("Characteristics", head, traits, limit)
    gpus = [(Change.CHANGED, *words.tell_gpu_change(each)) for each in difference.gpus]
    yield from _write_table("GPUs", head, gpus, limit)
    yield from _write_findings(difference, limit)
    yield from _write_layers(difference)
    yield from _write_config(difference, head, limit)
    yield from _write_history(difference)
    linking = [f"{root_path(each.path)}  {tell_link_change(each)}" for each in difference.linking[:limit]]
    yield from _fold("Linking", len(difference.linking), write_fence(linking, "text"), limit)
    largest = sorted(difference.files, key=lambda each: (-abs(each.growth), each.path))
    files = [f"{words.SIGNS[each.change]} {root_path(each.path)}  {words.tell_file(each)}" for each in largest[:limit]]
    yield from _fold("Files", len(difference.files), write_fence(files, "diff"), limit)
    yield from _write_contents(difference, limit)


def _write_layers(difference: ImageDiff) -> Iterator[str]:
    """The layers that are not shared."""
    lines = [
        f"- {row.fate} {row.before if row.after is None else row.after}: {write_code(tell_instruction(row.layer.step))}"
        for row in list_layer_rows(difference)
        if not row.is_shared
    ]
    yield from _fold("Layers", len(lines), lines, None)


def _write_table(
    title: str,
    head: Sequence[str],
    rows: Sequence[tuple[Change, str, str, str]],
    limit: int | None,
    *,
    note: str = "",
    is_open: bool = False,
) -> Iterator[str]:
    lines = [write_row(head), write_row("---" for _ in head)] if rows else []
    for change, *cells in rows[:limit]:
        lines.append(
            write_row([write_code(words.SIGNS[change]), *(write_code(cell) if cell else "" for cell in cells)])
        )
    yield from _fold(title, len(rows), lines, limit, note=note, is_open=is_open)


def _write_config(difference: ImageDiff, head: Sequence[str], limit: int | None) -> Iterator[str]:
    """The keys that differ; of those that the builder writes anew each time their number, unless all are asked for."""
    changed, written = words.split_config(difference)
    note = words.tell_written(written)
    if limit is None:
        changed, note = [*changed, *written], f"with {note}" if note else ""
    elif changed and note:
        note = f"and {note}"
    rows = [(each.change, each.name, each.before or "", each.after or "") for each in changed]
    yield from _write_table("Config", head, rows, limit, note=note)


def _write_digest_causes(difference: ImageDiff) -> Iterator[str]:
    """Why the digest is another one, a line for each cause."""
    causes = difference.digest_causes
    lines = []
    for answer in causes:
        cause, details, more = words.tell_digest_cause(answer)
        lines.append(f"- {cause}{': ' if details else ''}{', '.join(map(write_code, details))}{more}")
    yield from _fold("The digest differs by", len(causes), lines, None)


def _write_findings(difference: ImageDiff, limit: int | None) -> Iterator[str]:
    found = difference.findings
    lesser = tuple(each.finding for each in found.lesser)
    parts = (("new", found.new), ("fixed", found.fixed), ("lesser", lesser))
    lines = [
        f"- **{told}** {finding.code} ({words.tell_severity(finding, difference)}): {write_prose(finding.message)}"
        for told, findings in parts
        for finding in findings[:limit]
    ]
    title = f"Findings: {words.count_findings(difference)}"
    yield from _fold(title, max(len(findings) for _, findings in parts), lines, limit)


def _write_contents(difference: ImageDiff, limit: int | None) -> Iterator[str]:
    """What differs inside of the files, where that was asked for, up to the limit of files and the ceiling."""
    contents = words.list_contents(difference)
    lines, room, left_out = list[str](), CONTENTS_LIMIT, 0
    for path, content in contents[:limit]:
        told = _write_content(path, content)
        size = sum(len(line.encode()) + 1 for line in told)
        if size > room:
            left_out += 1
            continue
        lines += told
        room -= size
    if left_out:
        lines += ["", f"and {tell_count(left_out, 'file')} with more to show than there is room for: `-o json` has all"]
    if limit is not None and len(contents) > limit:
        lines += ["", f"and {tell_count(len(contents) - limit, 'more file')} (`--limit 0` for all)"]
    yield from _fold("Contents", len(contents), lines, None)


def _write_content(path: str, content: ContentDiff) -> list[str]:
    """What differs inside of a file."""
    told = ["", f"{write_code(root_path(path))} {write_prose(words.tell_content(content))}"]
    return [*told, "", *enclose_lines(map(escape_but_tabs, content.lines), "diff")] if content.lines else told


def _write_history(difference: ImageDiff) -> Iterator[str]:
    lines = [line.text for line in iter_step_lines(difference)]
    yield from _fold("History", len(lines), write_fence(lines, "diff"), None)


def _fold(
    title: str, count: int, lines: Iterable[str], limit: int | None, *, note: str = "", is_open: bool = False
) -> Iterator[str]:
    """A section that a reader unfolds, or folds where it is open, if there is anything in it."""
    if not (count or note):
        return
    if not count:
        yield from ("", f"{title}: {note}")
        return
    told = " ".join(part for part in (title, f"({count:,})", note) if part)
    yield from ("", f"<details{' open' if is_open else ''}><summary>{told}</summary>", "", *lines)
    if limit is not None and count > limit:
        yield from ("", f"and {count - limit:,} more")
    yield from ("", "</details>")
