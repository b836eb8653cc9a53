"""A fix that was applied: the image before and after, what became of each layer and finding, and the proof."""

from rich.text import Text

from layerscope.audit.applied import Applied, LayerOutcome, list_layer_changes
from layerscope.report.before_after import draw_comparison, draw_findings, list_sizes
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.instruction import tell_instruction
from layerscope.report.json_format import build_finding
from layerscope.report.json_parts import build_image, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.places import root_path
from layerscope.report.terminal.page import Page, start_table
from layerscope.rules.wording import tell_count, tell_size

SHOWN_PATHS = 5
"""Paths that are gone which are named."""


def render_applied_text(applied: Applied, context: RenderContext) -> str:
    """The verdict first, then the table of before and after, the layers that changed, and the findings."""
    page = Page(context)
    _draw_verdict(page, applied)
    draw_comparison(page, applied)
    _draw_layers(page, applied)
    draw_findings(page, "Findings removed", applied.removed, "kept")
    draw_findings(page, "New findings", applied.added, "bad")
    _draw_rest(page, applied)
    return page.read()


def _draw_verdict(page: Page, applied: Applied) -> None:
    if applied.is_proved:
        page.add_line(
            (f"{page.symbols.good} ", "good"), "Fixed and proved: ", (escape_line(applied.destination), "path")
        )
        return
    page.add_line((f"{page.symbols.bad} ", "bad"), "Not written: the new image is not what it should be")
    for objection in applied.objections:
        page.add_line(f"{page.symbols.dash} {escape_text(objection)}", indent=2)


def _draw_layers(page: Page, applied: Applied) -> None:
    """Every layer that is not as it was."""
    changes = list_layer_changes(applied)
    changed = [change for change in changes if change.outcome is not LayerOutcome.KEPT]
    page.add_heading("Layers", f"{len(changes) - len(changed)} of {len(changes)} kept bit for bit")
    table = start_table()
    for name in ("#", "before", "after"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("instruction", no_wrap=True, overflow="ellipsis", ratio=1)
    table.expand = True
    for change in changed:
        layer = applied.before.layers[change.number]
        after = tell_size(change.after) if change.after is not None else page.symbols.dash
        told = Text(escape_line(tell_instruction(layer.step)))
        table.add_row(str(change.number), tell_size(change.before), after, change.outcome.value, told)
    if changed:
        page.add(table)


def _draw_rest(page: Page, applied: Applied) -> None:
    """What is gone for the container, and what had to stay."""
    gone = sorted(applied.cuts.paths)
    page.add_blank()
    for name, value in sorted(applied.variables.items()):
        told = f"{name}={value}" if value is not None else f"{name} is not set any more"
        page.add_line(("config ", "label"), escape_line(told))
    if gone:
        shown = ", ".join(escape_line(root_path(path)) for path in gone[:SHOWN_PATHS])
        more = f" and {len(gone) - SHOWN_PATHS:,} more" if len(gone) > SHOWN_PATHS else ""
        page.add_line(f"{tell_count(len(gone), 'path')} gone: {shown}{more}")
    if not applied.objections:
        page.add_line("Every other file is as it was: content, owner, mode, time, links, attributes")
    for reason in applied.cuts.left:
        page.add_line((f"{escape_text(reason)}", "doubt"))


def render_applied_json(applied: Applied) -> str:
    """The same for a program."""
    before, after = applied.before, applied.after
    return encode_json(
        {
            **head_document(),
            "image": build_image(before.image, before.layers, before.base),
            "result": {
                "destination": applied.destination,
                "written": applied.is_proved,
                "manifest_digest": str(applied.new.manifest.digest),
                "config_digest": str(applied.new.config.digest),
                "image": build_image(after.image, after.layers, after.base),
            },
            "objections": list(applied.objections),
            "sizes": {label: {"before": old, "after": new} for label, old, new in list_sizes(applied)},
            "layers": [
                {
                    "index": change.number,
                    "outcome": change.outcome.value,
                    "size_before": change.before,
                    "size_after": change.after,
                }
                for change in list_layer_changes(applied)
            ],
            "removed": [build_finding(finding, before) for finding in applied.removed],
            "added": [build_finding(finding, after) for finding in applied.added],
            "variables": dict(sorted(applied.variables.items())),
            "gone": [root_path(path) for path in sorted(applied.cuts.paths)],
            "left": list(applied.cuts.left),
        }
    )
