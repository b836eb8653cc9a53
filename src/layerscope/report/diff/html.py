"""A comparison as a page for a browser: what to know first, and everything that it rests on, to be searched."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from layerscope.audit.image_diff import ImageDiff
from layerscope.diff.change import Change
from layerscope.diff.contents.content_diff import ContentDiff
from layerscope.diff.digest_cause import DigestAnswer
from layerscope.diff.risk import Risk, RiskLevel
from layerscope.report.context import RenderContext
from layerscope.report.diff import words
from layerscope.report.diff.history_words import iter_step_lines
from layerscope.report.diff.layer_rows import LayerRow, list_layer_rows
from layerscope.report.diff.linking_words import tell_link_change
from layerscope.report.html.growth_tree import write_growth_data
from layerscope.report.html.markup import (
    Markup,
    element,
    join,
    write_fields,
    write_file_line,
    write_line,
    write_name,
    write_section,
    write_table,
    write_text,
)
from layerscope.report.html.page_template import ROWS, fill_page, read_part
from layerscope.report.instruction import tell_instruction
from layerscope.report.places import root_path, tell_reference
from layerscope.rules.finding import Finding
from layerscope.rules.wording import begin, tell_count, tell_size

MOST: Final = 5_000
"""Rows of a table; the JSON report has all."""

MOST_CONTENTS: Final = 1_000
"""Files whose insides are shown."""
MOST_LINES: Final = 400
"""Lines of one of them."""

_PAGE: Final = replace(
    ROWS,
    scripts=("matcher.js", "parts.js", "size_tree.js", "squarify.js", "treemap.js", "growth_map.js", "rows.js"),
)
_STYLES: Final = {RiskLevel.BREAKS: "bad", RiskLevel.RISKY: "doubt", RiskLevel.NOTE: "note"}
_SIGN_STYLES: Final = {Change.ADDED: "good", Change.REMOVED: "bad", Change.CHANGED: "doubt"}

_NONE: Final = "\N{EN DASH}"

Row = tuple[Change, str, str, str]


def render_diff_html(difference: ImageDiff, context: RenderContext) -> str:  # noqa: ARG001 -- as every format
    """The comparison as one page; without its script it lacks the map and the search alone."""
    before, after = (tell_reference(each.image.reference) for each in (difference.before, difference.after))
    return fill_page(
        _PAGE,
        title=write_line(f"{before} → {after}"),
        head=_write_head(difference),
        sections=join(*_iter_sections(difference)),
        data=write_growth_data(difference),
    )


def _write_head(difference: ImageDiff) -> Markup:
    """Both images, and the outcome."""
    outcome = element("strong", write_line(begin(words.tell_verdict(difference))))
    rows = [("outcome", outcome)]
    for label, result in (("before", difference.before), ("after", difference.after)):
        name = element("code", write_line(tell_reference(result.image.reference)))
        digest = element("code", write_text(str(result.image.manifest_digest or result.image.config_digest)))
        told = write_line(f" {words.tell_weight(result)}, ")
        doubts = (element("p", write_line(doubt), class_="bad") for doubt in words.list_doubts(result))
        notes = (element("p", write_line(note), class_="note") for note in result.image.notes)
        rows.append((label, join(name, told, digest, *notes, *doubts)))
    if difference.digest_causes:
        rows.append(("digest differs by", join(*map(_write_digest_cause, difference.digest_causes))))
    same, left = [] if difference.is_same else words.list_same(difference), words.tell_left_out(difference)
    rows += [("the same", write_line(", ".join(same)))] if same else []
    rows += [("left out", write_line(left))] if left else []
    rows += [("note", write_line(note)) for note in words.list_path_notes(difference)]
    return write_fields(rows)


def _write_digest_cause(answer: DigestAnswer) -> Markup:
    """A cause in a paragraph of its own, with keys, layers or paths as they are written."""
    cause, details, more = words.tell_digest_cause(answer)
    told = Markup(", ".join(element("code", write_line(each)) for each in details))
    return element("p", write_line(f"{cause}{': ' if details else ''}"), told, write_line(more))


def _iter_sections(difference: ImageDiff) -> Iterator[Markup]:
    """The parts in which something differs, the most important first."""
    if difference.risks:
        yield write_section(
            "To know first", element("ul", *map(_write_risk, words.list_told(difference.risks))), name="risks"
        )
    packages: list[Row] = [
        (change, f"{name} in {place}" if place else name, before, after)
        for change, name, before, after, place in words.list_packages(difference)
    ]
    yield from _write_changes("Packages", packages, name="packages")
    yield from _write_rows("Size", (">growth", "cause"), list(_iter_sizes(difference)), name="size")
    if any(each.growth for each in difference.files):
        yield read_part("growth_map.html")
    traits: list[Row] = [(each.change, each.name, each.before or "", each.after or "") for each in difference.traits]
    yield from _write_changes("Characteristics", traits, name="traits")
    gpus: list[Row] = [(Change.CHANGED, *words.tell_gpu_change(each)) for each in difference.gpus]
    yield from _write_changes("GPUs", gpus, name="gpus")
    yield from _write_findings(difference)
    yield from _write_rows(
        "Layers", (">before", ">after", ">stored", "", "instruction"), list(_iter_layers(difference)), name="layers"
    )
    yield from _write_config(difference)
    steps = list(_iter_history(difference))
    yield from _write_rows("History", ("", "instruction", "layer", "what"), steps, name="history")
    yield from _write_rows(
        "Linking", ("path", "what"), list(_iter_linking(difference)), name="linking", count=len(difference.linking)
    )
    yield from _write_rows(
        "Files",
        ("", ">growth", "path", "what"),
        list(_iter_files(difference)),
        name="files",
        count=len(difference.files),
    )
    yield from _write_contents(difference)


def _write_risk(risk: Risk) -> Markup:
    level = element("strong", write_line(words.LEVELS[risk.level]), class_=_STYLES[risk.level])
    detail = element("span", write_line(f" {risk.detail}"), class_="note") if risk.detail else Markup("")
    return element("li", level, write_line(f" {risk.text}"), detail)


def _write_changes(title: str, rows: Sequence[Row], *, name: str) -> Iterator[Markup]:
    """Things by name, before and after."""
    told = [
        element(
            "tr", _sign(change), element("td", write_line(name)), *(_write_value(value or None) for value in values)
        )
        for change, name, *values in rows
    ]
    yield from _write_rows(title, ("", "name", "before", "after"), told, name=name)


def _write_rows(
    title: str, head: tuple[str, ...], rows: Sequence[Markup], *, name: str, count: int = 0
) -> Iterator[Markup]:
    """A table, if there is anything in it, up to the ceiling; `count` rows in all where not all are given."""
    if not rows:
        return
    count = count or len(rows)
    table = write_table(title, head, list(rows[:MOST]), name=f"{name}-table")
    left = f"the first {MOST:,}; -o json has all" if count > MOST else ""
    yield write_section(f"{title} ({count:,})", table, name=name, note=left)


def _write_config(difference: ImageDiff) -> Iterator[Markup]:
    """The keys that differ; those that the builder writes anew each time are folded away."""
    changed, written = (
        [
            element(
                "tr",
                _sign(each.change),
                element("td", write_line(each.name)),
                _write_value(each.before),
                _write_value(each.after),
            )
            for each in changes[:MOST]
        ]
        for changes in words.split_config(difference)
    )
    if not (changed or written):
        return
    head, parts = ("", "name", "before", "after"), []
    if changed:
        parts.append(write_table("Config", head, changed, name="config-table"))
    if written:
        told = words.tell_written(words.split_config(difference)[1])
        table = write_table(begin(told), head, written, name="config-build-table")
        parts.append(element("details", element("summary", write_line(told)), table))
    yield write_section(f"Config ({len(changed):,})" if changed else "Config", *parts, name="config")


def _write_value(text: str | None) -> Markup:
    """What there is; a port or a volume is there without a value."""
    return element("td", write_line(_NONE if text is None else text), class_="value")


def _sign(change: Change) -> Markup:
    return element("td", element("strong", write_text(words.SIGNS[change]), class_=_SIGN_STYLES[change]))


def _iter_sizes(difference: ImageDiff) -> Iterator[Markup]:
    for each in difference.sizes:
        growth = element("td", write_line(words.tell_growth(each.growth)), class_="number")
        yield element("tr", growth, element("td", write_line(words.tell_size_cause(each))))


def _write_findings(difference: ImageDiff) -> Iterator[Markup]:
    found = difference.findings
    graver = {id(each.finding): each.severities for each in found.graver}
    rows = [
        _write_finding(f"graver: {graver[id(finding)]}" if id(finding) in graver else "new", "bad", finding)
        for finding in found.new
    ]
    rows += [_write_finding("fixed", "good", finding) for finding in found.fixed]
    rows += [_write_finding(f"lesser: {each.severities}", "good", each.finding) for each in found.lesser]
    if not rows:
        return
    table = write_table("Findings", ("", "severity", "code", "finding"), rows[:MOST], name="findings-table")
    yield write_section("Findings", table, name="findings", note=words.count_findings(difference))


def _write_finding(told: str, style: str, finding: Finding) -> Markup:
    severity = str(finding.severity)
    cells = (
        element("strong", write_line(told), class_=style),
        element("span", write_line(severity), class_=f"severity {severity}"),
        join(write_name(finding.code), Markup(" "), write_name(finding.rule)),
        write_line(finding.message),
    )
    return element("tr", *(element("td", cell) for cell in cells))


def _iter_layers(difference: ImageDiff) -> Iterator[Markup]:
    rows = list_layer_rows(difference)
    if not all(row.is_shared for row in rows):
        yield from map(_write_layer, rows)


def _write_layer(row: LayerRow) -> Markup:
    cells = ["" if each is None else str(each) for each in (row.before, row.after)]
    cells.append("" if row.layer.size is None else tell_size(row.layer.size))
    return element(
        "tr",
        *(element("td", write_line(cell), class_="number") for cell in cells),
        element("td", write_line(row.fate)),
        element("td", element("code", write_line(tell_instruction(row.layer.step)))),
    )


def _iter_history(difference: ImageDiff) -> Iterator[Markup]:
    for line in iter_step_lines(difference):
        cells = (element("code", write_line(line.instruction)), write_line(line.place), write_line(line.detail))
        yield element("tr", _sign(line.change), *(element("td", cell) for cell in cells))


def _iter_linking(difference: ImageDiff) -> Iterator[Markup]:
    """The executables and libraries that link otherwise."""
    for each in difference.linking[:MOST]:
        path = element("code", write_text(root_path(each.path)), class_="path")
        yield element("tr", element("td", path), element("td", write_line(tell_link_change(each))))


def _iter_files(difference: ImageDiff) -> Iterator[Markup]:
    """The files that grew or shrank most first."""
    for each in sorted(difference.files, key=lambda each: (-abs(each.growth), each.path))[:MOST]:
        growth = words.tell_growth(each.growth) if each.growth else ""
        yield element(
            "tr",
            _sign(each.change),
            element("td", write_line(growth), class_="number"),
            element("td", element("code", write_text(root_path(each.path)), class_="path")),
            element("td", write_line(words.tell_file(each))),
        )


def _write_contents(difference: ImageDiff) -> Iterator[Markup]:
    """What differs inside of the files, where that was asked for."""
    shown = words.list_contents(difference)
    if not shown:
        return
    items = [_write_content(path, content) for path, content in shown[:MOST_CONTENTS]]
    left = f"the first {MOST_CONTENTS:,}; -o json has all" if len(shown) > MOST_CONTENTS else ""
    yield write_section(
        f"Contents ({len(shown):,})", element("ul", *items, class_="places"), name="contents", note=left
    )


def _write_content(path: str, content: ContentDiff) -> Markup:
    name = element("code", write_text(root_path(path)), class_="path")
    told = write_line(f" {words.tell_content(content)}")
    if not content.lines:
        return element("li", name, told)
    lines = Markup("\n".join(map(write_file_line, content.lines[:MOST_LINES])))
    left = len(content.lines) - MOST_LINES
    more = [element("p", write_line(f"and {tell_count(left, 'more line')}"), class_="note")] if left > 0 else []
    return element("li", element("details", element("summary", name, told), element("pre", lines), *more))
