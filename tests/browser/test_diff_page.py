"""The page of a comparison in a real browser."""

from pathlib import Path

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


def test_rows_are_chosen_by_words(tab: Tab, tmp_path: Path) -> None:
    """Those that match stay, parts without any go, and nothing of the images runs or is asked for."""
    path = tmp_path / "page.html"
    difference = ImageDiff(audit(tmp_path / "before", BEFORE), audit(tmp_path / "after", AFTER))
    path.write_text(render_diff_html(difference, RenderContext()), encoding="utf-8")
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
