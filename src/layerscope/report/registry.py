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


def _make_sarif() -> Format:
    from layerscope.report.sarif.sarif_format import SarifFormat

    return SarifFormat()


def _make_markdown() -> Format:
    from layerscope.report.markdown_format import MarkdownFormat

    return MarkdownFormat()


def _make_junit() -> Format:
    from layerscope.report.junit_format import JunitFormat

    return JunitFormat()


def _make_github() -> Format:
    from layerscope.report.github_format import GithubFormat

    return GithubFormat()


def _make_gitlab() -> Format:
    from layerscope.report.gitlab_format import GitlabFormat

    return GitlabFormat()


FORMATS: Final[dict[str, Callable[[], Format]]] = {
    "terminal": _make_terminal,
    "json": _make_json,
    "sarif": _make_sarif,
    "markdown": _make_markdown,
    "junit": _make_junit,
    "github": _make_github,
    "gitlab": _make_gitlab,
}
"""Made when asked for, so that a JSON report need not import what draws on a terminal."""
