"""What differs inside of two files is told by lines, keys or members."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping

import pytest

from layerscope.diff.contents.archives import UNPACKED_LIMIT
from layerscope.diff.contents.compare import compare_contents
from layerscope.diff.contents.text import LINES_LIMIT

TOKEN = "hf_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3h"


def zipped(members: Mapping[str, bytes], *, year: int = 2020) -> bytes:
    """A zip archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return held.getvalue()


def tarred(members: Mapping[str, bytes], *, mtime: int = 0) -> bytes:
    """A tar."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), mtime
            archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def compiled(*, time: int = 1, code: bytes = b"code", magic: bytes = b"\xa7\x0d\r\n") -> bytes:
    """A .pyc file."""
    return magic + bytes(4) + time.to_bytes(4, "little") + bytes(4) + code


@pytest.mark.parametrize(
    ("path", "before", "after", "kind", "lines"),
    [
        ("a.txt", b"1\n2\n", b"1\n3\n", "text", ("@@ -1,2 +1,2 @@", " 1", "-2", "+3")),
        ("a.json", b'{"a":{"b":1,"c":2}}', b'{"a":{"b":1,"c":3},"d":[]}', "JSON", ("-a.c = 2", "+a.c = 3", "+d = []")),
        ("a.toml", b"[a]\nb=1\n", b"[a]\nb=true\n", "TOML", ("-a.b = 1", "+a.b = true")),
        ("a.json", b"{broken", b"{broken too", "text", ("@@ -1 +1 @@", "-{broken", "+{broken too")),
        ("a.whl", zipped({"x": b"1", "y": b"1"}), zipped({"x": b"2", "z": b"1"}), "zip archive", ("~x", "-y", "+z")),
        ("a.tgz", gzip.compress(tarred({"x": b"1"})), gzip.compress(tarred({"x": b"2"})), "tar", ("~x",)),
        ("a.tar", tarred({"x": b"1"}), tarred({"y": b"1"}), "tar", ("-x", "+y")),
        ("a.bin", b"\0\1", b"\0\2", "bytes", ()),
        ("a.txt", b"\xff", b"\xfe", "bytes", ()),
        ("a.jar", b"PK\x03\x04\0broken", b"PK\x03\x04\0more", "bytes", ()),
    ],
)
def test_each_kind_tells_what_differs(
    path: str, before: bytes, after: bytes, kind: str, lines: tuple[str, ...]
) -> None:
    """By its own parts; what does not read as its kind is text or bytes."""
    found = compare_contents(path, before, after)
    assert (found.kind, found.lines, found.is_noise) == (kind, lines, False)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.whl", zipped({"x": b"1"}), zipped({"x": b"1"}, year=2021)),
        ("a.tar", tarred({"x": b"1"}), tarred({"x": b"1"}, mtime=9)),
        ("a.gz", gzip.compress(b"text", mtime=1), gzip.compress(b"text", mtime=2)),
        ("a.pyc", compiled(time=1), compiled(time=2)),
    ],
)
def test_a_time_within_is_noise(path: str, before: bytes, after: bytes) -> None:
    """Another build writes another one."""
    found = compare_contents(path, before, after)
    assert (found.is_noise, found.lines, bool(found.remark)) == (True, (), True)


@pytest.mark.parametrize(
    ("after", "remark"),
    [
        (compiled(code=b"other"), "other code"),
        (compiled(magic=b"\xcb\x0d\r\n"), "compiled by another version of Python"),
    ],
)
def test_other_code_is_no_noise(after: bytes, remark: str) -> None:
    """What runs is another thing."""
    found = compare_contents("a.pyc", compiled(), after)
    assert (found.is_noise, found.remark) == (False, remark)


def test_a_bomb_is_not_unpacked() -> None:
    """An archive that holds more than the limit is bytes."""
    bomb = gzip.compress(bytes(UNPACKED_LIMIT + 1))
    assert compare_contents("a.gz", bomb, gzip.compress(b"small")).kind == "bytes"
    large = zipped({"x": bytes(UNPACKED_LIMIT + 1)})
    assert compare_contents("a.zip", large, zipped({"x": b""})).kind == "bytes"


def test_a_long_diff_is_cut_and_says_so() -> None:
    """The rest is counted."""
    found = compare_contents("a.txt", b"", b"".join(b"%d\n" % number for number in range(1000)))
    assert (len(found.lines), found.remark) == (LINES_LIMIT, "601 more lines")


def test_credentials_are_hidden() -> None:
    """In lines and in values."""
    text = compare_contents("a.cfg", b"old\n", f"token {TOKEN}\n".encode())
    document = compare_contents("a.json", b"{}", json.dumps({"api_key": "Xk29sLq0PvTz71bN"}).encode())
    assert TOKEN not in "".join(text.lines)
    assert "Xk29" not in "".join(document.lines)


def test_a_deep_document_ends() -> None:
    """Deeper than Python follows is text."""
    deep = b"[" * 100_000 + b"]" * 100_000
    assert compare_contents("a.json", deep, b"[]").kind == "text"
