"""Layouts that lead out of themselves: whoever hands one around chooses no file of the reader's host."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli.main import run
from support.archives import TINY_LAYER, LayoutBuilder, blob_path
from support.built_image import digest_of

SECRET: Final = "what only the host should know"
LAYER: Final = blob_path(digest_of(TINY_LAYER))


def link(name: str) -> Callable[[Path], None]:
    """Puts a link to a file or folder of the host in the place of a part."""

    def act(layout: Path) -> None:
        outside = layout.parent / "outside"
        (layout / name).rename(outside)
        if outside.is_file():
            outside.write_text(SECRET)
        (layout / name).symlink_to(outside)

    return act


def replace_by_pipe(layout: Path) -> None:
    """Nobody ever writes to it."""
    (layout / LAYER).unlink()
    os.mkfifo(layout / LAYER)


def replace_by_folder(layout: Path) -> None:
    """It cannot be read."""
    (layout / LAYER).unlink()
    (layout / LAYER).mkdir()


CASES: Final = {
    "index": (link("index.json"), "a link or no file"),
    "version": (link("oci-layout"), "a link or no file"),
    "blobs": (link("blobs"), "a link or no file"),
    "algorithm": (link("blobs/sha256"), "a link or no file"),
    "layer": (link(LAYER), "a link or no file"),
    "pipe": (replace_by_pipe, "expected a regular file"),
    "folder": (replace_by_folder, "expected a regular file"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_layout_leads_nowhere_else(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Exit code 4, the place, and nothing of what lies there."""
    act, words = CASES[name]
    layout = LayoutBuilder()
    folder = layout.list(layout.image()).write(tmp_path / "layout")
    act(folder)
    assert run(["audit", f"oci-dir:{folder}", "--cache-dir", str(tmp_path / "cache"), "--jobs", "1"]) == 4
    said = capfd.readouterr()
    assert words in said.err
    assert SECRET not in said.err + said.out
    assert "Traceback" not in said.err
