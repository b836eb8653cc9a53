"""What differs inside of two files is told by lines, keys or members."""

import difflib
import gzip
import io
import itertools
import json
import tarfile
import zipfile
from collections.abc import Mapping

import pytest

from layerscope.diff.contents.archive_parts import UNPACKED_LIMIT
from layerscope.diff.contents.compare import compare_contents
from layerscope.diff.contents.shadow import compare_shadow
from layerscope.diff.contents.text import LINES_LIMIT
from layerscope.diff.contents.work import Work

VALUE = "Zt7pWq4hYd2k"
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


def compiled(*, time: int = 1, code: bytes = b"code", magic: bytes = b"\xa7\x0d\r\n", flags: int = 0) -> bytes:
    """A .pyc file."""
    return magic + flags.to_bytes(4, "little") + time.to_bytes(4, "little") + bytes(4) + code


@pytest.mark.parametrize(
    ("path", "before", "after", "kind", "lines"),
    [
        ("a.txt", b"1\n2\n", b"1\n3\n", "text", ("@@ -1,2 +1,2 @@", " 1", "-2", "+3")),
        ("a.json", b'{"a":{"b":1,"c":2}}', b'{"a":{"b":1,"c":3},"d":[]}', "JSON", ("-a.c = 2", "+a.c = 3", "+d = []")),
        ("a.toml", b"[a]\nb=1\n", b"[a]\nb=true\n", "TOML", ("-a.b = 1", "+a.b = true")),
        ("a.json", b"{broken", b"{broken too", "text", ("@@ -1 +1 @@", "-{broken", "+{broken too")),
        ("a.whl", zipped({"x": b"1", "y": b"1"}), zipped({"x": b"2", "z": b"1"}), "zip archive", ("~x", "-y", "+z")),
        (
            "a.tgz",
            gzip.compress(tarred({"x": b"1"}), mtime=0),
            gzip.compress(tarred({"x": b"2"}), mtime=0),
            "tar",
            ("~x",),
        ),
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
        (compiled(flags=1), "the same code; whether it is current is told in another way"),
    ],
)
def test_other_code_is_no_noise(after: bytes, remark: str) -> None:
    """What runs is another thing."""
    found = compare_contents("a.pyc", compiled(), after)
    assert (found.is_noise, found.remark) == (False, remark)


def test_the_hash_of_another_source_is_no_time() -> None:
    """The code is the same, and something was changed."""
    found = compare_contents("a.pyc", compiled(time=1, flags=3), compiled(time=2, flags=3))
    assert (found.is_noise, found.remark) == (False, "the same code; the hash of its source differs")


def test_older_headers_are_not_told_apart() -> None:
    """Python 3.6 has code where 3.7 has the source's size."""
    one, other = (compiled(code=b"\0", time=time, magic=b"\x33\x0d\r\n") for time in (1, 2))
    found = compare_contents("a.pyc", one, other)
    assert (found.kind, found.is_noise) == ("bytes", False)


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


def test_lines_that_come_again_and_again_take_no_time() -> None:
    """Each of 60,000 lines is like 300 of the other text: what comparing them would take is known before."""
    lines = [chr(0x100 + number) for number in range(200)]
    one, other = ("\n".join(each * 300).encode() for each in (lines, lines[::-1]))
    found = compare_contents("a.txt", one, other)
    assert (found.kind, found.lines, found.remark) == ("text", (), "too many lines differ to be told apart")
    near = compare_contents("a.txt", one, b"first\n" + one)
    assert near.lines == ("@@ -1,2 +1,3 @@", "+first", *(f" {line}" for line in lines[:2]))


def test_all_files_together_take_no_more_than_there_is() -> None:
    """What is left is named and not looked into."""
    work = Work(limit=100)
    assert compare_contents("a.txt", b"1\n", b"2\n", work).kind == "text"
    found = [compare_contents("a.txt", b"1\n" * 20, b"2\n" * 20, work) for _ in range(2)]
    assert [(each.kind, each.remark[:15]) for each in found] == [("bytes", "not looked into")] * 2


def test_a_diff_is_that_of_the_standard_library() -> None:
    """Head and tail are put back where they were."""
    one = [f"{number}\n" for number in range(30)]
    for at, new in itertools.product(range(31), (["a\n"], [])):
        other = [*one[:at], *new, *one[at + 1 :]]
        if other != one:
            expected = [line.rstrip("\n") for line in difflib.unified_diff(one, other, n=2)][2:]
            assert list(compare_contents("a", "".join(one).encode(), "".join(other).encode()).lines) == expected


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"db": {"password": {"value": VALUE}}}, "+db.password.value = ***"),
        ({"db": {"passwords": ["a", VALUE]}}, "+db.passwords[1] = ***"),
        ({"db": {"auth": VALUE}}, "+db.auth = ***"),
        ({"auths": {"ghcr.io": {"auth": VALUE}}}, "+auths.ghcr.io.auth = ***"),
        ({"env": [{"name": "DB_PASSWORD", "value": VALUE}]}, "+env[0].value = ***"),
        ({"args": ["--password", VALUE]}, "+args[1] = ***"),
        ({"args": [f"--password={VALUE}"]}, '+args[0] = "--password=***"'),
    ],
)
def test_a_secret_is_hidden_wherever_its_path_names_it(document: object, line: str) -> None:
    """In what came, in what went, and in the same text where it does not read as a document."""
    content, other = json.dumps(document).encode(), json.dumps(document).replace(VALUE, "n" + VALUE).encode()
    assert line in compare_contents("a.json", b"{}", content).lines
    assert line in compare_contents("a.json", other, content).lines
    assert line.replace("+", "-", 1) in compare_contents("a.json", content, b"{}").lines
    for text in (content, json.dumps(document, indent=2).encode()):
        assert VALUE not in "".join(compare_contents("a.txt", b"", text).lines)


def test_a_text_in_a_document_is_searched_as_a_text() -> None:
    """By its own lines."""
    document = json.dumps({"note": f"password: >\n  {VALUE}\n"}).encode()
    assert compare_contents("a.json", b"{}", document).lines == ('+note = "password: ***\\n***\\n"',)


def test_lists_are_walked_into_like_maps() -> None:
    """A list that takes a map's place is another value."""
    found = compare_contents("a.json", b'{"a":[1,{"b":2}],"c":[1]}', b'{"a":[1,{"b":3},4],"c":{"d":1}}')
    assert found.lines == ("-a[1].b = 2", "+a[1].b = 3", "+a[2] = 4", "-c[0] = 1", "+c.d = 1")


def test_a_long_key_is_not_told_again_with_each_below() -> None:
    """Its name is cut."""
    document = {"k" * 500_000: {str(number): number for number in range(2000)}}
    found = compare_contents("a.json", b"{}", json.dumps(document).encode())
    assert sum(map(len, found.lines)) < 8_500_000


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


@pytest.mark.parametrize(
    ("after", "is_noise"),
    [
        (b"root:*:20500:0:99999:7:::\napp:!:20500:0:99999:7:::\n", True),
        (b"root::20500:0:99999:7:::\napp:!:20500:0:99999:7:::\n", False),
        (b"root:*:20400:0:99999:7:::\n", False),
        (b"root:*:20400:0:90:7:::\napp:!:20400:0:99999:7:::\n", False),
    ],
)
def test_days_of_passwords_are_noise(after: bytes, *, is_noise: bool) -> None:
    """Whatever else differs is none, and nothing of it is shown."""
    found = compare_shadow(b"root:*:20400:0:99999:7:::\napp:!:20400:0:99999:7:::\n", after)
    assert (found.is_noise, found.lines) == (is_noise, ())
