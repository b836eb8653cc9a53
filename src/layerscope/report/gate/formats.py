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


def _load_sarif() -> Render:
    from layerscope.report.gate.sarif import render_check_sarif

    return render_check_sarif


def _load_junit() -> Render:
    from layerscope.report.gate.junit import render_check_junit

    return render_check_junit


def _load_gitlab() -> Render:
    from layerscope.report.gate.gitlab import render_check_gitlab

    return render_check_gitlab


def _load_html() -> Render:
    from layerscope.report.gate.html import render_check_html

    return render_check_html


CHECK_RENDERERS: Final[dict[str, Callable[[], Render]]] = {
    "terminal": _load_terminal,
    "json": _load_json,
    "markdown": _load_markdown,
    "html": _load_html,
    "sarif": _load_sarif,
    "junit": _load_junit,
    "github": _load_github,
    "gitlab": _load_gitlab,
}
"""Loaded when asked for."""
