"""The page of a check in a real browser."""

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
