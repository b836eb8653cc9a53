"""The formats of a comparison by name; the first is what a person gets unless they ask."""

from collections.abc import Callable
from typing import Final

from layerscope.audit.image_diff import ImageDiff
from layerscope.report.context import RenderContext

Render = Callable[[ImageDiff, RenderContext], str]


def _load_terminal() -> Render:
    from layerscope.report.diff.terminal import render_diff_text

    return render_diff_text


def _load_json() -> Render:
    from layerscope.report.diff.json import render_diff_json

    return render_diff_json


def _load_markdown() -> Render:
    from layerscope.report.diff.markdown import render_diff_markdown

    return render_diff_markdown


def _load_html() -> Render:
    from layerscope.report.diff.html import render_diff_html

    return render_diff_html


DIFF_FORMATS: Final[dict[str, Callable[[], Render]]] = {
    "terminal": _load_terminal,
    "json": _load_json,
    "markdown": _load_markdown,
    "html": _load_html,
}
"""Loaded when asked for."""
