"""The page of a comparison in a real browser."""

import json
from pathlib import Path

import pytest

from layerscope.audit.image_diff import ImageDiff
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.layers.cache import LayerCache
from layerscope.report.context import RenderContext
from layerscope.report.diff.html import render_diff_html
from layerscope.sources.select import select_source
from support.browser import Tab
from support.built_image import BuiltImage, build_image
from support.hostile_texts import ATTACKS
from support.images import write_image
from support.tar_writer import file

TEXTS = [text for name, text in ATTACKS.items() if name != "surrogates"]
NAMES = [text.replace("\0", "").replace("/", "|")[:99] for text in TEXTS]
BEFORE = build_image([[file("opt/kept", b"a"), file("opt/old", b"b" * 50)]])
AFTER = build_image(
    [[file("opt/kept", b"a"), file("opt/new.so.9", b"c" * 900), *(file(f"srv/{name}.txt", b"d") for name in NAMES)]],
    runtime={"Env": [f"A={TEXTS[2]}"], "User": TEXTS[2]},
    history=[{"created_by": f"RUN {text}", "empty_layer": number > 0} for number, text in enumerate(TEXTS)],
)
SHOWN = (
    "[...document.querySelectorAll('#files-table tbody tr')].filter((row) => !row.hidden)"
    ".map((row) => row.cells[2].textContent)"
)


def audit(folder: Path, image: BuiltImage) -> AuditResult:
    """The audit of an image that is written into a folder."""
    write_image(image, folder, "oci-dir")
    options = AuditOptions(cache=LayerCache(folder.with_suffix(".cache"), fingerprint="test", read=False))
    return audit_image(select_source(f"oci-dir:{folder}"), options=options)


CELLS = "[...document.querySelectorAll('#map .cell')]"
TITLES = f"{CELLS}.map((cell) => cell.title)"


def open_page(tab: Tab, folder: Path, before: BuiltImage = BEFORE, after: BuiltImage = AFTER) -> Path:
    """Shows the page of two images from disk, its script having run; returns where it lies."""
    path = folder / "page.html"
    difference = ImageDiff(audit(folder / "before", before), audit(folder / "after", after))
    path.write_text(render_diff_html(difference, RenderContext()), encoding="utf-8")
    tab.open(path)
    tab.wait_for("document.documentElement.dataset.started === 'yes'")
    return path


def check_silence(tab: Tab, path: Path) -> None:
    """The browser complained of nothing, and nothing but the page itself was read."""
    assert tab.complaints == []
    assert tab.dialogs == []
    assert [address.partition("#")[0] for address in tab.requests] == [path.resolve().as_uri()]


GROWN = (
    build_image([[file("opt/kept", b"a"), file("opt/old", b"b" * 20_000), file("usr/lib/a.so", b"c" * 10_000)]]),
    build_image(
        [
            [file("opt/kept", b"a"), file("usr/lib/a.so", b"c" * 50_000)],
            [file("usr/lib/python3/dist-packages/torch/t.so", b"t" * 80_000)],
        ],
        history=[{"created_by": "COPY lib /"}, {"created_by": "RUN pip install torch"}],
    ),
)


def test_the_map_has_a_cell_for_what_grew_and_what_shrank(tab: Tab, tmp_path: Path) -> None:
    """Areas are as the bytes that came and went, and what went is hatched; a click leads into a folder."""
    path = open_page(tab, tmp_path, *GROWN)
    areas = dict(tab.ask(f"{CELLS}.map((cell) => [cell.title.split(' ')[0], cell.offsetWidth * cell.offsetHeight])"))
    assert 1.6 < areas["/usr/lib/python3/dist-packages/torch/t.so"] / areas["/usr/lib/a.so"] < 2.4
    hatched = tab.ask(f"{CELLS}.filter((cell) => cell.querySelector('.waste')?.offsetWidth).map((cell) => cell.title)")
    assert [title for title in hatched if "/opt/old" in title] == ["/opt/old · -20.0 kB · layer A 0: COPY layer-0 /"]
    assert tab.ask("document.querySelector('#list caption').textContent") == "/: +100.0 kB"
    assert "/usr/lib/a.so · +40.0 kB · layer B 0: COPY lib /" in tab.ask(TITLES)
    tab.click("#map .cell.folder")
    assert tab.ask("[...document.querySelectorAll('#crumbs button')].map((each) => each.textContent)")[:2] == [
        "/",
        "usr",
    ]
    tab.press("Escape")
    check_silence(tab, path)


def test_the_map_shows_causes_layers_and_one_side_alone(tab: Tab, tmp_path: Path) -> None:
    """By cause and by layer there is a cell for each; only what grew, or only what shrank, is chosen by a button."""
    path = open_page(tab, tmp_path, *GROWN)
    tops = "[...document.querySelectorAll('#map .layer')].map((cell) => cell.title.split(' · ')[0])"
    tab.click("[data-view=causes]")
    assert tab.ask(tops)[:1] == ["Python package torch"]
    assert {"folder /usr/lib", "folder /opt"} <= set(tab.ask(tops))
    tab.click("[data-view=layers]")
    assert tab.ask(tops) == ["B 1: RUN pip install torch", "B 0: COPY lib /", "A 0: COPY layer-0 /"]
    tab.click("[data-only=shrunk]")
    assert tab.ask(tops) == ["A 0: COPY layer-0 /"]
    tab.click("[data-only=grown]")
    assert tab.ask(tops) == ["B 1: RUN pip install torch", "B 0: COPY lib /"]
    assert tab.ask("document.querySelector('[data-only=grown]').getAttribute('aria-pressed')") == "true"
    tab.click("[data-only=grown]")
    assert len(tab.ask(tops)) == 3
    check_silence(tab, path)


def test_hostile_names_are_text_in_the_map(tab: Tab, tmp_path: Path) -> None:
    """Of files, of causes and of instructions; where nothing grew there is no map."""
    path = open_page(tab, tmp_path)
    for view in ("folders", "causes", "layers"):
        tab.click(f"[data-view={view}]")
        titles = json.dumps(tab.ask(TITLES), ensure_ascii=False)
        assert not any(sign in titles for sign in "\u202e\u2066\u200b\x1b")
        assert not tab.ask("document.querySelectorAll('#sizes script, #sizes img, #sizes iframe').length")
    check_silence(tab, path)
    open_page(tab, tmp_path / "same", BEFORE, BEFORE)
    assert tab.ask("document.getElementById('sizes')") is None


@pytest.mark.parametrize("width", [360, 1500])
def test_the_map_fits_every_width(tab: Tab, tmp_path: Path, width: int) -> None:
    """Nothing sticks out to the side."""
    open_page(tab, tmp_path, *GROWN)
    tab.resize(width, 800)
    tab.ask("new Promise((resolve) => setTimeout(resolve, 300))")
    assert tab.ask("document.documentElement.scrollWidth <= window.innerWidth")


def test_without_scripts_there_is_no_map(tab: Tab, tmp_path: Path) -> None:
    """The tables are there all the same."""
    path = open_page(tab, tmp_path, *GROWN)
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(path)
    text = tab.ask("document.body.innerText")
    assert "RUN pip install torch" in text
    assert "What grew and shrank" not in text


def test_rows_are_chosen_by_words(tab: Tab, tmp_path: Path) -> None:
    """Those that match stay, parts without any go, and nothing of the images runs or is asked for."""
    path = open_page(tab, tmp_path)
    assert {"/opt/old", "/opt/new.so.9"} < set(tab.ask(SHOWN))
    tab.press("/")
    tab.write("opt *.so.9")
    tab.wait_for("document.getElementById('results-count').textContent")
    assert tab.ask(SHOWN) == ["/opt/new.so.9"]
    assert tab.ask("document.getElementById('history').hidden")
    tab.press("Escape")
    tab.wait_for("!document.getElementById('history').hidden")
    check_silence(tab, path)


def test_a_long_value_does_not_widen_the_page(tab: Tab, tmp_path: Path) -> None:
    """On a telephone, a variable that changed is broken into lines."""
    path = tmp_path / "page.html"
    paths = [":".join(f"/{name * 60}" for name in names) for names in ("ab", "ac")]
    images = (build_image([[file("a", b"a")]], runtime={"Env": [f"PATH={each}"]}) for each in paths)
    before, after = (audit(tmp_path / str(number), image) for number, image in enumerate(images))
    path.write_text(render_diff_html(ImageDiff(before, after), RenderContext()), encoding="utf-8")
    tab.open(path, width=360)
    tab.wait_for("document.documentElement.dataset.started === 'yes'")
    assert "PATH" in tab.ask("document.getElementById('risks').textContent")
    assert tab.ask("document.documentElement.scrollWidth <= window.innerWidth")
