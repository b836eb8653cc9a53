"""A browser for tests of pages; on Debian: apt-get install chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.html.html_format import HtmlFormat
from support.browser import Tab, find_browser, start_browser

Opener = Callable[[AuditResult], Tab]

STARTED: Final = "document.documentElement.dataset.started === 'yes'"


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    """An empty page in a browser of its own."""
    program = find_browser()
    if program is None:
        pytest.skip("needs chromium, google-chrome or chromium-browser on the PATH")
    with start_browser(program, tmp_path / "profile") as page:
        yield page


@pytest.fixture
def open_page(tab: Tab, tmp_path: Path) -> Opener:
    """Shows the page of a result from disk, its script having run: `open_page(result)`."""

    def show(result: AuditResult) -> Tab:
        path = tmp_path / "page.html"
        path.write_text(HtmlFormat().render(result, RenderContext(exit_code=1)), encoding="utf-8")
        tab.open(path)
        tab.wait_for(STARTED)
        return tab

    return show
