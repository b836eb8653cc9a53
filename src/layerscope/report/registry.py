"""The formats by name; the first is what a person gets unless they ask."""

from collections.abc import Callable
from typing import Final

from layerscope.report.format import Format
from layerscope.report.sbom.extra import need_extra


def _make_terminal() -> Format:
    from layerscope.report.terminal.terminal_format import TerminalFormat

    return TerminalFormat()


def _make_json() -> Format:
    from layerscope.report.json_format import JsonFormat

    return JsonFormat()


def _make_html() -> Format:
    from layerscope.report.html.html_format import HtmlFormat

    return HtmlFormat()


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


def _make_cyclonedx() -> Format:
    try:
        from layerscope.report.sbom.cyclonedx_format import CycloneDxFormat
    except ImportError as error:
        raise need_extra("cyclonedx", "cyclonedx-python-lib", error) from error

    return CycloneDxFormat()


def _make_spdx() -> Format:
    try:
        from layerscope.report.sbom.spdx_format import SpdxFormat
    except ImportError as error:
        raise need_extra("spdx", "spdx-tools", error) from error

    return SpdxFormat()


FORMATS: Final[dict[str, Callable[[], Format]]] = {
    "terminal": _make_terminal,
    "json": _make_json,
    "markdown": _make_markdown,
    "html": _make_html,
    "sarif": _make_sarif,
    "junit": _make_junit,
    "github": _make_github,
    "gitlab": _make_gitlab,
    "cyclonedx": _make_cyclonedx,
    "spdx": _make_spdx,
}
"""Made when asked for, so that a JSON report need not import what draws on a terminal."""
