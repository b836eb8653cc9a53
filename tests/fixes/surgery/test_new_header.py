"""Headers written anew: what Python's tarfile and our own reader take from them."""

import io
import tarfile

import pytest

from layerscope.fixes.surgery.cuts import Attributes, LayerCuts
from layerscope.fixes.surgery.new_header import make_directory
from layerscope.fixes.surgery.tar_editor import edit_tar
from support.indexes import index_of_tar
from support.strategies import SECOND
from support.tar_header import DIALECTS, FIELDS, GNU, PAX, USTAR, Dialect
from support.tar_member import TarMember, directory, file, symlink
from support.tar_writer import write_tar

PLAIN = Attributes(0o640, 7, 8, 5 * SECOND)
LONG = "folder/" + "n" * 200
LARGEST = 0o7777777
"""What the header's field for an owner holds."""


def rewrite(member: TarMember, attributes: Attributes, *, dialect: Dialect = PAX) -> bytes:
    """The tar of one member, its attributes given anew."""
    tar = write_tar([member], dialect=dialect)
    return b"".join(edit_tar(iter([tar]), index_of_tar(tar), LayerCuts(given={0: attributes})))


def read(tar: bytes) -> tarfile.TarInfo:
    """The only member, as Python reads it."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        (member,) = archive.getmembers()
    return member


def tell(tar: bytes) -> Attributes:
    """The attributes of the only member, as an audit reads them."""
    index = index_of_tar(tar)
    mode, uid, gid = index.attribute(0)
    return Attributes(mode, uid, gid, index.mtimes_ns[0], index.xattrs.get(0, {}))


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_attributes_are_given_in_every_dialect(dialect: Dialect) -> None:
    """Name, kind and content stay."""
    tar = rewrite(file("a", b"content", mode=0o600), PLAIN, dialect=dialect)
    member = read(tar)
    assert (member.name, member.size, member.isfile()) == ("a", 7, True)
    assert (member.mode, member.uid, member.gid, member.mtime) == (0o640, 7, 8, 5)
    assert tell(tar) == PLAIN


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
@pytest.mark.parametrize("uid", [LARGEST, LARGEST + 1, 3_000_000, 4_294_967_294])
def test_owners_of_any_size_are_kept(uid: int, dialect: Dialect) -> None:
    """What octal digits do not hold stands in a record, whatever dialect the layer was in."""
    tar = rewrite(file("a"), Attributes(0o644, uid, uid, 0), dialect=dialect)
    assert (read(tar).uid, read(tar).gid) == (uid, uid)
    assert (tell(tar).uid, tell(tar).gid) == (uid, uid)


@pytest.mark.parametrize("dialect", [PAX, GNU], ids=str)
def test_a_large_owner_gives_way_to_a_small_one(dialect: Dialect) -> None:
    """Neither base 256 nor a record is left of it."""
    tar = rewrite(file("a", uid=3_000_000_000, gid=3_000_000_000), PLAIN, dialect=dialect)
    assert (read(tar).uid, read(tar).gid) == (7, 8)
    assert tell(tar) == PLAIN
    assert b"uid" not in tar


@pytest.mark.parametrize(
    "mtime_ns", [0, 1, -1, 5 * SECOND + 7, -5 * SECOND, -5 * SECOND - 7, (8**11 - 1) * SECOND, 8**11 * SECOND]
)
def test_times_are_kept_to_the_nanosecond(mtime_ns: int) -> None:
    """Before 1970, between two seconds, and beyond what octal digits hold."""
    tar = rewrite(file("a", mtime_ns=9 * SECOND + 9), Attributes(0o644, 0, 0, mtime_ns))
    assert tell(tar).mtime_ns == mtime_ns
    assert float(read(tar).mtime) == pytest.approx(mtime_ns / SECOND)


def test_extended_attributes_are_replaced() -> None:
    """Those that were there go; the bytes of a value are kept, line feeds and zeros, too."""
    xattrs = {"security.capability": b"\x01\0\0\x02\n=\xff", "user.empty": b""}
    before = file("a", xattrs={"user.old": b"1", "security.capability": b"old"})
    assert dict(tell(rewrite(before, Attributes(0o644, 0, 0, 0, xattrs))).xattrs) == xattrs
    assert not tell(rewrite(before, PLAIN)).xattrs


@pytest.mark.parametrize("dialect", [PAX, GNU], ids=str)
def test_long_names_and_targets_stay(dialect: Dialect) -> None:
    """In the headers that they were in."""
    member = read(rewrite(symlink(LONG, "t" * 150), Attributes(0o777, 3_000_000, 0, 1), dialect=dialect))
    assert (member.name, member.linkname, member.uid) == (LONG, "t" * 150, 3_000_000)


def test_a_name_in_two_fields_stays() -> None:
    """Ustar cuts it at a slash."""
    assert read(rewrite(file("p" * 120 + "/" + "n" * 80), PLAIN, dialect=USTAR)).name == "p" * 120 + "/" + "n" * 80


def test_other_records_stay() -> None:
    """Those that nobody here knows; those that would contradict the new attributes go."""
    records = {
        "VENDOR.thing": b"kept",
        "comment": b"kept, too",
        "uname": b"somebody",
        "gname": b"some",
        "atime": b"1.5",
        "ctime": b"1.5",
        "mtime": b"1.5",
    }
    member = read(rewrite(file("a", records=records), PLAIN))
    assert member.pax_headers == {"VENDOR.thing": "kept", "comment": "kept, too"}
    assert (member.mtime, member.uname, member.gname) == (5, "", "")


def test_the_names_of_owners_go() -> None:
    """They would win over the numbers in some tools."""
    member = read(rewrite(file("a", uname="somebody", gname="some"), PLAIN))
    assert (member.uname, member.gname) == ("", "")


def test_bits_beside_permissions_stay_out() -> None:
    """Set-user-id and sticky are part of the mode; the kind of file is not."""
    assert read(rewrite(file("a"), Attributes(0o104755, 0, 0, 0))).mode == 0o4755


@pytest.mark.parametrize("path", ["d", "d" * 99, "d" * 100, "ü" * 60, "a/" * 200 + "b", "caf\udce9"])
def test_a_directory_gets_an_entry_of_its_own(path: str) -> None:
    """As unpackers would have made it, under a name of any length and of any bytes."""
    tar = make_directory(path, Attributes(0o755, 0, 0, 5 * SECOND)).head + bytes(1024)
    index = index_of_tar(tar)
    assert list(index.paths) == [path]
    assert read(tar).isdir()
    assert tell(tar) == Attributes(0o755, 0, 0, 5 * SECOND)


def test_the_length_of_a_record_counts_its_own_digits() -> None:
    """Around every length at which one more digit is needed."""
    for size in (*range(60, 80), *range(960, 980)):
        xattrs = {"user.k": b"v" * size}
        assert tell(rewrite(file("a"), Attributes(0o644, 0, 0, 0, xattrs))).xattrs == xattrs


def test_a_directory_keeps_its_kind() -> None:
    """Its header is told by the letter, or in the oldest dialect by the slash of its name."""
    for dialect in DIALECTS:
        assert read(rewrite(directory("d"), PLAIN, dialect=dialect)).isdir()


def test_the_checksum_is_true() -> None:
    """Over the header as it is now."""
    tar = rewrite(file("a", b"content"), PLAIN, dialect=USTAR)
    start, length = FIELDS["chksum"]
    written = int(tar[start : start + length].rstrip(b"\0 "), 8)
    assert written == sum(tar[:start] + b" " * length + tar[start + length : 512])
