"""A layer is put together again exactly as it came, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.errors import LayerDamageError
from layerscope.sources.tar_split import TarSplit
from layerscope.sources.tar_split_stream import LARGE_READ, PIECE, TarSplitStream
from support.archives import drain
from support.engine_storage import file_entry, iter_records, pack_records, segment, unpack_layer
from support.tar_writer import (
    GNU,
    PAX,
    Dialect,
    directory,
    file,
    hardlink,
    symlink,
    write_global_header,
    write_tar,
)

MEMBERS = (
    directory("etc"),
    file("etc/empty"),
    file("etc/one", b"1"),
    file("etc/whole-block", b"b" * 512),
    file("etc/piece", b"p" * PIECE),
    file("etc/less", b"l" * (PIECE - 1)),
    file("etc/large", bytes(range(256)) * (LARGE_READ // 100)),
    hardlink("etc/linked", "etc/one"),
    symlink("etc/soft", "one"),
    file("na\udcefve/" + "long/" * 60 + "x", b"long and not UTF-8"),
    file("etc/.wh.gone"),
)


def store(tar: bytes, folder: Path) -> TarSplitStream:
    """Unpack a layer as an engine does, and open it."""
    unpack_layer(tar, folder / "diff")
    return open_records(list(iter_records(tar)), folder)


def open_records(records: list[dict[str, object]], folder: Path) -> TarSplitStream:
    """Open the layer of which these are the records."""
    (folder / "diff").mkdir(exist_ok=True)
    (folder / "records.gz").write_bytes(pack_records(records))
    found = TarSplit.find(folder / "records.gz")
    assert found is not None
    return TarSplitStream(found, folder / "diff", what="layer abc")


@pytest.mark.parametrize("dialect", [GNU, PAX], ids=["gnu", "pax"])
@pytest.mark.parametrize("piece", [1000, PIECE - 1, 4 * LARGE_READ])
def test_the_tar_comes_back_byte_for_byte(tmp_path: Path, dialect: Dialect, piece: int) -> None:
    """Headers, padding, trailer and every file, however large the pieces that are asked for."""
    tar = write_tar(MEMBERS, dialect=dialect)
    assert drain(store(tar, tmp_path), piece) == tar


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.sampled_from([0, 1, 511, 512, 513, PIECE - 1, PIECE, PIECE + 1]), max_size=12), seed=st.integers()
)
def test_files_of_any_size_come_back(tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int) -> None:
    """Small and large files in any order."""
    random = Random(seed)
    members = [file(f"f{number}", random.randbytes(size)) for number, size in enumerate(sizes)]
    tar = write_tar(members)
    assert drain(store(tar, tmp_path_factory.mktemp("layer")), LARGE_READ) == tar


def test_an_empty_layer_comes_back(tmp_path: Path) -> None:
    """A tar of nothing but its trailer."""
    assert drain(store(bytes(1024), tmp_path)) == bytes(1024)


def test_reading_stops_at_the_end_for_ever(tmp_path: Path) -> None:
    """No bytes means the end, however often it is asked."""
    stream = store(write_tar([file("a", b"a")]), tmp_path)
    drain(stream)
    assert (stream.read(10), stream.read(10)) == (b"", b"")


@pytest.mark.parametrize("size", [3, PIECE + 3], ids=["small", "large"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda path: path.unlink(), "it is missing in the layer's folder"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes expected, {less} there"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "bytes expected, more there"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/passwd")), "symbolic link"),
        (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
    ],
    ids=["missing", "shorter", "longer", "link", "folder"],
)
def test_a_file_that_is_not_what_came_ends_the_layer(
    tmp_path: Path, size: int, change: Callable[[Path], object], reason: str
) -> None:
    """The error names layer and file, and no wrong byte is handed on as if nothing were."""
    stream = store(write_tar([file("usr/x", b"x" * size)]), tmp_path)
    change(tmp_path / "diff/usr/x")
    with pytest.raises(LayerDamageError, match=rf"reading layer abc: file b'usr/x': .*{reason.format(less=size - 1)}"):
        drain(stream, LARGE_READ)


def test_content_that_changed_in_place_is_left_to_the_diff_id(tmp_path: Path) -> None:
    """The same size passes here; what is read is what lies there, and its digest tells."""
    tar = write_tar([file("x", b"as it came")])
    stream = store(tar, tmp_path)
    (tmp_path / "diff/x").write_bytes(b"as changed")
    assert drain(stream) == tar.replace(b"as it came", b"as changed")


def test_a_sparse_file_is_named_as_what_engines_cannot_restore(tmp_path: Path) -> None:
    """Engines keep its expanded bytes and no map; their own export fails as well."""
    header = write_tar([file("sparse", b"", records={"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0"})], dialect=PAX)
    stream = open_records([segment(header[:1536]), file_entry("sparse", 10)], tmp_path)
    with pytest.raises(LayerDamageError, match="'sparse' came as a sparse file"):
        drain(stream)


def test_records_of_no_sparse_format_leave_a_file_a_file(tmp_path: Path) -> None:
    """Engines keep its bytes as they came, and put it together again; so it is behind a global header."""
    plain = write_tar([file("plain", b"", records={"GNU.sparse.name": b"other"})], trailer=False)
    sparse = write_tar(
        [file("plain", b"", records={"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0"})], trailer=False
    )
    dropped = sparse[:1024] + write_global_header({"comment": b"x"}) + write_tar([file("plain")], trailer=False)
    (tmp_path / "diff").mkdir(exist_ok=True)
    (tmp_path / "diff" / "plain").write_bytes(b"content")
    for header in (plain, bytes(7) + plain, dropped):
        assert drain(open_records([segment(header), file_entry("plain", 7)], tmp_path)) == header + b"content"


def test_a_record_of_another_kind_is_an_error(tmp_path: Path) -> None:
    """A third type would be a format that is not known here."""
    with closing(open_records([{"type": 3}], tmp_path)) as stream, pytest.raises(LayerDamageError, match="of type 3"):
        stream.read(1)


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    """An image may be removed while it is read."""
    stream = open_records([segment(b"x")], tmp_path)
    (tmp_path / "diff").rmdir()
    with pytest.raises(LayerDamageError, match=r"opening its folder .*diff: No such file"):
        stream.read(1)


def test_a_name_that_no_file_can_have_is_an_error(tmp_path: Path) -> None:
    """A NUL in a name never reaches the kernel."""
    with (
        closing(open_records([file_entry("a\0b", 1)], tmp_path)) as stream,
        pytest.raises(LayerDamageError, match="null"),
    ):
        stream.read(1)


def test_the_same_layer_may_be_read_twice_at_once(tmp_path: Path) -> None:
    """Streams share nothing."""
    tar = write_tar(MEMBERS)
    first = store(tar, tmp_path)
    found = TarSplit.find(tmp_path / "records.gz")
    assert found is not None
    second = TarSplitStream(found, tmp_path / "diff", what="layer")
    pieces = list(iter_both(first, second))
    assert b"".join(one for one, _ in pieces) == b"".join(other for _, other in pieces) == tar


def iter_both(first: TarSplitStream, second: TarSplitStream) -> Iterator[tuple[bytes, bytes]]:
    """Read two streams by turns."""
    with closing(first), closing(second):
        while True:
            pair = first.read(5000), second.read(5000)
            if pair == (b"", b""):
                return
            yield pair
