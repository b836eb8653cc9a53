"""The formats of a check by name; the first is what a person gets unless they ask."""

from collections.abc import Callable
from typing import Final

from layerscope.report.context import RenderContext
from layerscope.report.gate.words import GateReport

Render = Callable[[GateReport, RenderContext], str]


def _load_terminal() -> Render:
    from layerscope.report.gate.terminal import render_check_text

    return render_check_text


def _load_json() -> Render:
    from layerscope.report.gate.json import render_check_json

    return render_check_json


def _load_markdown() -> Render:
    from layerscope.report.gate.markdown import render_check_markdown

    return render_check_markdown


def _load_github() -> Render:
    from layerscope.report.gate.github import render_check_github

    return render_check_github


CHECK_RENDERERS: Final[dict[str, Callable[[], Render]]] = {
    "terminal": _load_terminal,
    "json": _load_json,
    "markdown": _load_markdown,
    "github": _load_github,
}
"""Loaded when asked for."""
