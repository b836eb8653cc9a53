"""A fix that was applied by a build: the proof, what was done, and what of the image is another."""

from collections.abc import Mapping

from layerscope.audit.built import Built
from layerscope.audit.changed_files import Counts, FileChange
from layerscope.report.before_after import draw_comparison, draw_findings, draw_new_findings, list_sizes
from layerscope.report.build_words import hide_values, list_done
from layerscope.report.context import RenderContext
from layerscope.report.dockerfile_words import hide_secrets
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.instruction import tell_instruction
from layerscope.report.json_format import build_finding
from layerscope.report.json_parts import build_image, build_layers, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.places import root_path
from layerscope.report.plan_json import build_edit
from layerscope.report.terminal.page import Page, start_table
from layerscope.rules.wording import tell_count, tell_list, tell_size

SHOWN_PATHS = 5
"""Paths that no instruction explains which are named."""

SHOWN_KEPT = 10
"""Findings that nobody wanted to remove which are told one by one."""

SHOWN_FOLDERS = 8
"""Folders that are counted one by one."""


def render_built_text(built: Built, context: RenderContext) -> str:
    """The verdict first, then what was done, the table of before and after, layers, findings and files."""
    page = Page(context)
    _draw_verdict(page, built)
    for line in list_done(built.fix):
        page.add_line(escape_text(line), indent=2)
    draw_comparison(page, built)
    _draw_layers(page, built)
    draw_findings(page, "Findings removed", built.findings.removed, "kept")
    draw_new_findings(page, built.after, built.findings.added, built.findings.graver)
    draw_findings(page, "Findings kept", built.findings.kept[:SHOWN_KEPT], "muted")
    if len(built.findings.kept) > SHOWN_KEPT:
        page.add_line((f"and {tell_count(len(built.findings.kept) - SHOWN_KEPT, 'more finding')}", "muted"), indent=1)
    for renamed in built.renamed:
        page.add_line(escape_text(renamed.told), indent=1)
    _draw_files(page, built)
    return page.read()


def _draw_verdict(page: Page, built: Built) -> None:
    if built.is_proved:
        page.add_line((f"{page.symbols.good} ", "good"), "Built and proved: ", (escape_line(built.destination), "path"))
        return
    page.add_line((f"{page.symbols.bad} ", "bad"), "Not kept: the new image is not what it should be")
    for objection in built.objections:
        page.add_line(f"{page.symbols.dash} {escape_text(objection)}", indent=2)


def _draw_layers(page: Page, built: Built) -> None:
    """Every layer of the new image that the old one has not."""
    layers = built.after.layers
    page.add_heading("Layers", f"{len(built.shared)} of {len(layers)} are the old image's")
    table = start_table()
    for name in ("#", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("instruction", no_wrap=True, overflow="ellipsis", ratio=1)
    table.expand = True
    new = [layer for layer in layers if layer.index not in built.shared]
    for layer in new:
        table.add_row(str(layer.index), tell_size(layer.size or 0), escape_line(tell_instruction(layer.step)))
    if new:
        page.add(table)


def _draw_files(page: Page, built: Built) -> None:
    """Files by top folder, those of the changed steps apart from the others, and settings."""
    files = built.files
    _draw_counts(page, "Files of the steps that were changed", files.expected)
    _draw_counts(page, "Files that changed too", files.others)
    if files.paths:
        shown = tell_list(map(root_path, files.paths), shown=SHOWN_PATHS, is_cut=len(files.paths) > SHOWN_PATHS)
        page.add_line((f"such as {escape_line(shown)}", "muted"))
    page.add_blank()
    if not files.others:
        page.add_line(f"Every {'other ' if files.expected else ''}file is as it was, but for times")
    if built.settings:
        page.add_line(("config ", "label"), f"{escape_line(tell_list(built.settings, shown=SHOWN_PATHS))} changed")


def _draw_counts(page: Page, title: str, counts: Counts) -> None:
    if not counts:
        return
    page.add_heading(title)
    table = start_table()
    table.add_column("", no_wrap=True)
    for change in FileChange:
        table.add_column(change.value, justify="right", no_wrap=True)
    for folder, numbers in list(counts.items())[:SHOWN_FOLDERS]:
        table.add_row(
            escape_line(folder), *(f"{numbers[change]:,}" if numbers[change] else "" for change in FileChange)
        )
    page.add(table)
    if len(counts) > SHOWN_FOLDERS:
        page.add_line((f"and {tell_count(len(counts) - SHOWN_FOLDERS, 'more folder')}", "muted"))


def render_built_json(built: Built) -> str:
    """The same for a program."""
    before, after, proposal = built.before, built.after, built.fix.proposal
    return encode_json(
        {
            **head_document(),
            "image": build_image(before.image, before.layers, before.base),
            "result": {
                "destination": built.destination,
                "written": built.is_proved,
                "image": build_image(after.image, after.layers, after.base),
                "layers": build_layers(after.layers, after.weight),
            },
            "failure": None,
            "build": {
                "command": hide_values(built.command),
                "flags": list(built.fix.flags),
                "patch": hide_secrets(proposal.diff),
                "files": [each.name for each in proposal.changes],
                "edits": list(map(build_edit, proposal.edits)),
            },
            "objections": list(built.objections),
            "renamed": [each.told for each in built.renamed],
            "sizes": {label: {"before": old, "after": new} for label, old, new in list_sizes(built)},
            "shared_layers": sorted(built.shared),
            "removed": [build_finding(finding, before) for finding in built.findings.removed],
            "kept": [build_finding(finding, after) for finding in built.findings.kept],
            "added": [build_finding(finding, after) for finding in built.findings.added],
            "files": {
                "expected": _build_counts(built.files.expected),
                "changed_too": _build_counts(built.files.others),
                "paths": list(map(root_path, built.files.paths)),
            },
            "settings": list(built.settings),
        }
    )


def _build_counts(counts: Counts) -> Mapping[str, Mapping[str, int]]:
    return {folder: {change.value: numbers[change] for change in FileChange} for folder, numbers in counts.items()}
