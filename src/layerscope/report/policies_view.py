"""The tables of outside knowledge: what each is about, how old it is, and how it is refreshed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rich.text import Text

from layerscope.policies.table import BUILT_IN, PolicyHead
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text, shorten
from layerscope.report.json_text import encode_json
from layerscope.report.terminal.page import Page, start_table
from layerscope.rules.wording import tell_count

STALE_DAYS: Final = 365
"""From then on a table is doubted: by then each thing that they are about has had a release or two."""

WIDTH_BEFORE_ABOUT: Final = 50
"""Columns of all that stands before what a table is about."""

LEAST_ABOUT: Final = 20


@dataclass(frozen=True)
class PolicyTable:
    """One table: its name, its head, how many rows it has, and where it was read."""

    name: str
    head: PolicyHead
    rows: int
    place: str


def render_policies_text(tables: Sequence[PolicyTable], today: date, context: RenderContext) -> str:
    """One line a table."""
    page = Page(context)
    table = start_table()
    table.add_column("table", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("checked", no_wrap=True)
    table.add_column("age", justify="right", no_wrap=True)
    table.add_column("about", no_wrap=True)
    room = max(page.width - WIDTH_BEFORE_ABOUT, LEAST_ABOUT)
    for each in tables:
        about = shorten(escape_line(each.head.about), room, ellipsis=page.symbols.ellipsis)
        age = _tell_age(page, _count_days(each, today))
        table.add_row(Text(each.name, "heading"), f"{each.rows:,}", str(each.head.date), age, Text(about))
    page.add(table)
    page.add_blank()
    own = [each.name for each in tables if each.place != BUILT_IN]
    if own:
        page.add_line((f"from --policy-dir: {escape_text(', '.join(own))}", "doubt"))
    page.add_line("--policy-dir DIR ", ("takes tables of the same name from a folder instead", "muted"))
    page.add_line("-o json          ", ("tells all of each, and how it is refreshed", "muted"))
    return page.read()


def _count_days(table: PolicyTable, today: date) -> int:
    return max((today - table.head.date).days, 0)


def _tell_age(page: Page, days: int) -> Text:
    """The age in days, with a sign of doubt where knowledge of drivers and releases has gone stale."""
    told = tell_count(days, "day")
    return Text(f"{page.symbols.doubt} {told}", "doubt") if days > STALE_DAYS else Text(told)


def render_policies_json(tables: Sequence[PolicyTable], today: date) -> str:
    """The same for a program."""
    return encode_json(
        [
            {
                "name": each.name,
                "about": each.head.about,
                "date": each.head.date.isoformat(),
                "age_days": _count_days(each, today),
                "is_stale": _count_days(each, today) > STALE_DAYS,
                "rows": each.rows,
                "read_from": each.place,
                "refresh": each.head.refresh,
            }
            for each in tables
        ]
    )
