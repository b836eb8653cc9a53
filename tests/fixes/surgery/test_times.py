"""Times after a moment are set to it, wherever a tar tells one; what is earlier stays as it was written."""

import gzip
import io
import tarfile

import pytest

from layerscope.errors import LayerDamageError
from layerscope.fixes.surgery.cuts import Attributes, LayerCuts
from layerscope.fixes.surgery.late_times import has_late_entries, is_packed_late
from layerscope.fixes.surgery.tar_editor import edit_tar
from layerscope.fixes.surgery.times import LATEST, clamp_time, has_late_gzip_header
from layerscope.image.digest import Digest
from layerscope.layers.reading import Reading, read_layer
from layerscope.layers.scan import LayerScan
from support.compression import Packing, compress
from support.indexes import index_of_tar
from support.memory_layer import MemoryLayer, claim
from support.strategies import SECOND
from support.tar_header import BLOCK, DIALECTS, GNU, PAX, Dialect, seal_header
from support.tar_member import TarMember, directory, file, hardlink, symlink
from support.tar_writer import write_global_header, write_tar

LIMIT = 1_000_000
EARLY, LATE = LIMIT * SECOND, (LIMIT + 1) * SECOND
LONG = "n" * 150


def clamp(tar: bytes, **cuts: object) -> bytes:
    """The tar without times after the limit."""
    return b"".join(edit_tar(iter([tar]), index_of_tar(tar), LayerCuts(latest=LIMIT, **cuts)))  # type: ignore[arg-type]


def list_members(tar: bytes) -> list[tarfile.TarInfo]:
    """The members, as Python reads them."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return archive.getmembers()


def write_times(tar: bytes, offset: int, *times: int) -> bytes:
    """The tar's first header with octal times from an offset on."""
    header = bytearray(tar[:BLOCK])
    for number, time in enumerate(times):
        header[offset + 12 * number : offset + 12 * (number + 1)] = b"%011o\0" % time
    seal_header(header)
    return bytes(header) + tar[BLOCK:]


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_late_entries_of_every_kind_get_the_limit(dialect: Dialect) -> None:
    """Nothing else of them changes, and early ones stay to the byte."""
    members = [directory("d", mtime_ns=LATE), file("d/a", b"1", mtime_ns=LATE), symlink("s", "a", mtime_ns=LATE)]
    members += [hardlink("h", "d/a", mtime_ns=LATE), file("early", b"2", mtime_ns=EARLY - 5 * SECOND)]
    tar = write_tar(members, dialect=dialect)
    wanted = [TarMember(**vars(member) | {"mtime_ns": min(member.mtime_ns, EARLY)}) for member in members]
    assert list(index_of_tar(clamp(tar))) == list(index_of_tar(write_tar(wanted, dialect=dialect)))


def test_a_fraction_of_a_second_is_late() -> None:
    """It stands in a record, which tells the limit then."""
    clamped = clamp(write_tar([file("a", b"1", mtime_ns=EARLY + 1), file("b", b"2", mtime_ns=EARLY - 1)], dialect=PAX))
    assert index_of_tar(clamped).mtimes_ns.tolist() == [EARLY, EARLY - 1]


def test_access_and_change_are_times_as_well() -> None:
    """In records beside others, which stay in their order."""
    records = {"comment": b"first", "atime": b"2000000.5", "ctime": b"999999.25", "LIBARCHIVE.creationtime": b"2000000"}
    (member,) = list_members(clamp(write_tar([file("a", b"1", mtime_ns=EARLY, records=records)], dialect=PAX)))
    told = member.pax_headers
    assert (told["atime"], told["ctime"], told["LIBARCHIVE.creationtime"]) == ("1000000", "999999.25", "1000000")
    assert next(iter(told)) == "comment"


@pytest.mark.parametrize(("dialect", "offset"), [(GNU, 345), (PAX, 476)], ids=["gnu", "star"])
def test_old_headers_tell_of_access_and_change(dialect: Dialect, offset: int) -> None:
    """GNU's and star's own."""
    tar = write_tar([file("a", b"1", mtime_ns=EARLY)], dialect=dialect)
    if dialect is PAX:
        tar = tar[:508] + b"tar\0" + tar[512:]
    clamped = clamp(write_times(tar, offset, LIMIT + 7, LIMIT - 7))
    assert clamped == write_times(tar, offset, LIMIT, LIMIT - 7)


def test_headers_before_a_header_have_times_too() -> None:
    """Those of long names, of records, and of the whole archive."""
    late = b"%011o\0" % (LIMIT + 5)
    front = write_global_header({"comment": b"a commit"})
    for tar in (write_tar([file(LONG, b"1")], dialect=GNU), write_tar([file(LONG, b"1")], dialect=PAX)):
        whole = front + tar
        made_late = write_times(whole, 136, LIMIT + 5)
        start = len(front)
        made_late = made_late[:start] + write_times(made_late[start:], 136, LIMIT + 5)
        assert made_late.count(late) == 2
        clamped = clamp(made_late)
        assert late not in clamped
        assert index_of_tar(clamped).paths == [LONG]
        assert clamped == clamp(clamped)


def test_what_is_no_time_stays() -> None:
    """Runtimes refuse it, or do not look at it."""
    tar = write_tar([file("a", b"1", records={"atime": b"soon"})], dialect=PAX)
    assert b"atime=soon\n" in clamp(tar)
    tar = write_tar([file("a", b"1", fields={"mtime": b"tomorrow"})], dialect=PAX)
    assert b"tomorrow" in clamp(tar)


def test_new_entries_and_attributes_keep_to_the_limit() -> None:
    """Whatever the time is that an edit gives them."""
    given = Attributes(0o600, 7, 7, LATE + 5)
    tar = write_tar([file("a", b"1"), file("d/b", b"2")])
    clamped = clamp(tar, given={0: given}, dropped=frozenset({1}), named={"d": LATE})
    assert index_of_tar(clamped).mtimes_ns.tolist() == [EARLY, EARLY]


@pytest.mark.parametrize(("time", "latest", "wanted"), [(LATE, None, LATE), (LATE, LIMIT, EARLY), (5, LIMIT, 5)])
def test_a_time_is_clamped(time: int, latest: int | None, wanted: int) -> None:
    """Without a limit, nothing is late."""
    assert clamp_time(time, latest) == wanted


def test_the_last_possible_limit_is_told_by_a_header() -> None:
    """In eleven octal digits."""
    assert len(f"{LATEST:o}") == 11
    assert len(f"{LATEST + 1:o}") == 12


def make_layer(*members: TarMember, tar: bytes | None = None) -> tuple[MemoryLayer, LayerScan]:
    """A layer, and what an audit read of it."""
    tar = write_tar(members) if tar is None else tar
    stored = compress(tar, Packing.GZIP)
    layer = MemoryLayer("layer 1", stored, Digest.of(tar), claim(stored))
    return layer, read_layer(layer.open(), "layer", Reading())


def test_a_layer_is_late_by_what_its_index_tells_and_by_what_it_does_not() -> None:
    """Times of access are in the tar alone."""
    late = [file("a", b"1", mtime_ns=LATE)]
    hidden = [file("a", b"1", mtime_ns=EARLY), file("b", bytes(3000), records={"atime": b"1000001"})]
    early = [file("a", b"1", mtime_ns=EARLY), file("b", bytes(3000), records={"atime": b"1000000"})]
    assert has_late_entries(*make_layer(*late), LIMIT, lambda _: None)
    assert has_late_entries(*make_layer(*hidden), LIMIT, lambda _: None)
    assert not has_late_entries(*make_layer(*early), LIMIT, lambda _: None)


def test_a_layer_that_breaks_off_is_damage() -> None:
    """When it was read first, it did not."""
    layer, scan = make_layer(file("a", bytes(100_000)))
    cut = MemoryLayer("layer 1", layer.stored[: len(layer.stored) // 2], layer.diff_id, layer.descriptor)
    with pytest.raises(LayerDamageError, match="looking for times in layer layer 1: "):
        has_late_entries(cut, scan, LIMIT, lambda _: None)


def test_gzip_tells_when_it_packed() -> None:
    """Other ways of packing tell no time."""
    late = MemoryLayer("layer 1", gzip.compress(b"1", mtime=LIMIT + 1), Digest.of(b"1"))
    early = MemoryLayer("layer 1", gzip.compress(b"1", mtime=LIMIT), Digest.of(b"1"))
    assert is_packed_late(late, LIMIT)
    assert not is_packed_late(early, LIMIT)
    assert not is_packed_late(MemoryLayer("layer 1", b"", Digest.of(b"")), LIMIT)
    assert not has_late_gzip_header(b"plain tar", LIMIT)


def test_a_name_in_the_place_of_times_is_none() -> None:
    """Go's writers put it there before Go 1.8, and its reader takes it from there."""
    prefix = b"a" * 12 + b"777777777777"
    tar = write_tar([file("x", fields={"prefix": prefix})], dialect=GNU)
    assert index_of_tar(clamp(tar)).paths == [f"{prefix.decode()}/x"]
