"""Of an archive nothing is called noise but times and packing, whatever else a reader may see of it."""

import gzip
import io
import resource
import tarfile
import warnings
import zipfile
from collections.abc import Callable

import pytest

from layerscope.diff.contents.compare import compare_contents


def tarred(*changes: Callable[[tarfile.TarInfo], None], kind: int = tarfile.PAX_FORMAT, name: str = "x") -> bytes:
    """A tar of one member for each change made to it."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=kind) as archive:
        for change in changes:
            member = tarfile.TarInfo(name)
            member.size = 1
            change(member)
            archive.addfile(member, io.BytesIO(b"1"))
    return held.getvalue()


def setting(**values: object) -> Callable[[tarfile.TarInfo], None]:
    """What sets fields of a member."""

    def change(member: tarfile.TarInfo) -> None:
        for name, value in values.items():
            setattr(member, name, value)

    return change


def zipped(*names: str, mode: int = 0o644, year: int = 2020, comment: bytes = b"", method: int = 8) -> bytes:
    """A zip archive of members that hold their names."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that comes twice
        archive.comment = comment
        for name in names:
            member = zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0))
            member.external_attr, member.compress_type = mode << 16, method
            archive.writestr(member, name * 20)
    return held.getvalue()


DEVICE = setting(type=tarfile.CHRTYPE, size=0, devmajor=1, devminor=3)
OTHER_DEVICE = setting(type=tarfile.CHRTYPE, size=0, devmajor=1, devminor=5)
XATTR = setting(pax_headers={"SCHILY.xattr.security.capability": "all"})
PLAIN = setting()


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.tar", tarred(DEVICE), tarred(OTHER_DEVICE)),
        ("a.tar", tarred(PLAIN), tarred(XATTR)),
        ("a.tar", tarred(setting(uname="a")), tarred(setting(uname="b"))),
        ("a.tar", tarred(setting(mode=0o644)), tarred(setting(mode=0o4755))),
        ("a.tar", tarred(PLAIN), tarred(PLAIN, PLAIN)),
        ("a.tar", tarred(PLAIN), tarred(PLAIN) + b"more"),
        ("a.tar", tarred(PLAIN), tarred(PLAIN) + tarred(setting(name="y"))),
        ("a.tar", tarred(PLAIN, setting(name="y")), tarred(PLAIN, setting(name=".wh.y"))),
        ("a.tar", tarred(setting(mode=1), setting(mode=2)), tarred(setting(mode=2), setting(mode=1))),
        ("a.tgz", gzip.compress(tarred(DEVICE), mtime=0), gzip.compress(tarred(OTHER_DEVICE), mtime=0)),
        (
            "a.gz",
            b"\x1f\x8b\x08\x08" + bytes(6) + b"a\0" + gzip.compress(b"x", mtime=0)[10:],
            gzip.compress(b"x", mtime=0),
        ),
        ("a.zip", zipped("x"), zipped("x", mode=0o4755)),
        ("a.zip", zipped("x"), zipped("x") + b"more"),
        ("a.zip", zipped("x"), zipped("x", comment=b"c")),
        ("a.zip", zipped("x", "y"), zipped("x", "y", "y")),
        ("a.zip", zipped("x"), zipped("x").replace(b"x", b"y", 1)),
    ],
)
def test_what_a_reader_may_see_is_no_noise(path: str, before: bytes, after: bytes) -> None:
    """Modes, owners, devices, attributes, members that come twice, and bytes around them."""
    assert before != after
    assert not compare_contents(path, before, after).is_noise


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.tar", tarred(setting(mtime=1)), tarred(setting(mtime=2))),
        ("a.tar", tarred(setting(mtime=1.5)), tarred(setting(mtime=2))),
        ("a.tar", tarred(XATTR), tarred(setting(mtime=1.5, pax_headers={"SCHILY.xattr.security.capability": "all"}))),
        ("a.tar", tarred(PLAIN, setting(name="y")), tarred(setting(name="y"), PLAIN)),
        ("a.tar", tarred(setting(name="n" * 200), kind=tarfile.GNU_FORMAT), None),
        ("a.tgz", gzip.compress(tarred(setting(mtime=1)), mtime=1), gzip.compress(tarred(setting(mtime=2)), mtime=2)),
        ("a.zip", zipped("x", "y"), zipped("y", "x")),
        ("a.zip", zipped("x"), zipped("x", method=0)),
        ("a.zip", zipped("x"), zipped("x", year=2021)),
    ],
)
def test_times_order_and_packing_are_noise(path: str, before: bytes, after: bytes | None) -> None:
    """Another build writes others."""
    if after is None:
        after = tarred(setting(name="n" * 200, mtime=9), kind=tarfile.GNU_FORMAT)
    assert before != after
    assert compare_contents(path, before, after).is_noise


class Pipe(io.BytesIO):
    """What was written stays as it is."""

    def seekable(self) -> bool:
        """It is not."""
        return False

    def tell(self) -> int:
        """Nobody knows."""
        raise OSError


def piped(year: int) -> bytes:
    """A zip archive whose members' sizes follow their data."""
    held = Pipe()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in "xy":
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), name * 40)
    return held.getvalue()


def test_sizes_behind_the_data_are_packing() -> None:
    """They say what the directory says; anything else there counts."""
    assert compare_contents("a.zip", piped(2020), piped(2021)).is_noise
    first = piped(2021).index(b"PK\x07\x08")
    changed = bytearray(piped(2021))
    changed[first + 4] ^= 1
    assert not compare_contents("a.zip", piped(2020), bytes(changed)).is_noise


def test_what_a_sparse_member_claims_takes_no_memory() -> None:
    """Holes of 3 GiB in a tar of 2 kB are not filled."""
    found = compare_contents("a.tar", _sparse(3 << 30), _sparse(2 << 30))
    assert (found.kind, found.lines) == ("tar", ("~x",))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < (1 << 20)


def _sparse(claim: int) -> bytes:
    header = bytearray(tarfile.TarInfo("x").tobuf(format=tarfile.GNU_FORMAT))
    header[156:157] = b"S"
    header[386:410] = b"%011o\0%011o\0" % (claim, 0)
    header[483:495] = b"%011o\0" % claim if claim < 1 << 33 else bytes(12)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)
