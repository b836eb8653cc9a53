"""Tables of contents, from the command line: what `audit` finds out about them, and what `--toc` tells from them."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import SourceError
from layerscope.sources.file_range import FileSlice
from support.registry_server import serve_registry
from support.table_layers import Entries, write_chunked, write_estargz, write_table_layout
from support.tar_writer import directory, file, whiteout

Answer = Callable[..., tuple[int, bytes, str]]

LOWER = (directory("app"), file("app/weights", random.Random(1).randbytes(100_000)), file("app/old", b"old"))
UPPER = (file("app/tool", b"tool", mode=0o755), whiteout("app/old"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of this test's own: what another one read would be known."""
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))


def swap(entries: Entries) -> None:
    """The table leads to another program than the tar holds."""
    entries[0] |= {"digest": "sha256:" + "0b" * 32, "mode": 0o4755}


@pytest.fixture
def sound(tmp_path: Path) -> str:
    """An image of an eStargz and a zstd:chunked layer."""
    return write_table_layout(tmp_path / "sound", [write_estargz(LOWER), write_chunked(UPPER)])


@pytest.fixture
def lying(tmp_path: Path) -> str:
    """The same, with one table that lies."""
    return write_table_layout(tmp_path / "lying", [write_estargz(LOWER), write_chunked(UPPER, swap)])


def audit(answer: Answer, image: str, *options: str) -> list[dict[str, object]]:
    """The findings about tables in the report of an image."""
    _, out, _ = answer("audit", image, "-o", "json", *options)
    return [finding for finding in json.loads(out)["findings"] if finding["code"] == "LAY011"]


def test_an_image_whose_tables_are_true_has_no_finding(answer: Answer, sound: str) -> None:
    """In either form."""
    assert audit(answer, sound) == []


def test_a_table_that_lies_is_a_finding(answer: Answer, lying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the layer is known, and then the table need not be read again."""
    (first,) = audit(answer, lying)
    assert first["severity"] == "high"
    assert "content of /app/tool: 0b0b0b0b0b0b in the table" in str(first["message"])
    assert "mode of /app/tool: 4755 in the table, 0755 in the tar" in str(first["message"])

    def refuse(_self: object, _offset: int, _size: int) -> None:
        raise SourceError("read again")

    monkeypatch.setattr(FileSlice, "open_range", refuse)
    assert audit(answer, lying) == [first]


def test_a_table_that_cannot_be_read_again_is_a_gap(
    answer: Answer, lying: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No finding, and said what was not done."""

    def refuse(_self: object, _offset: int, _size: int) -> None:
        raise SourceError("the disk is gone")

    monkeypatch.setattr(FileSlice, "open_range", refuse)
    _, out, _ = answer("audit", lying, "-o", "json")
    report = json.loads(out)
    assert [gap["why"] for gap in report["gaps"] if "table" in gap["what"]] == ["the disk is gone"] * 2
    assert not [finding for finding in report["findings"] if finding["code"] == "LAY011"]


def test_tree_and_layers_tell_from_tables_what_the_tars_hold(answer: Answer, sound: str) -> None:
    """The files are the same ones; said that nothing of them was proved, and nothing of it is kept."""
    code, told, warnings = answer("tree", sound, "--toc", "--long")
    assert code == 0
    assert "warning: layers 0, 1 of" in warnings
    assert "told from the table of contents alone" in warnings
    code, layers, _ = answer("layers", sound, "--toc", "-o", "json")
    assert code == 0
    described = json.loads(layers)["layers"]
    assert [(each["proof"], each["verified"], each["entries"]) for each in described] == [
        ("table", False, 3),
        ("table", False, 2),
    ]
    code, read, warnings = answer("tree", sound, "--long")
    assert (code, warnings) == (0, "")
    assert b"as tables of contents tell it, nothing proved" in told.splitlines()[0]
    assert json.loads(answer("tree", sound, "-o", "json")[1])["layers_told_by_table"] == []
    assert [line.split() for line in read.splitlines() if b"index.json" not in line][-3:-1] == [
        line.split() for line in told.splitlines()
    ][-3:-1]


def test_layers_says_what_is_not_proved(answer: Answer, sound: str) -> None:
    """For a person."""
    _, out, _ = answer("layers", sound, "--toc")
    assert "? is told from its table of contents; nothing else was read" in out.decode()


@pytest.mark.usefixtures("sound")
def test_a_registry_is_asked_for_the_tables_alone(answer: Answer, tmp_path: Path) -> None:
    """As long as a layer is not known: what was read once is told as it was read."""
    with serve_registry() as registry:
        registry.add_layout(tmp_path / "sound")
        image = f"registry:{registry.address}/team/image:1"
        whole = sum(len(blob) for blob in registry.blobs.values() if not blob.startswith(b"{"))
        code, _, warnings = answer("tree", image, "--toc")
        assert (code, "told from the table" in warnings) == (0, True)
        assert registry.sent < whole / 2
        registry.sent = 0
        answer("audit", image)
        assert registry.sent > whole
        code, _, warnings = answer("tree", image, "--toc")
        assert (code, warnings) == (0, "")
