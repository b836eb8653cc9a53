"""The HTML page in a real browser, opened from disk: the map, the search, the findings, and that nothing goes out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.html.html_format import HtmlFormat
from layerscope.rules.severity import Severity
from support.browser import Tab
from support.example_packages import make_distribution
from support.hostile_texts import ATTACKS, make_hostile
from support.results import ResultRecipe, make_finding, make_result
from support.tar_writer import directory, file, whiteout

Opener = Callable[[AuditResult], Tab]

RECIPE = ResultRecipe(
    layers=[
        [directory("usr"), file("usr/lib/libcudnn.so.9", b"a" * 60_000), file("usr/lib/libm.so.6", b"b" * 20_000)],
        [file("srv/models/a.safetensors", b"c" * 30_000), file("srv/models/b.safetensors", b"d" * 10_000)],
        [whiteout("srv/models/a.safetensors"), file("etc/conf", b"e" * 100)],
    ],
    instructions=["ADD rootfs.tar /", "COPY models /srv/models", "RUN rm /srv/models/a.safetensors"],
    findings=[
        make_finding("LAY101", (1, "srv/models/a.safetensors"), message="Deleted later", severity=Severity.HIGH),
        make_finding("CONF001", rule="root-user", message="Nobody is named", severity=Severity.LOW),
    ],
    facts=[make_distribution("torch", "torch", "2.9.1")],
)
CELLS = "[...document.querySelectorAll('#map .cell')]"
NAMES = f"{CELLS}.map((cell) => (cell.querySelector('.name') || cell).textContent)"
FOCUSED = "document.activeElement.title"


def list_crumbs(tab: Tab) -> Any:
    """Where in the map one is."""
    return tab.ask("[...document.querySelectorAll('#crumbs button')].map((each) => each.textContent)")


def search(tab: Tab, text: str) -> Any:
    """What the page lists for a search, by group."""
    tab.press("/")
    tab.ask("document.getElementById('search').select()")
    tab.write(text)
    tab.ask("new Promise((resolve) => setTimeout(resolve, 400))")
    return tab.ask(
        "document.getElementById('results').hidden ? null : Object.fromEntries("
        "[...document.querySelectorAll('#results-list > div')].map((group) => [group.querySelector('h3').textContent,"
        "[...group.querySelectorAll('li > :first-child')].map((each) => each.textContent)]))"
    )


def check_silence(tab: Tab) -> None:
    """The browser complained of nothing, nobody was asked, and nothing but the page itself was read."""
    assert tab.complaints == []
    assert tab.dialogs == []
    assert {address.partition("#")[0].rpartition("/")[2] for address in tab.requests} == {"page.html"}
    assert all(address.startswith("file:///") for address in tab.requests)


def test_the_map_has_a_cell_for_each_file_as_large_as_its_bytes(open_page: Opener) -> None:
    """Within the edges of cells, areas are as sizes; wasted bytes are hatched."""
    tab = open_page(make_result(RECIPE))
    assert {"libcudnn.so.9", "libm.so.6", "a.safetensors", "b.safetensors"} <= set(tab.ask(NAMES))
    areas = tab.ask(f"{CELLS}.map((cell) => [cell.title.split(' ')[0], cell.offsetWidth * cell.offsetHeight])")
    found = dict(areas)
    assert 2.5 < found["/usr/lib/libcudnn.so.9"] / found["/usr/lib/libm.so.6"] < 3.5
    hatched = tab.ask(f"{CELLS}.filter((cell) => cell.querySelector('.waste')?.offsetWidth).map((cell) => cell.title)")
    assert hatched == [
        "/srv/models/a.safetensors · 30.0 kB · 25.0% · layer 1 · 30.0 kB wasted · layer 1: removed by layer 2"
    ]
    check_silence(tab)


def test_a_click_goes_into_a_folder_and_a_crumb_out_of_it(open_page: Opener) -> None:
    """The map, the list and the place above them follow."""
    tab = open_page(make_result(RECIPE))
    assert list_crumbs(tab) == ["/"]
    tab.click("#map .cell.folder")
    assert list_crumbs(tab) == ["/", "usr", "lib"]
    assert tab.ask(NAMES) == ["libcudnn.so.9", "libm.so.6"]
    assert "libm.so.6" in tab.ask("document.getElementById('list').textContent")
    tab.click("#crumbs button")
    assert list_crumbs(tab) == ["/"]
    check_silence(tab)


def test_the_map_is_walked_by_keys(open_page: Opener) -> None:
    """Arrows move, Enter goes in, Escape comes out to the cell that one went into; one cell alone is a tab stop."""
    tab = open_page(make_result(RECIPE))
    assert tab.ask(f"{CELLS}.filter((cell) => cell.tabIndex === 0).length") == 1
    tab.ask("document.querySelector('#map .cell').focus()")
    assert tab.ask(FOCUSED).startswith("/usr ")
    tab.press("ArrowRight")
    assert tab.ask(FOCUSED).startswith("/srv ")
    tab.press("ArrowDown")
    assert tab.ask(FOCUSED).startswith("/srv/models/a.safetensors ")
    tab.press("ArrowUp")
    tab.press("Enter")
    assert list_crumbs(tab) == ["/", "srv", "models"]
    assert tab.ask(FOCUSED).startswith("/srv/models/a.safetensors ")
    tab.press("Escape")
    assert (list_crumbs(tab), tab.ask(FOCUSED)[:5]) == (["/"], "/srv ")
    check_silence(tab)


def test_the_map_shows_layers_and_what_is_wasted(open_page: Opener) -> None:
    """By layer, each has a cell with its instruction; the wasted bytes alone are those of the deleted file."""
    tab = open_page(make_result(RECIPE))
    tab.click("[data-view=layers]")
    tops = tab.ask("[...document.querySelectorAll('#map .layer')].map((cell) => cell.title.split(' · ')[0])")
    assert tops[:2] == ["layer 0: ADD rootfs.tar /", "layer 1: COPY models /srv/models"]
    tab.click("#only-wasted")
    assert tab.ask(
        f"{CELLS}.filter((cell) => cell.className.includes('file')).map((cell) => cell.title.split(' ')[0])"
    ) == ["/srv/models/a.safetensors"]
    assert "30.0 kB" in tab.ask("document.querySelector('#list caption').textContent")
    check_silence(tab)


def test_the_search_finds_paths_packages_findings_and_layers(open_page: Opener) -> None:
    """All words must occur, signs stand for others, and what is found can be shown in the map."""
    tab = open_page(make_result(RECIPE))
    assert search(tab, "cudnn *.so.9") == {"Paths": ["/usr/lib/libcudnn.so.9"]}
    tab.click("#results button")
    assert list_crumbs(tab) == ["/", "usr", "lib"]
    assert tab.ask(FOCUSED).startswith("/usr/lib/libcudnn.so.9 ")
    assert search(tab, "torch") == {"Packages": ["torch 2.9.1"]}
    assert search(tab, "a.safetensors") == {
        "Findings": ["LAY101 deleted-in-later-layer: Deleted later"],
        "Layers": ["2: RUN rm /srv/models/a.safetensors"],
        "Paths": ["/srv/models/a.safetensors"],
    }
    assert search(tab, "no such thing") == {}
    tab.press("Escape")
    tab.wait_for("document.getElementById('results').hidden")
    check_silence(tab)


NUMBERS = ResultRecipe(
    layers=[
        [
            file("s99", b"a" * 30_000),
            file("s990", b"b" * 35_000),
            file("opt/big", b"c" * 40_000),
            file("opt/a", b"d" * 900),
        ],
        *([file(f"srv/{number}", b"e" * 100)] for number in range(1, 1_001)),
        [whiteout("opt/big")],
    ],
    instructions=["COPY . /"] * 1_002,
    findings=[make_finding("LAY101", message=f"{number}", severity=Severity.HIGH) for number in range(1_002)],
)
"""More layers than colours, more findings than a page needs commas for, and names that are in others."""


def test_what_has_the_name_comes_first_and_enter_leads_to_it(open_page: Opener) -> None:
    """Before larger files whose names have it within; a second Enter shows it in the map."""
    tab = open_page(make_result(NUMBERS))
    assert search(tab, "s99")["Paths"] == ["/s99", "/s990"]
    tab.press("Enter")
    assert tab.ask("document.activeElement.closest('#results-list') && document.activeElement.textContent") == "/s99"
    tab.press("Enter")
    assert tab.ask(FOCUSED).startswith("/s99 ")
    assert search(tab, "no such thing") == {}
    tab.press("Enter")
    assert tab.ask("document.activeElement.id") == "search"
    check_silence(tab)


def test_counts_have_commas_and_the_legend_goes_to_the_last_layer(open_page: Opener) -> None:
    """A thousand and two findings, and as many layers."""
    tab = open_page(make_result(NUMBERS))
    assert "1,002 high" in tab.ask("document.querySelector('.verdict').textContent")
    assert tab.ask("document.querySelector('#findings button').textContent") == "high 1,002"
    tab.click("#findings button")
    assert tab.ask("document.getElementById('finding-count').textContent") == "0 of 1,002 findings shown"
    legend = tab.ask("document.getElementById('legend').lastChild.textContent")
    assert legend == "layers 10 to 1,001: the same colours again, from the first on"
    check_silence(tab)


def test_enter_goes_to_the_largest_of_a_folder(open_page: Opener) -> None:
    """Not to the first by name."""
    tab = open_page(make_result(NUMBERS))
    tab.ask(f"{CELLS}.find((cell) => cell.title.startsWith('/opt ')).focus()")
    tab.press("Enter")
    assert tab.ask(FOCUSED).startswith("/opt/big ")
    check_silence(tab)


def test_a_name_is_read_over_hatched_bytes(open_page: Opener) -> None:
    """It stands on the colour of its cell alone; what is wasted is seen beside it."""
    tab = open_page(make_result(NUMBERS))
    tab.ask(f"window.hatched = {CELLS}.find((cell) => cell.title.startsWith('/opt/big '))")
    colors = tab.ask("[hatched.querySelector('.name'), hatched].map((each) => getComputedStyle(each).backgroundColor)")
    assert colors[0] == colors[1]
    assert tab.ask("hatched.querySelector('.name').offsetWidth < hatched.querySelector('.waste').offsetWidth")
    check_silence(tab)


def test_findings_are_chosen_by_severity_and_word(open_page: Opener) -> None:
    """What is hidden is counted, and comes back where a search leads to it."""
    tab = open_page(make_result(RECIPE))
    shown = "[...document.querySelectorAll('#findings article')].filter((each) => !each.hidden).map((each) => each.id)"
    tab.click("#findings button[data-severity=high]")
    assert tab.ask(shown) == ["finding-1"]
    assert tab.ask("document.getElementById('finding-count').textContent") == "1 of 2 findings shown"
    search(tab, "deleted later")
    tab.click("#results a")
    assert tab.ask(shown) == ["finding-0", "finding-1"]
    tab.ask("document.getElementById('finding-filter').focus()")
    tab.write("nobody")
    assert tab.ask(shown) == ["finding-1"]
    check_silence(tab)


def test_a_finding_leads_to_its_rule(open_page: Opener) -> None:
    """The documentation, folded away until then, is open and in sight."""
    tab = open_page(make_result(RECIPE))
    assert not tab.ask("document.querySelector('#rules details').open")
    tab.click("#finding-0 h3 a")
    tab.wait_for("document.getElementById('rule-LAY101').offsetHeight > 100")
    assert "Blind spots" in tab.ask("document.getElementById('rule-LAY101').textContent")
    check_silence(tab)


@pytest.mark.parametrize("width", [360, 900, 2400])
def test_the_page_fits_every_width(width: int, open_page: Opener) -> None:
    """Nothing sticks out to the side, and the map is drawn anew for the room that it has."""
    tab = open_page(make_result(RECIPE))
    tab.resize(width, 800)
    tab.ask("new Promise((resolve) => setTimeout(resolve, 300))")
    assert tab.ask("document.documentElement.scrollWidth <= window.innerWidth")
    assert tab.ask(
        f"Math.max(...{CELLS}.map((cell) => cell.offsetLeft + cell.offsetWidth)) "
        "<= document.getElementById('map').clientWidth"
    )
    check_silence(tab)


def test_without_scripts_the_tables_are_there(tab: Tab, tmp_path: Path) -> None:
    """Findings and layers are in sight; what needs the script is not."""
    path = tmp_path / "page.html"
    path.write_text(HtmlFormat().render(make_result(RECIPE), RenderContext()), encoding="utf-8")
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(path)
    text = tab.ask("document.body.innerText")
    assert "Deleted later" in text
    assert "COPY models /srv/models" in text
    assert "Search" not in text
    assert "Where the bytes are" not in text


def test_nothing_of_a_hostile_image_runs(open_page: Opener) -> None:
    """Whatever its texts are, in the page and in what the script writes, they are text and no page is asked for."""
    for text in ATTACKS.values():
        tab = open_page(make_hostile(text))
        search(tab, text.split()[0] if text.split() else "x")
        for name in ("folders", "layers"):
            tab.click(f"[data-view={name}]")
        kinds = tab.ask("[...new Set([...document.querySelectorAll('main *, header *')].map((each) => each.tagName))]")
        assert not {"SCRIPT", "IMG", "IFRAME", "OBJECT", "FORM", "LINK"} & set(kinds)
        assert tab.ask("document.querySelectorAll('script').length") == 2
    check_silence(tab)


def test_hostile_paths_are_text_in_the_map(open_page: Opener) -> None:
    """Names of files and folders go through the script; a name that no runtime could write is no exception."""
    names = [text.replace("\0", "")[:200] for name, text in ATTACKS.items() if name not in {"surrogates", "long"}]
    members = [file(f"srv/{name}", b"x" * 1000 * number) for number, name in enumerate(names, start=1) if name.strip()]
    tab = open_page(make_result(ResultRecipe(layers=[members], instructions=names[:1])))
    titles = tab.ask(f"{CELLS}.map((cell) => cell.title)")
    assert any("<script>alert(1)<" in title for title in titles)
    assert not any(sign in json.dumps(titles, ensure_ascii=False) for sign in "\u202e\u2066\u200b\x1b")
    check_silence(tab)


def test_the_policy_stops_what_would_be_in_a_page_by_mistake(tab: Tab, tmp_path: Path) -> None:
    """A script, a style and addresses that were slipped in: the browser refuses them, and says so."""
    path = tmp_path / "page.html"
    text = HtmlFormat().render(make_result(RECIPE), RenderContext())
    slipped = (
        "<script>alert(1)</script><p style='color: red' onclick='alert(2)'>x</p><img src='http://127.0.0.1:9/a.png'>"
        "<script src='http://127.0.0.1:9/b.js'></script><script>fetch('http://127.0.0.1:9/c')</script>"
    )
    path.write_text(text.replace("</main>", f"{slipped}</main>"), encoding="utf-8")
    tab.open(path)
    assert tab.dialogs == []
    assert len([each for each in tab.complaints if "Content Security Policy" in each]) >= 5
    assert not [each for each in tab.requests if each.startswith("http") and each.endswith("/c")]
