"""A fix that was applied: the image before and after, what became of each layer and finding, and the proof."""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.text import Text

from layerscope.audit.applied import Applied, LayerOutcome, Rebase, list_layer_changes
from layerscope.fixes.surgery.cuts import Range
from layerscope.formats.secret_text import redact_text
from layerscope.report.before_after import draw_comparison, draw_findings, draw_new_findings, list_sizes
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.instruction import tell_instruction
from layerscope.report.json_format import build_finding
from layerscope.report.json_parts import build_image, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.places import root_path
from layerscope.report.terminal.page import Page, start_table
from layerscope.rules.wording import begin, tell_count, tell_layers, tell_size

HIDDEN = "credentials of the history and the labels are hidden; they have to be revoked all the same"

SHOWN_PATHS = 5
"""Paths that are gone which are named."""


def render_applied_text(applied: Applied, context: RenderContext) -> str:
    """The verdict first, then the table of before and after, the layers that changed, and the findings."""
    page = Page(context)
    _draw_verdict(page, applied)
    if applied.rebase is not None:
        page.add_line(("base ", "label"), escape_line(tell_bases(applied.rebase)))
    draw_comparison(page, applied)
    _draw_layers(page, applied)
    draw_findings(page, "Findings removed", applied.removed, "kept")
    draw_new_findings(page, applied.after, applied.added, applied.graver)
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
    kept, total = len(changes) - len(changed), len(applied.before.layers)
    page.add_heading("Layers", f"{kept} of {total} kept bit for bit")
    table = start_table()
    for name in ("#", "before", "after"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("instruction", no_wrap=True, overflow="ellipsis", ratio=1)
    table.expand = True
    for change in changed:
        sizes = (page.symbols.dash if size is None else tell_size(size) for size in (change.before, change.after))
        told = Text(escape_line(tell_instruction(change.step)))
        table.add_row(str(change.number), *sizes, change.outcome.value, told)
    if changed:
        page.add(table)
    if unshared := tell_unshared(applied):
        page.add_line((unshared, "doubt"))


def _iter_config(applied: Applied) -> Iterator[str]:
    """What is another in the config."""
    for name, value in sorted(applied.variables.items()):
        yield f"{name}={value}" if value is not None else f"{name} is not set any more"
    yield from map(redact_text, applied.changes)
    if applied.hides_credentials:
        yield HIDDEN


def _draw_rest(page: Page, applied: Applied) -> None:
    """What is gone for the container, and what had to stay."""
    gone = sorted(applied.cuts.paths)
    page.add_blank()
    for told in _iter_config(applied):
        page.add_line(("config ", "label"), escape_line(told))
    if gone:
        shown = ", ".join(escape_line(root_path(path)) for path in gone[:SHOWN_PATHS])
        more = f" and {len(gone) - SHOWN_PATHS:,} more" if len(gone) > SHOWN_PATHS else ""
        page.add_line(f"{tell_count(len(gone), 'path')} gone: {shown}{more}")
    for told in list_put(applied):
        page.add_line(("put ", "label"), escape_line(told))
    if applied.cuts.latest is not None:
        page.add_line(("times ", "label"), tell_times(applied))
    for change in tell_rebase(applied):
        page.add_line(("config ", "label"), escape_line(change))
    if applied.rebase is not None and not applied.objections:
        page.add_line(f"The new base's layers and the image's own {tell_rebased(applied)}")
    elif not applied.objections:
        page.add_line("Every other file is as it was: content, owner, mode, time, links, attributes")
    for reason in (*applied.cuts.left, *applied.missed):
        page.add_line((f"{escape_text(reason)}", "doubt"))


def tell_rebased(applied: Applied) -> str:
    """What became of the layers of an image on another base."""
    if not applied.repacked:
        return "are as they were, bit for bit"
    layers = tell_count(applied.repacked, "layer")
    verb = "is" if applied.repacked == 1 else "are"
    return f"hold what they held; {layers}, which xz or bzip2 packed, {verb} packed by gzip now"


def tell_unshared(applied: Applied) -> str:
    """Which layers are no more those of the base image; empty where none is known to be one that was."""
    if not applied.unshared:
        return ""
    verb = "is" if len(applied.unshared) == 1 else "are"
    return f"{begin(tell_layers(applied.unshared))} {verb} no more shared with the base image"


def tell_bases(rebase: Rebase) -> str:
    """From which base image to which."""
    old, new = (tell_count(count, "layer") for count in (rebase.old_layers, rebase.new_layers))
    return f"{rebase.new} ({new}) instead of {rebase.old} ({old})"


def tell_rebase(applied: Applied) -> list[str]:
    """What changed in the config for the new base, without credentials."""
    return [] if applied.rebase is None else [redact_text(change) for change in applied.rebase.changes]


def _build_range(merged: Range) -> dict[str, int]:
    return {"from": merged.first, "to": merged.last}


def _build_rebase(applied: Applied) -> dict[str, object] | None:
    rebase = applied.rebase
    if rebase is None:
        return None
    old, new = (
        {"reference": name, "layers": count}
        for name, count in ((rebase.old, rebase.old_layers), (rebase.new, rebase.new_layers))
    )
    return {"from": old, "to": new, "changes": tell_rebase(applied)}


def tell_times(applied: Applied) -> str:
    """Of how many entries the times are others now, and which."""
    assert applied.cuts.latest is not None, "times were not asked for"
    latest = f"{datetime.fromtimestamp(applied.cuts.latest, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"of {tell_count(applied.clamped, 'entry', 'entries')} are {latest} now; they were later"


def list_put(applied: Applied) -> Iterator[str]:
    """Each file that got another content, or that is new."""
    for path, file in applied.cuts.files.items():
        old = applied.before.tree.get(path)
        was = "a new file" if old is None else f"before {tell_size(old.size)}, {tell_digest(old.digest)}"
        yield f"{root_path(path)} {tell_size(file.size)}, {tell_digest(file.digest)} ({was})"


def tell_digest(digest: bytes | None) -> str:
    """The digest of a file's content, as documents spell it."""
    assert digest is not None, "a file has content"
    return f"sha256:{digest.hex()}"


def build_put(applied: Applied, path: str) -> dict[str, object]:
    """The same of one file for a program."""
    old, new = applied.before.tree.get(path), applied.cuts.files[path]
    return {
        "path": root_path(path),
        "layer": len(applied.before.layers) if old is None else old.layer,
        "size_before": None if old is None else old.size,
        "size_after": new.size,
        "digest_before": None if old is None else tell_digest(old.digest),
        "digest_after": tell_digest(new.digest),
    }


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
            "unshared": list(applied.unshared),
            "merge": None if applied.cuts.merge is None else _build_range(applied.cuts.merge.merged),
            "rebase": _build_rebase(applied),
            "put": [build_put(applied, path) for path in applied.cuts.files],
            "times": None
            if applied.cuts.latest is None
            else {"latest": applied.cuts.latest, "clamped": applied.clamped},
            "variables": dict(sorted(applied.variables.items())),
            "changes": [redact_text(change) for change in applied.changes],
            "hides_credentials": applied.hides_credentials,
            "gone": [root_path(path) for path in sorted(applied.cuts.paths)],
            "left": list(applied.cuts.left),
            "missed": list(applied.missed),
        }
    )
