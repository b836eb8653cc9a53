"""The settings of a check: every value, and what said it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from rich.text import Text

from layerscope.gate.setting import Origin, Setting
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line
from layerscope.report.gate.json_v1 import SettingsV1, SettingV1
from layerscope.report.json_parts import build_tool
from layerscope.report.json_text import encode_json
from layerscope.report.terminal.page import Page, start_table
from layerscope.report.terminal.slashed import Slashed

_WHOLE: Final = 1 << 16
"""Columns of a line that nobody reads on a terminal: every row fits, so that what is searched for is on one line."""


def render_settings_text(settings: Sequence[Setting], context: RenderContext) -> str:
    """A row for each value; of tables and lists of tables, for each entry. Only a terminal gets lines of its width."""
    page = Page(context if context.is_terminal else replace(context, width=_WHOLE))
    table = start_table()
    table.add_column("setting", no_wrap=True)
    table.add_column("value")
    table.add_column("from")
    for setting in settings:
        for key, value in _iter_entries(setting):
            is_default = setting.origin is Origin.DEFAULT
            told = Slashed(Text(escape_line(value), "muted" if is_default else ""))
            origin = Slashed(Text(escape_line(_tell_origin(setting)), "muted"))
            table.add_row(Text(escape_line(key)), told, origin)
    page.add(table)
    return page.read()


def render_settings_json(settings: Sequence[Setting], _context: RenderContext) -> str:
    """The same as plain data."""
    told = [SettingV1(each.key.removeprefix("check."), each.value, each.origin.value, each.place) for each in settings]
    return encode_json(SettingsV1(schema_version=1, tool=build_tool(), settings=told))


def _iter_entries(setting: Setting) -> Iterable[tuple[str, str]]:
    key, value = setting.key.removeprefix("check."), setting.value
    if isinstance(value, dict) and value:
        return [(f"{key}.{name}", tell_value(entry)) for name, entry in value.items()]
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        return [(f"{key}[{number}]", tell_value(entry)) for number, entry in enumerate(value)]
    return [(key, tell_value(value))]


def tell_value(value: object) -> str:
    """A value as TOML spells it, but for `-` where there is none."""
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case dict():
            entries = ", ".join(f"{key} = {tell_value(entry)}" for key, entry in value.items())
            return f"{{{entries}}}" if entries else "-"
        case list() | tuple():
            return f"[{', '.join(map(tell_value, value))}]" if value else "-"
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _tell_origin(setting: Setting) -> str:
    return setting.origin.value if setting.origin is Origin.DEFAULT else f"{setting.origin} {setting.place}"
