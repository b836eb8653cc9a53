"""tar-split records are read in order, and damage to them is an error of the layer."""

from pathlib import Path

import pytest

from layerscope.errors import LayerDamageError
from layerscope.sources.tar_split import FILE, SEGMENT, Record, TarSplit
from support.engine_storage import file_entry, pack_records, segment


def read(path: Path) -> list[Record]:
    """All records of a file."""
    found = TarSplit.find(path)
    assert found is not None
    return [record for batch in found.iter_batches() for record in batch]


def test_records_come_in_order(tmp_path: Path) -> None:
    """Segments carry bytes, files a name and a size."""
    path = tmp_path / "records.gz"
    path.write_bytes(pack_records([segment(b"header"), file_entry("etc/a", 3), segment(b"")]))
    first, second, third = read(path)
    assert (first.type, first.payload) == (SEGMENT, b"header")
    assert (second.type, second.path, second.size) == (FILE, b"etc/a", 3)
    assert third.payload == b""


@pytest.mark.parametrize("name", ["grüße <&>\n", "na\udcefve", "\u2028"])
def test_names_come_back_as_the_tar_spelt_them(tmp_path: Path, name: str) -> None:
    """Whatever JSON had to escape, and bytes that it cannot hold."""
    path = tmp_path / "records.gz"
    path.write_bytes(pack_records([file_entry(name, 1)]))
    assert read(path)[0].path == name.encode("utf-8", "surrogateescape")


def test_many_records_are_read_in_batches(tmp_path: Path) -> None:
    """Batches end where lines end, and nothing is lost between them."""
    path = tmp_path / "records.gz"
    path.write_bytes(pack_records([file_entry(f"folder/{number}", number + 1) for number in range(20_000)]))
    found = TarSplit.find(path)
    assert found is not None
    batches = list(found.iter_batches())
    assert len(batches) > 2
    assert [record.size for batch in batches for record in batch] == list(range(1, 20_001))


def test_a_record_larger_than_a_batch_is_whole(tmp_path: Path) -> None:
    """Long extended headers make long lines."""
    path = tmp_path / "records.gz"
    path.write_bytes(pack_records([segment(b"h" * 1_000_000), segment(b"t")]))
    assert [len(record.payload or b"") for record in read(path)] == [1_000_000, 1]


def test_no_records_are_no_error(tmp_path: Path) -> None:
    """Their absence is for the caller to judge."""
    assert TarSplit.find(tmp_path / "none.gz") is None


@pytest.mark.parametrize(
    "content",
    [
        b"not gzip",
        pack_records([segment(b"header")])[:-9],
        pack_records([{"type": "file"}]),
        pack_records([{"type": 2, "payload": "no base64!"}]),
    ],
    ids=["no gzip", "cut", "wrong type", "wrong payload"],
)
def test_damaged_records_are_damage_of_the_layer(tmp_path: Path, content: bytes) -> None:
    """The error names the file that holds them."""
    path = tmp_path / "records.gz"
    path.write_bytes(content)
    with pytest.raises(LayerDamageError, match=r"reading the tar-split records .*records\.gz"):
        read(path)


def test_the_bytes_in_headers_are_estimated(tmp_path: Path) -> None:
    """Close enough for a progress bar, without reading the records."""
    path = tmp_path / "records.gz"
    records = [record for number in range(500) for record in (segment(bytes(750)), file_entry(f"usr/{number}", 9))]
    path.write_bytes(pack_records(records))
    found = TarSplit.find(path)
    assert found is not None
    assert found.estimate_headers() == pytest.approx(500 * 750, rel=0.1)
