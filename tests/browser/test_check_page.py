"""The page of a check in a real browser."""

import contextlib
from pathlib import Path

from layerscope.cli.main import run
from support.browser import Tab
from support.built_image import build_image
from support.hostile_texts import ATTACKS
from support.images import write_image
from support.tar_writer import file

TEXTS = [text for name, text in ATTACKS.items() if name != "surrogates"]
NAMES = [text.replace("\0", "").replace("/", "|")[:99] for text in TEXTS]
SECRET = b"machine example.org login me password Zt7pWq4hYd2k\n"
HOSTILE = build_image(
    [[file(f"srv/{name}/.netrc", SECRET) for name in NAMES]],
    runtime={"Env": [f"A={TEXTS[2]}"], "User": TEXTS[2]},
    history=[{"created_by": f"RUN {text}", "empty_layer": number > 0} for number, text in enumerate(TEXTS)],
)
SHOWN = "[...document.querySelectorAll('#limits-table tbody tr')].filter((row) => !row.hidden).length"


def test_rows_are_chosen_by_words(tab: Tab, tmp_path: Path) -> None:
    """Those that match stay, parts without any go, and nothing of the images runs or is asked for."""
    path = tmp_path / "page.html"
    write_image(HOSTILE, tmp_path / "hostile", "oci-dir")
    write_image(build_image([[file("opt/kept", b"a")]]), tmp_path / "good", "oci-dir")
    images = [f"oci-dir:{tmp_path / name}" for name in ("hostile", "good")]
    limits = ("--max-layers", "9", "--max-size", "1GB", "--cache-dir", str(tmp_path / "cache"))
    assert run(["check", *images, *limits, "-o", f"html={path}"]) == 1
    tab.open(path)
    tab.wait_for("document.documentElement.dataset.started === 'yes'")
    assert tab.ask(SHOWN) == 4
    tab.press("/")
    tab.write("max-layers good")
    tab.wait_for("document.getElementById('results-count').textContent")
    assert tab.ask(SHOWN) == 1
    assert tab.ask("document.getElementById('findings').hidden")
    tab.press("Escape")
    tab.wait_for("!document.getElementById('findings').hidden")
    assert tab.complaints == []
    assert tab.dialogs == []
    assert [address.partition("#")[0] for address in tab.requests] == [path.resolve().as_uri()]


def test_names_stay_in_one_piece(tab: Tab, tmp_path: Path) -> None:
    """Images, limits and rules, on a page of any width; no column is empty."""
    path = tmp_path / "page.html"
    write_image(build_image([[file("opt/.netrc", SECRET)]]), tmp_path / "a-long-name-of-an-image", "oci-dir")
    image = "oci-dir:a-long-name-of-an-image"
    limits = ("--max-layers", "9", "--min-efficiency", "90%", "--cache-dir", str(tmp_path / "cache"))
    with contextlib.chdir(tmp_path):
        assert run(["check", image, *limits, "-o", f"html={path}"]) == 1
    tab.open(path)
    tab.wait_for("document.documentElement.dataset.started === 'yes'")
    names = tab.ask("[...document.querySelectorAll('td code.name')].map((name) => name.textContent)")
    assert {image, "max-layers", "CONF011", "secret-in-layer"} <= set(names)
    assert tab.ask("[...document.querySelectorAll('code.name')].every((name) => name.getClientRects().length === 1)")
    heads = tab.ask("[...document.querySelectorAll('#limits-table th')].map((head) => head.textContent)")
    assert heads == ["image", "limit", "found", "allowed"]
