"""The hardened and the open run side by side, as a program and as a person reads them."""

from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from layerscope.probe.isolation import list_isolation
from layerscope.probe.observation import Observation
from layerscope.probe.variants import Probing
from layerscope.report.escape import escape_line
from layerscope.report.terminal.page import Page


def build_variants(probing: Probing) -> dict[str, object]:
    """The `variants` of a probe: what each saw, and what the image needs."""
    columns = _list_columns(probing)
    comparison = probing.comparison
    found: dict[str, object] = {"variants": {name: _build_column(seen) for name, seen in columns}}
    if comparison is not None:
        found["needs"] = msgspec.to_builtins(comparison.needs)
        found["helps"] = comparison.helps
    return found


def _list_columns(probing: Probing) -> list[tuple[str, Observation]]:
    if probing.comparison is not None:
        return [("hardened", probing.seen), ("default", probing.comparison.default)]
    confinement = probing.confinement
    name = "here" if confinement is None else "hardened" if confinement.read_only else "default"
    return [(name, probing.seen)]


def _build_column(seen: Observation) -> dict[str, object]:
    return {
        "isolation": {row.name: row.value for row in list_isolation(seen)},
        "stages": {stage.name: stage.status for stage in seen.stages},
    }


def draw_variants(page: Page, probing: Probing) -> None:
    """Where both ran: each fact in two columns, those that differ alone."""
    columns = _list_columns(probing)
    if len(columns) == 1:
        return
    page.add_heading("Hardened and default")
    table = Table.grid(padding=(0, 2, 0, 0))
    for style in ("label", None, None):
        table.add_column(overflow="fold", style=style)
    table.add_row("", *(Text(name, "label") for name, _ in columns))
    for label, *values in _list_rows([seen for _, seen in columns]):
        if len(set(values)) > 1:
            table.add_row(escape_line(label), *map(escape_line, values))
    page.add(table, indent=2)


def _list_rows(seen: list[Observation]) -> list[Any]:
    facts = [{row.label: row.text for row in list_isolation(each)} for each in seen]
    stages = [{f"stage {stage.name}": stage.status for stage in each.stages} for each in seen]
    tables = [{**first, **second} for first, second in zip(facts, stages, strict=True)]
    labels = dict.fromkeys(label for table in tables for label in table)
    return [(label, *(table.get(label, "-") for table in tables)) for label in labels]
