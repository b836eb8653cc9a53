"""Tables of contents beside tars: truthful ones say the same, and every lie is told."""

from collections.abc import Callable
from typing import Any

import pytest

from layerscope.layers.limits import Limits
from layerscope.layers.reading import Reading, read_layer
from layerscope.layers.toc.result import TableScan
from layerscope.layers.toc.scan import compare_layer, list_layer_claims
from support import table_layers
from support.built_image import digest_of, render_json
from support.table_layers import Entries, TableLayer, make_layer, write_chunked, write_estargz
from support.tar_writer import device, directory, fifo, file, hardlink, opaque, symlink, whiteout

Write = Callable[..., TableLayer]

TIME = 1_700_000_000 * 10**9
MEMBERS = (
    directory("usr/", mode=0o755, mtime_ns=TIME),
    file("usr/tool", b"#!/bin/sh\n", mode=0o755, uid=5, gid=6, mtime_ns=TIME, xattrs={"user.note": b"\0x"}),
    file("usr/empty", b"", mtime_ns=TIME),
    symlink("usr/link", "tool", mtime_ns=TIME),
    hardlink("usr/hard", "usr/tool", mtime_ns=TIME),
    device("dev-null", 1, 3, mtime_ns=TIME),
    fifo("pipe", mtime_ns=TIME),
    whiteout("usr/gone", mtime_ns=TIME),
    opaque("etc", mtime_ns=TIME),
    file("usr/ü", b"later", mtime_ns=TIME),
)
WRITERS = [
    write_estargz,
    lambda *given: write_estargz(*given, behind=True),
    write_chunked,
    lambda *given: write_chunked(*given, older=True),
]


def compare(written: TableLayer) -> list[TableScan]:
    """What becomes of the layer's tables."""
    layer = make_layer(written)
    scan = read_layer(layer.open(), "layer", Reading())
    assert scan.damage is None
    assert scan.diff_id == layer.diff_id
    return [compare_layer(layer, scan, claim, Limits()) for claim in list_layer_claims(layer, scan)]


@pytest.mark.parametrize("write", WRITERS)
def test_a_truthful_table_says_what_the_tar_does(write: Write) -> None:
    """In every kind of entry, and in either form."""
    [table] = compare(write(MEMBERS))
    assert table.problem is None
    assert table.differences == ()
    assert (table.count, table.entries, table.is_named) == (0, len(MEMBERS), True)


def change(name: str, **values: Any) -> Callable[[Entries], None]:
    """Changes what a table says of one name."""

    def tamper(entries: Entries) -> None:
        next(entry for entry in entries if entry["name"] == name).update(values)

    return tamper


def forget(entries: Entries) -> None:
    """Leaves an entry out."""
    entries[:] = [entry for entry in entries if entry["name"] != "usr/tool"]


def invent(entries: Entries) -> None:
    """Adds an entry."""
    entries.append({"name": "usr/bin/sh", "type": "reg", "mode": 0o4755})


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (forget, ("/usr/tool", "presence", "not there", "a file")),
        (invent, ("/usr/bin/sh", "presence", "a file", "not there")),
        (change("usr/tool", type="symlink", linkName="x"), ("/usr/tool", "type", "a symbolic link", "a file")),
        (change("usr/tool", size=11), ("/usr/tool", "size", "11", "10")),
        (change("usr/tool", digest="sha256:" + "0a" * 32), ("/usr/tool", "content", "0a0a0a0a0a0a", "de5f3d85f3a0")),
        (change("usr/tool", mode=0o4755), ("/usr/tool", "mode", "4755", "0755")),
        (change("usr/tool", uid=0), ("/usr/tool", "owner", "0:6", "5:6")),
        (change("usr/tool", modtime="2001-01-01T00:00:00Z"), ("/usr/tool", "time", "978307200", "1700000000")),
        (change("usr/tool", xattrs={}), ("/usr/tool", "attributes", "none", "user.note")),
        (change("usr/link", linkName="other"), ("/usr/link", "target", "other", "tool")),
        (change("usr/hard", linkName="usr/empty"), ("/usr/hard", "target", "usr/empty", "usr/tool")),
        (change("dev-null", devMinor=8), ("/dev-null", "device", "1:8", "1:3")),
    ],
)
def test_a_lie_is_told(write: Write, tamper: Any, expected: tuple[str, ...]) -> None:
    """Each is one difference, with what either side says."""
    [table] = compare(write(MEMBERS, tamper))
    [difference] = table.differences
    if expected[1] == "content":
        expected = (*expected[:3], difference.tar)
    assert (difference.path, difference.what, difference.table, difference.tar) == expected
    assert table.count == 1


def test_a_whiteout_that_a_table_lacks_is_a_difference() -> None:
    """The file below would be back."""

    def tamper(entries: Entries) -> None:
        entries[:] = [entry for entry in entries if not entry["name"].rpartition("/")[2].startswith(".wh.")]

    [table] = compare(write_estargz(MEMBERS, tamper))
    assert [(each.path, each.table, each.tar) for each in table.differences] == [
        ("/usr/gone", "not there", "a whiteout"),
        ("/etc", "not there", "an opaque whiteout"),
    ]


def test_many_differences_are_counted() -> None:
    """Twenty are named."""
    [table] = compare(
        write_estargz([file(f"f{number}", b"x") for number in range(100)], lambda entries: entries.clear())
    )
    assert (len(table.differences), table.count) == (20, 100)


def test_times_within_a_second_are_the_same() -> None:
    """The form rounds them; a table that tells no time says nothing."""
    [table] = compare(write_estargz([file("a", b"x", mtime_ns=TIME)], change("a", modtime="2023-11-14T22:13:20.7Z")))
    assert table.count == 0
    [table] = compare(write_estargz([file("a", b"x", mtime_ns=TIME)], lambda entries: entries[0].pop("modtime")))
    assert table.count == 0


def test_of_a_name_that_comes_twice_the_last_counts() -> None:
    """On either side."""
    members = [file("a", b"first"), file("a", b"second")]
    [table] = compare(write_estargz(members, lambda entries: entries.pop(0)))
    assert table.count == 0


@pytest.mark.parametrize("spelling", ["Mode", "MODE", "mode"])
def test_names_count_in_any_case_as_runtimes_read_them(spelling: str) -> None:
    """Whoever looks for one spelling alone would miss it."""

    def tamper(entries: Entries) -> None:
        entries[0] = {"name": "a", "type": "reg", "size": 1, "digest": digest_of(b"x"), "future": [1], spelling: 0o4755}

    [table] = compare(write_estargz([file("a", b"x", mode=0o755)], tamper))
    assert [(each.what, each.table) for each in table.differences] == [("mode", "4755")]


REPEATS = [
    ('"mode":420', '"mode":420,"Mode":2541'),
    ('"mode":420', '"Mode":2541,"mode":420'),
    ('"type":"reg"', '"type":"reg","xattrs":{"user.a":"eA=="},"xattrs":{}'),
    ('"type":"reg"', '"type":"reg","xattrs":{"user.a":"eA=="},"x\\u0061ttrs":{}'),
    ('"entries"', '"Entries":[],"entries"'),
    ('"entries"', '"entries":[{"name":"evil","type":"reg"}],"entries"'),
]


@pytest.mark.parametrize(("there", "instead"), REPEATS)
def test_what_is_said_twice_is_no_table(there: str, instead: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runtimes take the last of it, or all of it together: nobody can tell which."""

    def render(value: object) -> bytes:
        content = render_json(value)
        return content.replace(there.encode(), instead.encode(), 1)

    monkeypatch.setattr(table_layers, "render_json", render)
    [table] = compare(write_estargz([file("a", b"x")]))
    assert "twice" in str(table.problem)


@pytest.mark.parametrize(
    ("changes", "table"),
    [
        ({"digest": ""}, "no one digest"),
        ({"digest": "sha256:" + "0" * 64}, "no one digest"),
        ({"chunkDigest": "sha256:" + "1" * 64}, "no one digest"),
        ({"digest": "sha256:" + "1" * 64, "chunkDigest": "sha256:" + "1" * 64}, "1" * 12),
    ],
)
def test_a_content_that_the_table_does_not_vouch_for_is_a_difference(changes: dict[str, str], table: str) -> None:
    """One kind of runtime looks at the chunk's digest alone."""
    [found] = compare(write_estargz([file("a", b"x")], change("a", **changes)))
    assert [(each.what, each.table) for each in found.differences] == [("content", table)]


def test_names_that_are_not_utf8_are_told() -> None:
    """A table cannot hold them, and what is told of them can be kept."""
    [table] = compare(write_estargz([file("a\udcff", b"x")], lambda entries: entries.clear()))
    assert [each.path for each in table.differences] == ["/a\\xff"]


def test_a_member_that_nobody_knows_is_no_difference() -> None:
    """A later form of the table may have more of them; nor does a time count that cannot be read."""
    changes = change("a", future={"x": 1}, modtime="yesterday", userName="root", NumLink=1)
    [table] = compare(write_estargz([file("a", b"x")], changes))
    assert (table.problem, table.count) == (None, 0)
