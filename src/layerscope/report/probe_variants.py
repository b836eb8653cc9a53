"""The hardened and the open run side by side, as a program and as a person reads them."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from layerscope.facts.probe.stage_titles import TITLES
from layerscope.probe.isolation import list_isolation
from layerscope.probe.isolation_warnings import IsolationWarning
from layerscope.probe.observation import Observation
from layerscope.probe.variants import Trials
from layerscope.report.escape import escape_line
from layerscope.report.json_v1_probe import ProbeNeedV1, VariantV1
from layerscope.report.terminal.page import Page


def build_variants(seen: Observation, trials: Trials | None) -> dict[str, VariantV1]:
    """What each run saw, by its name."""
    return {name: _build_column(each) for name, each in _list_columns(seen, trials)}


def build_needs(trials: Trials | None) -> list[ProbeNeedV1]:
    """What the image needs that a hardened container does not give."""
    comparison = trials.comparison if trials is not None else None
    needs = comparison.needs if comparison is not None else ()
    return [ProbeNeedV1(need.name, need.text, list(need.flags)) for need in needs]


def _list_columns(seen: Observation, trials: Trials | None) -> list[tuple[str, Observation]]:
    if trials is None or trials.confinement is None:
        return [("here", seen)]
    if trials.comparison is not None:
        return [("hardened", seen), ("default", trials.comparison.default)]
    return [("hardened" if trials.confinement.read_only else "default", seen)]


def _build_column(seen: Observation) -> VariantV1:
    isolation = {row.name: row.value for row in list_isolation(seen)}
    return VariantV1(isolation, {stage.name: stage.status for stage in seen.stages})


def draw_variants(page: Page, trials: Trials | None) -> None:
    """Where both ran: each fact in two columns, those that differ alone."""
    if trials is None or trials.comparison is None:
        return
    columns = _list_columns(trials.seen, trials)
    page.add_heading("Hardened and default")
    table = Table.grid(padding=(0, 2, 0, 0))
    for style in ("label", None, None):
        table.add_column(overflow="fold", style=style)
    table.add_row("", *(Text(name, "label") for name, _ in columns))
    for label, *values in _list_rows([seen for _, seen in columns]):
        if len(set(values)) > 1:
            table.add_row(escape_line(label), *map(escape_line, values))
    page.add(table, indent=2)


def draw_warnings(page: Page, warnings: Sequence[IsolationWarning]) -> None:
    """What breaks programs in these surroundings, and what to do."""
    if warnings:
        page.add_heading("Surroundings")
    for each in warnings:
        page.add_line((f"{page.symbols.doubt} ", "doubt"), escape_line(each.text), indent=2)
        page.add_line((escape_line(each.cure), "muted"), indent=4)


def _list_rows(seen: list[Observation]) -> list[Any]:
    facts = [{row.label: row.text for row in list_isolation(each) if row.label} for each in seen]
    stages = [{f"stage {TITLES.get(stage.name, stage.name)}": stage.status for stage in each.stages} for each in seen]
    tables = [{**first, **second} for first, second in zip(facts, stages, strict=True)]
    labels = dict.fromkeys(label for table in tables for label in table)
    return [(label, *(table.get(label, "-") for table in tables)) for label in labels]
