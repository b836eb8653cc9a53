"""Layers and archives that are packed with xz and bzip2, from end to end."""

import bz2
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.archives import pack, saved
from support.compression import Packing, compress
from support.tar_writer import file, write_tar

Run = Callable[..., Any]
ImageWriter = Callable[[str, str], Path]
Compress = Callable[[bytes], bytes]
TAR = write_tar([file("one", b"1" * 1000), file("two", bytes(range(256)) * 3000)])


@pytest.fixture
def image(fixture_image: ImageWriter) -> Path:
    """An image of such layers, in one stream and in many."""
    return fixture_image("unspecified-compression", "oci-dir")


def test_an_audit_proves_every_layer_and_names_it_once(ask: Run, image: Path) -> None:
    """Whatever their media types say."""
    report = json.loads(ask("audit", image, "-o", "json").out)
    assert [layer["verified"] for layer in report["layers"]] == [True] * 5
    named = [place["layer"] for each in report["findings"] for place in each["locations"] if each["code"] == "LAY012"]
    assert named == [0, 1, 2, 3, 4]
    codes = {each["code"] for each in report["findings"]}
    assert not codes & {"LAY001", "LAY002", "LAY003", "LAY004", "LAY005", "LAY006"}


def test_a_second_audit_reads_nothing_and_says_the_same(ask: Run, image: Path) -> None:
    """The cache keeps how a layer is stored."""
    first, second = (json.loads(ask("audit", image, "-o", "json").out) for _ in range(2))
    assert first["findings"] == second["findings"]


def test_files_are_listed_written_out_and_extracted(ask: Run, image: Path, tmp_path: Path) -> None:
    """From any of the layers."""
    listed = json.loads(ask("tree", image, "-o", "json").out)
    assert [each["path"] for each in listed["entries"]] == ["/bzip2", "/bzip2-streams", "/xz-streams"]
    assert ask("extract", image, "/xz-streams", "--directory", f"{tmp_path}/out/").code == 0
    (written,) = (tmp_path / "out").rglob("xz-streams")
    assert written.stat().st_size == 250_000


def test_a_new_image_has_media_types_that_are_true(ask: Run, image: Path, tmp_path: Path) -> None:
    """The tars stay, and no finding is left."""
    answer = ask("fix", image, "--apply", "--layers", "--drop", "/bzip2", "--to", f"oci-dir:{tmp_path}/fixed")
    assert answer.code == 0, answer.err
    report = json.loads(ask("audit", f"oci-dir:{tmp_path}/fixed", "-o", "json").out)
    assert not {each["code"] for each in report["findings"]} & {"LAY006", "LAY012"}
    blobs = [path.read_bytes() for path in (tmp_path / "fixed" / "blobs" / "sha256").iterdir()]
    documents = [json.loads(content) for content in blobs if content.startswith(b"{")]
    (manifest,) = (each for each in documents if "layers" in each)
    types = {layer["mediaType"] for layer in manifest["layers"]}
    assert types == {"application/vnd.oci.image.layer.v1.tar+gzip"}


def test_a_comparison_finds_how_it_is_packed_alone(ask: Run, image: Path, tmp_path: Path) -> None:
    """The files are the same."""
    made = ask("fix", image, "--apply", "--layers", "--compress", "zstd", "--to", f"oci-dir:{tmp_path}/fixed")
    assert made.code == 0, made.err
    told = ask("diff", image, f"oci-dir:{tmp_path}/fixed").out
    assert "files" in told.partition("the same")[2].partition("\n")[0]
    assert "5 fixed" in told


@pytest.mark.parametrize("packing", [Packing.XZ, Packing.BZIP2])
def test_a_cut_layer_is_exit_code_4_with_the_layer_named(ask: Run, tmp_path: Path, packing: Packing) -> None:
    """As with gzip."""
    whole = compress(TAR, packing)
    archive = tmp_path / "image.tar"
    archive.write_bytes(pack(saved({"one/layer.tar": whole[: len(whole) // 2]})))
    answer = ask("audit", archive, "-o", "json")
    (finding,) = (each for each in json.loads(answer.out)["findings"] if each["code"] == "LAY004")
    assert answer.code == 4
    assert f"(truncated): {packing}: the stream ends inside a compressed frame" in finding["message"]
    assert [place["layer"] for place in finding["locations"]] == [0]


@pytest.mark.parametrize("squeeze", [lzma.compress, bz2.compress], ids=["xz", "bzip2"])
def test_an_archive_that_is_packed_as_a_whole_is_the_archive(ask: Run, tmp_path: Path, squeeze: Compress) -> None:
    """As a file and on standard input."""
    content = pack(saved({"one/layer.tar": TAR}))
    (tmp_path / "plain.tar").write_bytes(content)
    packed = tmp_path / "packed"
    packed.write_bytes(squeeze(content))
    plain = ask("layers", tmp_path / "plain.tar", "-o", "json")
    as_file = ask("layers", packed, "-o", "json")
    with packed.open("rb") as stream:
        passing = ask("layers", "-", "-o", "json", stdin=stream)
    layers = [json.loads(answer.out)["layers"] for answer in (plain, as_file, passing)]
    assert layers[0] == layers[1] == layers[2] != []
    assert ask("cat", packed, "/one").out == "1" * 1000
