"""Reading ahead helps a slow disk and changes nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.sources import read_ahead
from layerscope.sources.read_ahead import BATCHES_AHEAD, ReadAhead
from layerscope.sources.tar_split import FILE, Record, TarSplit
from layerscope.sources.tar_split_stream import TarSplitStream
from support.archives import drain
from support.engine_storage import iter_records, pack_records, unpack_layer
from support.tar_writer import file, write_tar


def batches(count: int) -> Iterator[list[Record]]:
    """Batches of one file each, of which none exists."""
    return iter([[Record(FILE, f"none/{number}", size=1)] for number in range(count)])


def test_nothing_starts_while_files_are_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is handed on before the next one is asked for."""
    monkeypatch.setattr(read_ahead, "_count_blocks", lambda: 0)
    source = batches(3)
    ahead = ReadAhead(tmp_path)
    following = ahead.follow(source)
    next(following)
    assert len(list(source)) == 2
    ahead.close()


def test_a_slow_disk_is_asked_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a batch waited for the disk, the next ones are asked for before the reader comes to them."""
    blocks = iter(range(0, 1_000_000, read_ahead.MANY_BLOCKS))
    monkeypatch.setattr(read_ahead, "_count_blocks", lambda: next(blocks))
    source = batches(20)
    ahead = ReadAhead(tmp_path)
    following = ahead.follow(source)
    first = [next(following), next(following)]
    left = len(list(source))
    assert [record.name for batch in [*first, *following] for record in batch] == [
        f"none/{number}" for number in range(20 - left)
    ]
    assert left == 20 - 2 - BATCHES_AHEAD
    ahead.close()


def test_a_layer_read_ahead_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every byte comes in its place, and files that are missing are named by the reader, not by its helpers."""
    monkeypatch.setattr(read_ahead, "MANY_BLOCKS", 0)
    members = [file(f"folder-{number % 7}/file-{number}", b"%d" % number * 100) for number in range(3000)]
    tar = write_tar(members)
    unpack_layer(tar, tmp_path / "diff")
    (tmp_path / "records.gz").write_bytes(pack_records(iter_records(tar)))
    records = TarSplit.find(tmp_path / "records.gz")
    assert records is not None
    assert drain(TarSplitStream(records, tmp_path / "diff", what="layer"), 1 << 20) == tar
