"""The formats by name; the first is what a person gets unless they ask."""

from collections.abc import Callable
from typing import Final

from layerscope.report.format import Format


def _make_terminal() -> Format:
    from layerscope.report.terminal.terminal_format import TerminalFormat

    return TerminalFormat()


def _make_json() -> Format:
    from layerscope.report.json_format import JsonFormat

    return JsonFormat()


FORMATS: Final[dict[str, Callable[[], Format]]] = {"terminal": _make_terminal, "json": _make_json}
"""Made when asked for, so that a JSON report need not import what draws on a terminal."""
