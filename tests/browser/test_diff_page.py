"""The page of a comparison in a real browser."""

from pathlib import Path

from layerscope.audit.image_diff import ImageDiff
from layerscope.report.context import RenderContext
from layerscope.report.diff.html import render_diff_html
from support.browser import Tab
from support.hostile_texts import ATTACKS
from support.results import ResultRecipe, make_result
from support.tar_writer import file

PATHS = [text for name, text in ATTACKS.items() if name != "surrogates"]
BEFORE = ResultRecipe(layers=[[file("opt/kept", b"a")], [file("opt/old", b"b" * 50)]], instructions=["ADD a", "COPY b"])
AFTER = ResultRecipe(
    layers=[
        [file("opt/kept", b"a")],
        [
            file("opt/new.so.9", b"c" * 900),
            *(file(f"srv/{text.replace(chr(0), '')[:99]}", b"d") for text in PATHS),
        ],
    ],
    instructions=["ADD a", ATTACKS["html"]],
)
SHOWN = (
    "[...document.querySelectorAll('#files-table tbody tr')].filter((row) => !row.hidden)"
    ".map((row) => row.cells[2].textContent)"
)


def test_rows_are_chosen_by_words(tab: Tab, tmp_path: Path) -> None:
    """Those that match stay, parts without any go, and nothing of the images runs or is asked for."""
    path = tmp_path / "page.html"
    path.write_text(render_diff_html(ImageDiff(make_result(BEFORE), make_result(AFTER)), RenderContext()))
    tab.open(path)
    tab.wait_for("document.documentElement.dataset.started === 'yes'")
    assert {"/opt/old", "/opt/new.so.9"} < set(tab.ask(SHOWN))
    tab.press("/")
    tab.write("opt *.so.9")
    tab.wait_for("document.getElementById('results-count').textContent")
    assert tab.ask(SHOWN) == ["/opt/new.so.9"]
    assert tab.ask("document.getElementById('history').hidden")
    tab.press("Escape")
    tab.wait_for("!document.getElementById('history').hidden")
    assert tab.complaints == []
    assert tab.dialogs == []
    assert [address.partition("#")[0] for address in tab.requests] == [path.resolve().as_uri()]
