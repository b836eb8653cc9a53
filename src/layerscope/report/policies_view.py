"""The tables of outside knowledge: what each is about, how old it is, and how it is refreshed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rich.text import Text

from layerscope.policies.table import PolicyHead
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_text
from layerscope.report.json_text import encode_json
from layerscope.report.terminal.page import Page, start_table
from layerscope.rules.wording import tell_count


@dataclass(frozen=True)
class PolicyTable:
    """One table: its name, its head, how many rows it has, and where it was read."""

    name: str
    head: PolicyHead
    rows: int
    place: str


def render_policies_text(tables: Sequence[PolicyTable], today: date, context: RenderContext) -> str:
    """One row a table."""
    page = Page(context)
    table = start_table()
    table.add_column("table", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("checked", no_wrap=True)
    table.add_column("age", justify="right", no_wrap=True)
    table.add_column("about")
    for each in tables:
        age = tell_count(max((today - each.head.date).days, 0), "day")
        about = Text(escape_text(each.head.about))
        about.append(f"\n{escape_text(each.place)}; {escape_text(each.head.refresh)}", "muted")
        table.add_row(Text(each.name, "heading"), f"{each.rows:,}", str(each.head.date), age, about)
    page.add(table)
    page.add_blank()
    page.add_line("--policy-dir DIR ", ("takes tables of the same name from a folder instead", "muted"))
    return page.read()


def render_policies_json(tables: Sequence[PolicyTable], today: date) -> str:
    """The same for a program."""
    return encode_json(
        [
            {
                "name": each.name,
                "about": each.head.about,
                "date": each.head.date.isoformat(),
                "age_days": max((today - each.head.date).days, 0),
                "rows": each.rows,
                "read_from": each.place,
                "refresh": each.head.refresh,
            }
            for each in tables
        ]
    )
