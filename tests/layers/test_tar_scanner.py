"""The scanner reads what was written, in every dialect, however the stream is cut."""

import hashlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.filesystem.merge import merge_layers
from layerscope.layers import anomaly, plain_names, tar_scanner
from layerscope.layers.cache_record import decode_record, encode_record
from layerscope.layers.entry import Entry, EntryType
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.index import LayerIndex, find_runs
from layerscope.layers.limits import MAX_ANOMALIES, PATH_MAX, Limits
from layerscope.layers.scan import Damage, DamageKind
from layerscope.layers.tar_scanner import TarScanner
from support.strategies import Archive, archives
from support.tar_header import seal_header
from support.tar_writer import (
    GNU,
    PAX,
    USTAR,
    Dialect,
    Kind,
    Sparse,
    TarMember,
    device,
    directory,
    fifo,
    file,
    hardlink,
    opaque,
    sparse_file,
    stored_mtime_ns,
    symlink,
    whiteout,
    write_global_header,
    write_tar,
)

TYPES = {
    Kind.FILE: EntryType.FILE,
    Kind.DIRECTORY: EntryType.DIRECTORY,
    Kind.SYMLINK: EntryType.SYMLINK,
    Kind.HARDLINK: EntryType.HARDLINK,
    Kind.CHARACTER_DEVICE: EntryType.CHARACTER_DEVICE,
    Kind.BLOCK_DEVICE: EntryType.BLOCK_DEVICE,
    Kind.FIFO: EntryType.FIFO,
}


def cut(content: bytes, size: int) -> Iterator[bytes]:
    """The content in chunks of that size."""
    return (content[start : start + size] for start in range(0, len(content), size))


def scan(content: bytes, *, chunk: int = 1 << 20, limits: Limits | None = None) -> tuple[LayerIndex, Damage | None]:
    """The index of a tar and the damage in it."""
    scanner = TarScanner(cut(content, chunk), ExtractorSet(()), limits or Limits())
    damage = scanner.run()
    return scanner.index(), damage


def kinds(index: LayerIndex) -> list[str]:
    """The kinds of all anomalies, sorted."""
    return sorted({found.kind for found in index.anomalies})


def expected(archive: Archive, member: TarMember) -> dict[str, object]:
    """What the entry of a member must say."""
    kind = TYPES[member.kind]
    return {
        "path": member.name.strip("/"),
        "type": kind,
        "mode": member.mode,
        "uid": member.uid,
        "gid": member.gid,
        "size": len(member.content) if kind is EntryType.FILE else 0,
        "mtime_ns": stored_mtime_ns(member, archive.dialect),
        "link": member.link.strip("/") if kind is EntryType.HARDLINK else member.link or None,
        "digest": hashlib.sha256(member.content).digest() if kind is EntryType.FILE else None,
        "xattrs": dict(member.xattrs),
    }


def shown(entry: Entry, keys: dict[str, object]) -> dict[str, object]:
    """The same fields of an entry."""
    return {key: getattr(entry, key) for key in keys}


@settings(max_examples=80, deadline=None)
@given(archives(), st.sampled_from([1, 7, 511, 512, 513, 1000, 4096, 1 << 20]))
def test_every_dialect_is_read_back(archive: Archive, chunk: int) -> None:
    """Entries equal the members written, whatever dialect and chunk size."""
    index, damage = scan(archive.content, chunk=chunk)
    assert damage is None
    wanted = [expected(archive, member) for member in archive.members]
    assert [shown(entry, keys) for entry, keys in zip(index, wanted, strict=True)] == wanted
    assert index.uncompressed_size == len(archive.content)


@settings(max_examples=60, deadline=None)
@given(archives(), st.integers(0, 1 << 16), st.integers(0, 255))
def test_a_changed_byte_never_crashes(archive: Archive, place: int, value: int) -> None:
    """Any byte may be changed: the scan ends with entries, anomalies or damage."""
    content = bytearray(archive.content)
    content[place % len(content)] = value
    index, _ = scan(bytes(content), chunk=4096)
    assert len(index) == len(list(index))


@settings(max_examples=40, deadline=None)
@given(archives(), st.integers(0, 1 << 16))
def test_a_cut_archive_is_truncated_or_has_no_trailer(archive: Archive, place: int) -> None:
    """An archive cut anywhere is damaged, unless the cut lies between members, when the trailer is missing."""
    content = archive.content[: place % len(archive.content)]
    index, damage = scan(content)
    cut_between = damage is None and anomaly.MISSING_TRAILER in kinds(index)
    assert cut_between or (damage is not None and damage.kind is DamageKind.TRUNCATED)


@pytest.mark.parametrize("chunk", [512, 1 << 20])
def test_a_file_that_breaks_off_is_no_entry(chunk: int) -> None:
    """Content of which a part is missing has no digest, and so is not taken for a file."""
    whole = write_tar([file("whole", b"x" * 600), file("cut", b"y" * 6000, xattrs={"user.a": b"1"})])
    index, damage = scan(whole[: -1024 - 512], chunk=chunk)
    assert damage is not None
    assert (index.paths, len(index.digests), index.xattrs) == (["whole"], 32, {})


def test_devices_keep_their_numbers() -> None:
    """Major and minor numbers are read."""
    index, _ = scan(write_tar([device("null", 1, 3), device("sda", 8, 0, block=True)]))
    assert [entry.device for entry in index] == [(1, 3), (8, 0)]


def test_whiteouts_name_the_path_they_act_on() -> None:
    """Whiteout entries carry the path they remove, opaque ones their directory."""
    index, _ = scan(write_tar([whiteout("etc/passwd"), opaque("var/lib"), opaque(""), whiteout("top")]))
    assert [(chr(entry.type), entry.path) for entry in index] == [
        ("w", "etc/passwd"),
        ("o", "var/lib"),
        ("o", ""),
        ("w", "top"),
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (".wh.", anomaly.INVALID_WHITEOUT),
        ("a/.wh..", anomaly.INVALID_WHITEOUT),
        ("a/.wh...", anomaly.INVALID_WHITEOUT),
    ],
)
def test_whiteouts_of_nothing_are_named(name: str, kind: str) -> None:
    """A whiteout without a target is refused, and no whiteout."""
    index, damage = scan(write_tar([file(name)]))
    assert (damage, kinds(index)) == (None, [kind])
    assert not any(entry.type is EntryType.WHITEOUT for entry in index)


@pytest.mark.parametrize("base", [".wh..wh.aufs", ".wh..wh.plnk", ".wh..wh..opqx", ".wh..wh..", ".wh..wh.lo"])
def test_bookkeeping_of_aufs_is_named_and_left_out(base: str) -> None:
    """Runtimes make whiteouts of it, of names that nothing has."""
    for folder in ("", "d/"):
        index, damage = scan(write_tar([file(f"{folder}{base}", b"content"), file("next")]))
        assert (damage, kinds(index)) == (None, [anomaly.AUFS_METADATA])
        assert [(chr(entry.type), entry.path) for entry in index] == [("w", folder + base[4:]), ("f", "next")]
        assert merge_layers([index]).ordinal("next") is not None
        assert len(merge_layers([index])) == (2 if folder else 1)


def test_what_lies_in_bookkeeping_of_aufs_is_there() -> None:
    """Runtimes unpack it, into a directory without an entry."""
    index, _ = scan(write_tar([directory(".wh..wh.plnk"), file(".wh..wh.plnk/1"), file("d/.wh..wh.plnk/1")]))
    assert [(found.kind, found.path) for found in index.anomalies] == [(anomaly.AUFS_METADATA, ".wh..wh.plnk")]
    assert [entry.path for entry in index if entry.type is EntryType.FILE] == [".wh..wh.plnk/1", "d/.wh..wh.plnk/1"]


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        ("/etc/a", "etc/a", anomaly.ABSOLUTE_NAME),
        ("a/../b", "b", anomaly.PARENT_REFERENCE),
        ("bell\x07", "bell\x07", anomaly.CONTROL_CHARACTER_NAME),
        ("right\u202eleft", "right\u202eleft", anomaly.CONTROL_CHARACTER_NAME),
        ("caf\udce9", "caf\udce9", anomaly.NON_UTF8_NAME),
        ("n" * 256, "n" * 256, anomaly.OVERLONG_NAME),
    ],
)
def test_odd_names_are_cleaned_and_named(name: str, path: str, kind: str) -> None:
    """A name that is not plain is normalised as runtimes do, and named."""
    index, damage = scan(write_tar([file(name, b"x")]))
    assert damage is None
    assert index.paths == [path]
    assert kinds(index) == [kind]


def test_paths_that_linux_cannot_hold_are_no_entries() -> None:
    """A path above PATH_MAX is named, shortened, and takes no memory beyond that."""
    index, damage = scan(write_tar([file("d/" * 500_000 + "f", b"x"), file("after")]))
    assert (damage, index.paths, kinds(index)) == (None, ["after"], [anomaly.OVERLONG_NAME])
    assert len(index.anomalies[0].path) == PATH_MAX


def test_link_targets_that_linux_cannot_hold_are_no_entries() -> None:
    """The same holds for what a link points to."""
    index, damage = scan(write_tar([symlink("l", "x" * 5000), file("after")]))
    assert (damage, index.paths, kinds(index)) == (None, ["after"], [anomaly.OVERLONG_NAME])


def test_attributes_that_linux_refuses_are_named_and_dropped() -> None:
    """An extended attribute above 64 KiB is not kept."""
    index, _ = scan(write_tar([file("a", xattrs={"user.big": b"x" * 70_000, "user.small": b"y"})]))
    assert index.xattrs == {0: {"user.small": b"y"}}
    assert kinds(index) == [anomaly.UNSETTABLE_ATTRIBUTE]


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("", b"v", anomaly.UNSETTABLE_ATTRIBUTE),
        ("user.", b"v", anomaly.UNSETTABLE_ATTRIBUTE),
        ("trusted.", b"v", anomaly.SKIPPED_ATTRIBUTE),
        ("user." + "n" * 251, b"v", anomaly.UNSETTABLE_ATTRIBUTE),
        ("user." + "é" * 126, b"v", anomaly.UNSETTABLE_ATTRIBUTE),
        ("user." + "n" * 250, b"v", ""),
        ("user.a", b"x" * 65_536, ""),
        ("trusted.overlay.x", b"", ""),
        ("", b"", anomaly.SKIPPED_ATTRIBUTE),
        ("user.", b"", anomaly.SKIPPED_ATTRIBUTE),
        ("user." + "n" * 251, b"", anomaly.SKIPPED_ATTRIBUTE),
        ("security.selinux", b"v", ""),
        ("system.posix_acl_default", b"\2\0\0\0", ""),
        ("security.capability", b"v", anomaly.UNSETTABLE_ATTRIBUTE),
        ("security.capability", b"", ""),
        ("security.capability", b"\0\0\0\2" + bytes(16), ""),
        ("security.capability", b"\1\0\0\2" + bytes(16), ""),
        ("security.capability", b"\2\0\0\2" + bytes(16), anomaly.UNSETTABLE_ATTRIBUTE),
        ("security.capability", b"\0\0\0\2" + bytes(20), anomaly.UNSETTABLE_ATTRIBUTE),
        ("security.capability", b"\1\0\0\3" + bytes(20), ""),
        ("security.capability", b"\1\0\0\3" + bytes(16) + b"\xff" * 4, anomaly.UNSETTABLE_ATTRIBUTE),
        ("security.capability", b"\0\0\0\1" + bytes(8), anomaly.UNSETTABLE_ATTRIBUTE),
        ("security.capability", b"\0\0\0\4" + bytes(20), anomaly.UNSETTABLE_ATTRIBUTE),
        ("system.posix_acl_access", b"v", anomaly.UNSETTABLE_ATTRIBUTE),
        ("bad", b"v", anomaly.SKIPPED_ATTRIBUTE),
        ("com.apple.provenance", b"v", anomaly.SKIPPED_ATTRIBUTE),
        ("system.ntfs_acl", b"v", anomaly.SKIPPED_ATTRIBUTE),
    ],
)
def test_attributes_are_those_that_linux_sets(name: str, value: bytes, kind: str) -> None:
    """By name, size and, for capabilities, form; other systems have names of their own."""
    index, damage = scan(write_tar([file("a", xattrs={name: value})]))
    assert (damage, kinds(index)) == (None, [kind] if kind else [])


def test_attributes_that_not_every_runtime_refuses_are_told_with_those_that_do() -> None:
    """Each passes over others: what it may not set, trusted ones, unknown ones."""
    members = [
        symlink("s", "t", xattrs={"user.a": b"v", "trusted.a": b"v"}),
        file("f", xattrs={"trusted.": b"v"}),
        fifo("p", xattrs={"com.apple.x": b"v"}),
        symlink("empty", "t", xattrs={"user.a": b"", "user.": b""}),
        file("unset", xattrs={"": b"", "trusted.": b""}),
    ]
    index, _ = scan(write_tar(members))
    assert [(found.kind, found.path, found.detail) for found in index.anomalies] == [
        (anomaly.SKIPPED_ATTRIBUTE, "s", "user.a, which podman refuses"),
        (anomaly.SKIPPED_ATTRIBUTE, "f", "trusted., which Docker and podman refuse"),
        (anomaly.SKIPPED_ATTRIBUTE, "p", "com.apple.x, which Docker 26 refuses"),
        (anomaly.SKIPPED_ATTRIBUTE, "unset", "without a name, which Docker 26 and containerd refuse"),
        (anomaly.SKIPPED_ATTRIBUTE, "unset", "trusted., which Docker 26 refuses"),
    ]


def test_attributes_of_a_whiteout_are_set_on_nothing() -> None:
    """No runtime makes a file of it."""
    index, _ = scan(write_tar([whiteout("a", xattrs={"bad": b"v"}), opaque("d", xattrs={"": b"v"})]))
    assert kinds(index) == []


BAD_DEVICE = {"devmajor": b"x\0\0\0\0\0\0\0"}


@pytest.mark.parametrize("chunk", [512, 1 << 20])
@pytest.mark.parametrize("dialect", [USTAR, GNU])
@pytest.mark.parametrize(
    "member",
    [
        fifo("p", fields=BAD_DEVICE),
        directory("p", fields=BAD_DEVICE),
        symlink("p", "a", fields={"devminor": b"8"}),
        hardlink("p", "a", fields=BAD_DEVICE),
        whiteout("p", fields=BAD_DEVICE),
        device("p", 1, 1, fields=BAD_DEVICE),
    ],
)
def test_device_numbers_of_what_is_no_device_are_numbers(member: TarMember, dialect: Dialect, chunk: int) -> None:
    """Go's archive/tar reads them in every header that has a magic number, or refuses it."""
    index, damage = scan(write_tar([file("a"), member], dialect=dialect), chunk=chunk)
    assert (damage, index.paths, kinds(index)) == (None, ["a", "p"], [anomaly.BAD_NUMBER])
    assert len(index.anomalies) == 1


@pytest.mark.parametrize(
    "member",
    [directory("p", fields=BAD_DEVICE | {"magic": bytes(8)}), device("p", 1, 3, fields={"magic": bytes(8)})],
)
def test_headers_without_a_magic_number_have_no_device_numbers(member: TarMember) -> None:
    """Whatever stands there; so reads them Go's archive/tar."""
    index, _ = scan(write_tar([member], dialect=USTAR))
    assert (index.paths, kinds(index), index[0].device or (0, 0)) == (["p"], [], (0, 0))


def seal_star(member: TarMember, tail: bytes) -> bytes:
    """A member with star's mark, and this behind the prefix."""
    header = bytearray(write_tar([member], dialect=USTAR)[:512])
    header[476 : 476 + len(tail)] = tail
    header[508:512] = b"tar\0"
    seal_header(header)
    return bytes(header)


@pytest.mark.parametrize("chunk", [512, 1 << 20])
@pytest.mark.parametrize("make", [file, directory, fifo])
@pytest.mark.parametrize(
    ("tail", "is_bad"),
    [(b"p" * 24, True), (b"0" * 12 + b"00000000008\0", True), (bytes(24), False), (b"0" * 24, False)],
)
def test_times_behind_the_prefix_of_star_are_numbers(
    make: Callable[..., TarMember], tail: bytes, is_bad: bool, chunk: int
) -> None:
    """Go's archive/tar refuses the header else; the prefix ends before them."""
    member = make("f", fields={"prefix": b"p" * 131})
    index, damage = scan(seal_star(member, tail) + bytes(1024), chunk=chunk)
    assert (damage, index.paths, kinds(index)) == (None, ["p" * 131 + "/f"], [anomaly.BAD_NUMBER] * is_bad)


def test_names_pass_a_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many long names end the reading before they fill memory."""
    monkeypatch.setattr(tar_scanner, "MAX_NAMES", 5000)
    _, damage = scan(write_tar([symlink(f"{'n' * 200}{number}", "t" * 50) for number in range(40)]))
    assert damage is not None
    assert damage.kind is DamageKind.LIMIT


@pytest.mark.parametrize("size", [b"\x80" + b"\xff" * 11, b"\x80" + bytes(3) + b"\x80" + bytes(7)])
def test_sizes_beyond_64_bits_are_damage(size: bytes) -> None:
    """A size that no file can have ends the reading."""
    _, damage = scan(write_tar([file("a", fields={"size": size})]))
    assert damage is not None
    assert damage.kind is DamageKind.CORRUPT


def test_record_sizes_beyond_64_bits_are_damage() -> None:
    """The same in an extended header."""
    _, damage = scan(write_tar([file("a", records={"size": b"99999999999999999999"})]))
    assert damage is not None
    assert damage.kind is DamageKind.CORRUPT


def test_owners_beyond_64_bits_are_named() -> None:
    """A uid that no system has is a bad number, and the header's own counts."""
    index, damage = scan(write_tar([file("a", uid=7, records={"uid": b"99999999999999999999"})]))
    assert (damage, index[0].uid, kinds(index)) == (None, 7, [anomaly.BAD_NUMBER])


@pytest.mark.parametrize(
    ("number", "owner", "is_odd"),
    [
        (b"+5", 5, False),
        (b"007", 7, False),
        (b"4294967294", 2**32 - 2, False),
        (b"-2", 2**32 - 2, True),
        (b"-1", 0, True),
        (b"-9223372036854775808", 0, True),
        (b"4294967295", 0, True),
        (b"4294967296", 0, True),
    ],
)
def test_owners_are_those_that_a_container_sees(number: bytes, owner: int, is_odd: bool) -> None:
    """Go's archive/tar takes a sign, Linux 32 bits, and -1 leaves a file to root, who unpacks it."""
    index, _ = scan(write_tar([file("a", uid=9, gid=9, records={"uid": number, "gid": number})]))
    assert (index[0].uid, index[0].gid) == (owner, owner)
    assert kinds(index) == is_odd * [anomaly.EXCESSIVE_NUMBER]


@pytest.mark.parametrize(
    ("field", "owner", "is_odd"),
    [
        (b"\x80\0\0\0\xff\xff\xff\xfe", 2**32 - 2, False),
        (b"\x80\0\0\x02\0\0\0\5", 5, True),
        (b"\xff" * 8, 0, True),
    ],
)
@pytest.mark.parametrize("make", [file, directory, whiteout])
def test_owners_in_headers_are_told_like_those_in_records(
    make: Callable[..., TarMember], field: bytes, owner: int, is_odd: bool
) -> None:
    """Each time that one comes, be it in plain members; a record of the owner counts instead."""
    fields = {"uid": field, "gid": field}
    index, damage = scan(write_tar([make("a", fields=fields), make("b", fields=fields)]))
    assert damage is None
    assert [(entry.uid, entry.gid) for entry in index] == [(owner, owner)] * 2
    assert [(found.kind, found.path) for found in index.anomalies] == is_odd * [
        (anomaly.EXCESSIVE_NUMBER, path) for path in "aabb"
    ]
    index, _ = scan(write_tar([make("a", fields=fields, records={"uid": b"7", "gid": b"8"})]))
    assert (index[0].uid, index[0].gid, kinds(index)) == (7, 8, [])


@pytest.mark.parametrize(
    "member", [directory("d", records={"size": b"abc"}), symlink("d", "t", records={"size": b"x"})]
)
def test_sizes_that_do_not_count_must_be_numbers(member: TarMember) -> None:
    """Go's archive/tar refuses the header; no bytes follow it all the same."""
    index, damage = scan(write_tar([member, file("after", b"y")]))
    assert (damage, index.paths, kinds(index)) == (None, ["d", "after"], [anomaly.BAD_NUMBER])


@pytest.mark.parametrize("field", [b"zzz", b"00000000009\0", b"\x80\0\0\xff" + b"\0" * 8])
def test_size_fields_that_do_not_count_must_be_numbers(field: bytes) -> None:
    """Those of directories and links, and those for which there is a record."""
    fields = {"size": field}
    for member in directory("d", fields=fields), file("d", b"x", fields=fields, records={"size": b"1"}):
        index, damage = scan(write_tar([member, file("after", b"y")]))
        assert (damage, index.paths, kinds(index)) == (None, ["d", "after"], [anomaly.BAD_NUMBER])


@pytest.mark.parametrize("size", [b"-5", b"77"])
def test_sizes_that_do_not_count_may_be_any_number(size: bytes) -> None:
    """No bytes follow a directory."""
    index, damage = scan(write_tar([directory("d", records={"size": size}), file("after", b"y")]))
    assert (damage, index.paths, kinds(index)) == (None, ["d", "after"], [])


@pytest.mark.parametrize("key", ["uid", "mtime", "atime", "ctime"])
def test_records_that_are_no_numbers_are_named(key: str) -> None:
    """Go's archive/tar refuses the header, also for times that nobody needs."""
    index, damage = scan(write_tar([file("a", records={key: b"abc"})]))
    assert (damage, kinds(index)) == (None, [anomaly.BAD_NUMBER])


def test_a_symlink_to_an_empty_name_is_named() -> None:
    """Linux makes none."""
    assert kinds(scan(write_tar([symlink("l", "")]))[0]) == [anomaly.EMPTY_SYMLINK]


@pytest.mark.parametrize(
    ("name", "path"),
    [("../etc/passwd", "etc/passwd"), ("a/../../b", "b"), ("/../x", "x"), ("/a/../../x", "x"), ("/./../x", "x")],
)
def test_names_that_climb_above_the_root_are_taken_from_it(name: str, path: str) -> None:
    """The root is its own parent in the chroot where runtimes unpack: the file is in the container, and told."""
    index, damage = scan(write_tar([file(name, b"content"), file("after", b"y")]))
    assert (damage, index.paths) == (None, [path, "after"])
    assert index[0].digest == hashlib.sha256(b"content").digest()
    assert set(kinds(index)) - {anomaly.ABSOLUTE_NAME} == {anomaly.ESCAPING_NAME}
    assert index.anomalies[0].path == name.lstrip("/")


@pytest.mark.parametrize("name", ["..", "/", "/.."])
def test_a_file_in_the_place_of_the_root_is_named(name: str) -> None:
    """Docker and podman refuse it, and it is nowhere in a container; a dot they skip."""
    for member in file(name, b"xx"), symlink(name, "etc"), hardlink(name, "a"), device(name, 1, 3):
        index, damage = scan(write_tar([member, file("after", b"y")]))
        assert (damage, index.paths) == (None, ["after"])
        assert anomaly.ROOT_NO_DIRECTORY in kinds(index)
    index, _ = scan(write_tar([file(".", b"xx"), directory("../")]))
    assert (index.paths, kinds(index)) == ([""], [anomaly.EMPTY_NAME, anomaly.ESCAPING_NAME])


@pytest.mark.parametrize("style", list(Sparse))
def test_a_sparse_file_in_the_place_of_the_root_is_passed(style: Sparse) -> None:
    """With its map, which may lie between header and content."""
    segments = tuple((at * 1024, b"s" * 512) for at in range(30))
    members = [sparse_file("..", segments, 40_000, style), file("after", b"y")]
    index, damage = scan(write_tar(members, dialect=GNU if style is Sparse.OLD_GNU else PAX))
    assert (damage, index.paths) == (None, ["after"])


def test_plain_names_have_no_anomalies() -> None:
    """Dots, blanks and letters of any script are ordinary."""
    members = [directory("./"), directory("./usr/"), file("usr/.hidden"), file("usr/..two"), file("usr/naïve 漢字")]
    index, _ = scan(write_tar(members))
    assert index.anomalies == ()
    assert index.paths == ["", "usr", "usr/.hidden", "usr/..two", "usr/naïve 漢字"]


@pytest.mark.parametrize("target", ["../t", "../../t", "/../t", "a/../../t"])
def test_hard_links_that_climb_above_the_root_are_taken_from_it(target: str) -> None:
    """What they link is what lies there below the root, and the climbing is told."""
    index, _ = scan(write_tar([file("t", b"t"), hardlink("h", target)]))
    assert (index.paths, index[1].link, kinds(index)) == (["t", "h"], "t", [anomaly.ESCAPING_HARDLINK])


def test_hard_links_through_a_parent_are_plain() -> None:
    """Runtimes clean the target, and it stays where it is."""
    index, _ = scan(write_tar([file("etc/t", b"t"), hardlink("h", "a/../etc/t")]))
    assert (index[1].link, kinds(index)) == ("etc/t", [])


def test_duplicates_are_named_and_both_kept() -> None:
    """A path that occurs twice is an anomaly; the entries stay, the last one wins later."""
    index, _ = scan(write_tar([file("a", b"1"), file("a", b"2")]))
    assert (len(index), kinds(index)) == (2, [anomaly.DUPLICATE_ENTRY])
    assert index.anomalies[0].detail == ""


def test_duplicates_of_which_one_has_a_slash_are_told_apart() -> None:
    """Docker and podman compare names as they stand, and take those two for different ones."""
    index, _ = scan(write_tar([file("a", b"1"), file("/a", b"2")]))
    assert kinds(index) == [anomaly.ABSOLUTE_NAME, anomaly.RESPELLED_DUPLICATE]


def test_an_opaque_whiteout_that_comes_again_is_a_duplicate() -> None:
    """Its name is there twice."""
    assert kinds(scan(write_tar([directory("a"), opaque("a")]))[0]) == []
    (found,) = scan(write_tar([opaque("a"), opaque("a")]))[0].anomalies
    assert (found.kind, found.path, found.detail) == (anomaly.DUPLICATE_ENTRY, "a", "its opaque whiteout")


def test_a_whiteout_that_comes_again_is_told_as_that() -> None:
    """There is nothing in its layer that it comes after but itself."""
    (found,) = scan(write_tar([whiteout("a"), whiteout("a")]))[0].anomalies
    assert (found.kind, found.path, found.detail) == (anomaly.LATE_WHITEOUT, "a", "named twice")


def test_a_whiteout_beside_a_new_file_is_no_duplicate() -> None:
    """Removing the lower file and adding a new one is not a duplicate."""
    index, _ = scan(write_tar([whiteout("a"), file("a", b"2")]))
    assert index.anomalies == ()


def test_a_wrong_checksum_ends_the_reading() -> None:
    """A header whose checksum is wrong is damage, with what came before it."""
    content = bytearray(write_tar([file("first", b"1"), file("second", b"2")]))
    content[1024 + 148] = ord("7")
    index, damage = scan(bytes(content))
    assert damage is not None
    assert damage.kind is DamageKind.CORRUPT
    assert "'first'" in damage.detail
    assert index.paths == ["first"]


def test_negative_sizes_are_damage() -> None:
    """A size below zero, which has made readers loop, ends the reading."""
    index, damage = scan(write_tar([file("a", fields={"size": b"\xff" * 12})]))
    assert len(index) == 0
    assert damage is not None
    assert "negative" in damage.detail


def test_a_second_archive_behind_the_trailer_is_named_and_not_read() -> None:
    """Runtimes stop at the trailer; what follows it is not in the container."""
    index, damage = scan(write_tar([file("seen")]) + write_tar([file("unseen")]))
    assert damage is None
    assert (index.paths, kinds(index)) == (["seen"], [anomaly.CONCATENATED_ARCHIVE])
    assert index.anomalies[0].path == "unseen"


TABLE = file("stargz.index.json", b'{"version":1,"entries":[]}')


@pytest.mark.parametrize("chunk", [100, 512, 1 << 20])
def test_the_table_of_contents_that_buildkit_puts_behind_the_trailer_is_none_of_it(chunk: int) -> None:
    """Its eStargz layers keep the tar whole; a table that is cut off, or that more follows, is a second archive."""
    plain, table = write_tar([file("seen")]), write_tar([TABLE], padded=True)
    index, damage = scan(plain + table, chunk=chunk)
    assert (damage, index.paths, kinds(index)) == (None, ["seen"], [])
    for tail in (write_tar([TABLE, file("unseen")]), write_tar([TABLE]) + b"more", table[:520], table[:512]):
        (found,) = scan(plain + tail, chunk=chunk)[0].anomalies
        assert (found.kind, found.path) == (anomaly.CONCATENATED_ARCHIVE, "stargz.index.json")
        assert found.offset == len(plain)


def test_the_table_of_an_empty_tar_is_none_of_it() -> None:
    """Go writes it with null in the place of its entries."""
    table = write_tar([file("stargz.index.json", b'{"version":1,"entries":null}')], padded=True)
    assert kinds(scan(write_tar([], padded=True) + table)[0]) == []


def write_header(size: bytes, kind: bytes) -> bytes:
    """The header of a member named as a table is."""
    head = bytearray(write_tar([file("stargz.index.json", b"x")])[:512])
    head[124:136], head[156:157], head[148:156] = size, kind, b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


SECOND = write_tar([file("root/.ssh/authorized_keys", b"ssh-ed25519 AAAA")], padded=True)
SECOND_SIZE = b"%011o\0" % len(SECOND)


@pytest.mark.parametrize(
    "tail",
    [
        *(write_header(SECOND_SIZE, bytes([kind])) + SECOND for kind in b"\x0012345678SxgLKVDM"),
        write_header(b"%011o\0" % 1024, b"0") + b"\x5a" * 1024,
        write_header(b"%011o\0" % 0, b"0"),
        write_header(b"not a number", b"0") + SECOND,
        write_header(b"%011o\0" % (1 << 32), b"0") + SECOND,
        write_tar([TABLE])[:-1] + b"S",
    ],
)
def test_what_is_named_as_a_table_and_is_none_hides_nothing(tail: bytes) -> None:
    """Readers that go on behind the end take the size of a link for none, and find the archive that is its body."""
    (found,) = scan(write_tar([file("seen")], padded=True) + tail)[0].anomalies
    assert (found.kind, found.path) == (anomaly.CONCATENATED_ARCHIVE, "stargz.index.json")


@pytest.mark.parametrize("chunk", [100, 1000, 1 << 20])
def test_a_second_archive_is_known_however_the_stream_is_cut(chunk: int) -> None:
    """Its header may lie in two chunks, and far behind the trailer."""
    index, _ = scan(write_tar([file("seen")], padded=True) + write_tar([file("unseen")]), chunk=chunk)
    assert [(each.kind, each.path) for each in index.anomalies] == [(anomaly.CONCATENATED_ARCHIVE, "unseen")]


def test_bytes_behind_the_trailer_are_named() -> None:
    """Anything but zeros behind the trailer is trailing data; zeros are padding."""
    plain, padded = write_tar([file("a")]), write_tar([file("a")], padded=True)
    assert kinds(scan(plain + b"garbage")[0]) == [anomaly.TRAILING_DATA]
    assert kinds(scan(padded)[0]) == []


def test_a_lone_zero_block_before_more_is_named() -> None:
    """One zero block and then something else is what runtimes refuse, and no data that they ignore."""
    index, _ = scan(write_tar([file("a")], trailer=False) + bytes(512) + write_tar([file("b", b"content")]))
    assert (index.paths, kinds(index)) == (["a"], [anomaly.LONE_ZERO_BLOCK])


def test_a_missing_trailer_is_named() -> None:
    """An archive that just ends is complete, with a remark."""
    index, damage = scan(write_tar([file("a", b"x")], trailer=False))
    assert (damage, kinds(index)) == (None, [anomaly.MISSING_TRAILER])


@pytest.mark.parametrize("chunk", [1, 512, 1 << 20])
@pytest.mark.parametrize("missing", [1, 300, 509])
def test_padding_that_is_missing_at_the_end_is_no_damage(missing: int, chunk: int) -> None:
    """Runtimes take it for the end, and umoci writes no more; the size is that of the bytes that are there."""
    whole = write_tar([file("a", b"x" * 600), file("b", b"yes")], trailer=False)
    index, damage = scan(whole[:-missing], chunk=chunk)
    assert (damage, kinds(index), index.paths) == (None, [anomaly.MISSING_TRAILER], ["a", "b"])
    assert index.uncompressed_size == len(whole) - missing


@pytest.mark.parametrize("chunk", [1, 512, 1 << 20])
def test_content_that_is_missing_is_damage(chunk: int) -> None:
    """One byte too few, and be it of something that is no file."""
    whole = write_tar([file("a"), file(".wh.b", b"yes")], trailer=False)
    for cut in (510, 511, 512):
        _, damage = scan(whole[:-cut], chunk=chunk)
        assert damage is not None
        assert damage.kind is DamageKind.TRUNCATED


def test_global_headers_are_ignored_as_runtimes_do() -> None:
    """Records of a PAX global header change no entry."""
    index, _ = scan(write_tar([file("a")], global_records={"path": b"evil", "comment": b"x"}))
    assert (index.paths, kinds(index)) == (["a"], [anomaly.GLOBAL_HEADER])


def write_extended(kind: bytes, body: bytes) -> bytes:
    """An extended header of any kind."""
    header = bytearray(write_global_header({"a": b""})[:512])
    header[124:136], header[156:157] = b"%011o\0" % len(body), kind
    seal_header(header)
    return bytes(header) + body + bytes(-len(body) % 512)


@pytest.mark.parametrize("before", [(b"x", b"13 path=evil\n"), (b"L", b"evil\0"), (b"K", b"evil\0")])
@pytest.mark.parametrize("records", [b"12 comment=\n", b"99 path=x\n"])
def test_a_global_header_drops_the_extended_headers_before_it(before: tuple[bytes, bytes], records: bytes) -> None:
    """Go's archive/tar returns at it and begins anew, so the member behind keeps its own name and link."""
    headers = write_extended(*before) + write_extended(b"g", records)
    index, damage = scan(headers + write_tar([symlink("own", "target")]))
    assert (damage, index.paths, index.links) == (None, ["own"], {0: "target"})
    assert anomaly.ORPHAN_EXTENDED_HEADER in kinds(index)


def test_an_extended_header_behind_a_global_one_counts() -> None:
    """Only what stands before a global header is dropped."""
    index, _ = scan(write_tar([file("n" * 120)], global_records={"comment": b"x"}))
    assert (index.paths, kinds(index)) == (["n" * 120], [anomaly.GLOBAL_HEADER])


def test_extended_headers_of_solaris_are_members_of_an_unknown_type() -> None:
    """Go's archive/tar knows no type X, and the member behind keeps its own name."""
    index, _ = scan(write_extended(b"X", b"13 path=evil\n") + write_tar([file("own")]))
    assert (index.paths, kinds(index)) == (["own"], [anomaly.UNKNOWN_TYPE])


def test_an_empty_long_name_leaves_the_headers_own() -> None:
    """And that of a link."""
    headers = write_extended(b"L", b"\0") + write_extended(b"K", b"\0")
    index, _ = scan(headers + write_tar([symlink("own", "target")]))
    assert (index.paths, index.links) == (["own"], {0: "target"})


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        (b"etc", "etc/own"),
        (b"000/etc", "000/etc/own"),
        (b"0" * 11 + b"/etc", "0" * 11 + "/etc/own"),
        (b"00000000017\0" + b"\x80" + b"\x7f" * 11, "00000000017/own"),
        (b"00000000017\0", "own"),
        (b"00000000017\000000000017\0", "own"),
        (b"\0" * 12 + b"etc", "own"),
        (b"\x80" + bytes(10) + b"\x07", "own"),
        (b"\xff" * 12, "own"),
        ("étc".encode(), "own"),
    ],
)
def test_text_in_the_place_of_gnu_times_is_a_prefix(prefix: bytes, path: str) -> None:
    """Go's writer put it there before Go 1.8; times, and what is not ASCII, are none."""
    index, damage = scan(write_tar([file("own", b"x", fields={"prefix": prefix})], dialect=GNU))
    assert (damage, index.paths) == (None, [path])


@pytest.mark.parametrize("magic", [b"ustar  x", b"ustar 00", bytes(8)])
def test_only_headers_of_gnu_and_posix_have_a_prefix(magic: bytes) -> None:
    """Any other has none, whatever stands in its place."""
    index, _ = scan(write_tar([file("own", fields={"prefix": b"etc", "magic": magic})]))
    assert index.paths == ["own"]


def test_broken_records_are_named() -> None:
    """An extended header that does not parse leaves the entry's own fields in force."""
    content = write_tar([file("a", xattrs={"user.x": b"1"})]).replace(b" SCHILY", b"xSCHILY", 1)
    index, damage = scan(content)
    assert damage is None
    assert (index.paths, kinds(index)) == (["a"], [anomaly.INVALID_EXTENDED_HEADER])


def test_an_extended_header_without_a_member_is_named() -> None:
    """An extended header that the trailer follows is an orphan."""
    content = write_tar([file("n" * 120)], trailer=False)[:-512]
    index, damage = scan(content + bytes(1024))
    assert (damage, kinds(index)) == (None, [anomaly.ORPHAN_EXTENDED_HEADER])


def test_unknown_types_are_skipped_with_their_content() -> None:
    """A member of unknown type is named and its content skipped."""
    index, damage = scan(write_tar([file("odd", b"x" * 700, fields={"typeflag": b"Z"}), file("b", b"y")]))
    assert (damage, index.paths, kinds(index)) == (None, ["b"], [anomaly.UNKNOWN_TYPE])


def test_contiguous_files_are_read_and_named() -> None:
    """Type 7 is a file to those who know it; runtimes do not, and take it for a whiteout where its name is one."""
    index, _ = scan(
        write_tar([file("seven", b"7", fields={"typeflag": b"7"}), whiteout("w", fields={"typeflag": b"Z"})])
    )
    assert (index.paths, kinds(index)) == (["seven", "w"], [anomaly.UNKNOWN_TYPE])
    assert index.anomalies[0].path == "seven"
    assert index[1].type is EntryType.WHITEOUT


@pytest.mark.parametrize("style", list(Sparse))
def test_sparse_files_have_the_digest_of_their_logical_content(style: Sparse) -> None:
    """Holes are part of the content that a container sees."""
    segments = ((512, b"a" * 512), (4096, b"b" * 100))
    member = sparse_file("disk", segments, 9000, style)
    index, damage = scan(write_tar([member, file("after")], dialect=GNU if style is Sparse.OLD_GNU else PAX))
    assert damage is None
    assert (index[0].size, index[0].digest) == (9000, hashlib.sha256(member.content).digest())
    refused = [anomaly.UNKNOWN_TYPE] if style is Sparse.OLD_GNU else []
    assert (index.paths, kinds(index)) == (["disk", "after"], [anomaly.SPARSE_FILE, *refused])


@pytest.mark.parametrize(
    "records",
    [
        {},
        {"GNU.sparse.major": b"9", "GNU.sparse.minor": b"9"},
        {"GNU.sparse.major": b"0", "GNU.sparse.size": b"9", "GNU.sparse.map": b"0,4", "GNU.sparse.numblocks": b"1"},
        {"GNU.sparse.minor": b"0"},
        {"GNU.sparse.size": b"9"},
        {"GNU.sparse.map": b"", "GNU.sparse.numblocks": b"0"},
    ],
)
def test_records_of_no_sparse_format_make_no_file_sparse(records: dict[str, bytes]) -> None:
    """Go's archive/tar leaves them alone, the name among them included."""
    index, damage = scan(write_tar([file("own", b"data", records={"GNU.sparse.name": b"other", **records})]))
    assert (damage, index.paths, index.sizes[0], kinds(index)) == (None, ["own"], 4, [])


def test_the_name_of_a_sparse_file_counts_over_every_other() -> None:
    """As in Go's archive/tar; a long name counts over one in a record."""
    records = {"path": b"record", "GNU.sparse.map": b"0,4", "GNU.sparse.numblocks": b"1"}
    for more, path in ({"GNU.sparse.name": b"sparse"}, "sparse"), ({}, "n" * 120):
        long = write_extended(b"L", b"n" * 120)
        index, damage = scan(long + write_tar([file("own", b"data", records=records | more)]))
        assert (damage, index.paths) == (None, [path])


def test_a_sparse_file_without_a_size_is_as_large_as_it_is_stored() -> None:
    """Go's archive/tar goes by the member's size then."""
    index, damage = scan(write_tar([file("own", b"data", records={"GNU.sparse.map": b"0,4"})]))
    assert (damage, index[0].size, index[0].digest) == (None, 4, hashlib.sha256(b"data").digest())


@pytest.mark.parametrize("count", [{}, {"GNU.sparse.numblocks": b"2"}, {"GNU.sparse.numblocks": b"x"}])
def test_a_sparse_map_that_is_not_counted_is_named(count: dict[str, bytes]) -> None:
    """Runtimes refuse it; it can be read all the same."""
    index, damage = scan(write_tar([file("own", b"data", records={"GNU.sparse.map": b"0,4", **count})]))
    assert (damage, index.paths) == (None, ["own"])
    assert kinds(index) == [anomaly.INVALID_EXTENDED_HEADER, anomaly.SPARSE_FILE]


def test_a_map_in_many_records_counts_over_one_in_a_single_record() -> None:
    """Go's archive/tar makes one of the other."""
    records = {"GNU.sparse.size": b"8", "GNU.sparse.map": b"0,4", "GNU.sparse.numblocks": b"1"}
    many = {"GNU.sparse.offset": b"4", "GNU.sparse.numbytes": b"4"}
    index, damage = scan(write_tar([file("own", b"data", records=records | many)]))
    assert (damage, list(index.sparse[0])) == (None, [4, 4])


def test_holes_in_what_is_no_file_are_named() -> None:
    """Runtimes refuse them."""
    index, _ = scan(write_tar([directory("d", records={"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0"})]))
    assert (index.paths, kinds(index)) == (["d"], [anomaly.INVALID_EXTENDED_HEADER])


def test_a_sparse_file_whose_name_holds_a_zero_byte_keeps_its_other_name() -> None:
    """No file can have it, and no runtime unpacks the layer; what is known of it can be stored."""
    records = {"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0", "GNU.sparse.name": b"a\0b"}
    index, damage = scan(write_tar([file("own", b"1\n0\n4\n".ljust(512, b"\0") + b"data", records=records)]))
    assert damage is None
    assert next((found.kind, found.detail) for found in index.anomalies) == (
        anomaly.INVALID_EXTENDED_HEADER,
        "GNU.sparse.name holds a zero byte",
    )
    assert decode_record(encode_record(index, {}))[0].paths == ["own"]


def test_a_sparse_file_of_exabytes_is_not_hashed() -> None:
    """A hole costs nothing to send: beyond the ceiling no digest is computed."""
    records = {"GNU.sparse.size": str(1 << 60).encode(), "GNU.sparse.map": b"0,3", "GNU.sparse.numblocks": b"1"}
    index, damage = scan(write_tar([file("huge", b"abc", records=records)]))
    assert damage is None
    assert (index[0].size, index[0].digest) == (1 << 60, bytes(32))


def test_holes_are_hashed_up_to_a_budget() -> None:
    """Sparse files share a budget of holes, so that many of them cost no more time than one."""
    files = [sparse_file(f"f{number}", ((0, b"x" * 512),), 1536, Sparse.PAX_01) for number in range(3)]
    index, damage = scan(write_tar(files), limits=Limits(sparse_holes=1500))
    assert damage is None
    assert [entry.digest == bytes(32) for entry in index] == [False, True, True]


def test_a_map_without_an_end_is_refused_at_once() -> None:
    """Data that should begin with a map of numbers, and has no line at all, is not gathered."""
    records = {"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0", "GNU.sparse.realsize": b"9"}
    content = write_tar([file("f", b"1" * (1 << 20), records=records)])
    reader = TarScanner(cut(content, 4096), ExtractorSet(()), Limits())
    damage = reader.run()
    assert damage is not None
    assert "numbers" in damage.detail
    assert damage.offset < 8192


@pytest.mark.parametrize("numbers", [b"9,1,0,1", b"0,5", b"0", b"x,y", b"0,4,2,1"])
def test_wrong_sparse_maps_are_damage(numbers: bytes) -> None:
    """A map that overlaps, is odd, or does not fit its data cannot be read on from."""
    records = {"GNU.sparse.size": b"10", "GNU.sparse.map": numbers}
    _, damage = scan(write_tar([file("f", b"abcd", records=records)]))
    assert damage is not None
    assert "sparse" in damage.detail


def test_too_many_entries_pass_a_limit_that_is_named() -> None:
    """The ceiling on entries is damage of its own kind, with the flag that raises it."""
    content = write_tar([symlink(f"l{number}", "x") for number in range(20)])
    _, damage = scan(content, limits=Limits(layer_entries=10))
    assert damage is not None
    assert damage.kind is DamageKind.LIMIT
    assert "--max-layer-entries" in damage.detail


def test_only_so_many_anomalies_are_named() -> None:
    """A hostile layer cannot fill memory with anomalies; the rest is counted, and the count is kept."""
    index, _ = scan(write_tar([file(f"/f{number}") for number in range(MAX_ANOMALIES + 7)]))
    assert len(index.anomalies) == MAX_ANOMALIES
    assert index.unnamed == decode_record(encode_record(index, {}))[0].unnamed == {anomaly.ABSOLUTE_NAME: 7}


def test_anomalies_of_one_kind_hide_no_other() -> None:
    """What is refused or there twice is found last, and named behind however many harmless names."""
    names = [file(f"/f{number}") for number in range(MAX_ANOMALIES + 200)]
    index, _ = scan(write_tar([*names, hardlink("h", "no"), file("t"), file("t/u"), file("q"), file("q")]))
    assert [(found.kind, found.path) for found in index.anomalies[MAX_ANOMALIES:]] == [
        (anomaly.DANGLING_HARDLINK, "h"),
        (anomaly.BELOW_NO_DIRECTORY, "t/u"),
        (anomaly.DUPLICATE_ENTRY, "q"),
    ]
    assert index.unnamed == {anomaly.ABSOLUTE_NAME: 200}


def test_slashes_are_told_behind_however_many_names() -> None:
    """A name is known to start with a slash when it is not named any more, and in a sparse file, too."""
    names = [file(f"/f{number}") for number in range(MAX_ANOMALIES)]
    sparse = {"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0", "GNU.sparse.name": b"/s", "GNU.sparse.realsize": b"4"}
    stored = file("s", b"1\n0\n4\n".ljust(512, b"\0") + b"data", records=sparse)
    index, damage = scan(write_tar([*names, file("/a"), file("a"), stored, file("s"), file("/x"), file("/x")]))
    assert damage is None
    assert [(found.kind, found.path) for found in index.anomalies if "duplicate" in found.kind] == [
        (anomaly.DUPLICATE_ENTRY, "x"),
        (anomaly.RESPELLED_DUPLICATE, "a"),
        (anomaly.RESPELLED_DUPLICATE, "s"),
    ]


def test_a_slash_counts_for_its_own_entry_alone() -> None:
    """Not for the one behind a member that is no entry, or breaks off."""
    members = [file("/z", fields={"typeflag": b"Z"}), file("a"), file("a")]
    assert anomaly.RESPELLED_DUPLICATE not in kinds(scan(write_tar(members))[0])
    broken, _ = scan(write_tar([file("a"), file("/a", b"x" * 2000)])[:1800])
    assert (broken.paths, kinds(broken)) == (["a"], [anomaly.ABSOLUTE_NAME])


def test_oversized_extended_headers_are_damage() -> None:
    """An extended header above the ceiling is not read into memory."""
    content = write_tar([file("a", xattrs={"user.big": b"x" * (1 << 20)})])
    _, damage = scan(content)
    assert damage is not None
    assert "limit" in damage.detail


def test_types_without_content_have_none_whatever_their_size_says() -> None:
    """A directory or link whose size field lies is followed by the next header, as Go's reader sees it."""
    members = [symlink("l", "t", fields={"size": b"00000001000\0"}), file("next", b"x")]
    index, damage = scan(write_tar(members, dialect=USTAR))
    assert (damage, index.paths) == (None, ["l", "next"])


def test_old_directories_are_told_by_their_slash() -> None:
    """Type 0 with a closing slash is a directory, as before POSIX."""
    index, _ = scan(write_tar([file("old/", fields={"typeflag": b"\0"})]))
    assert index[0].type is EntryType.DIRECTORY


def test_runs_tell_directories_apart() -> None:
    """Neighbours in a directory are one run, whichever way their headers were read; a directory may come again."""
    long = f"d/{'x' * 120}"
    members = [directory("d"), file("d/a"), symlink("d/b", "a"), file(long), file("d/e/f"), file("d/g"), file("h")]
    index, _ = scan(write_tar(members))
    runs = [(folder, index.paths[start:stop]) for folder, start, stop in index.iter_runs()]
    assert runs == [("", ["d"]), ("d", ["d/a", "d/b", long]), ("d/e", ["d/e/f"]), ("d", ["d/g"]), ("", ["h"])]
    assert index.runs == find_runs(index.paths)


@given(archives(), st.integers(1, 3000))
def test_runs_are_those_of_the_paths(archive: Archive, place: int) -> None:
    """However an archive is written, and wherever it breaks off, each run lies in one directory."""
    for content in (archive.content, archive.content[:-place]):
        index, _ = scan(content, chunk=700)
        shown = [(folder, path) for folder, start, stop in index.iter_runs() for path in index.paths[start:stop]]
        assert shown == [(path.rpartition("/")[0], path) for path in index.paths]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (b"\x80" + b"\0" * 3 + b"\x7f" * 8, anomaly.EXCESSIVE_NUMBER),
        (b"777777777777", anomaly.EXCESSIVE_NUMBER),
        (b"\xff" * 4 + b"\x80" * 8, anomaly.EXCESSIVE_NUMBER),
        (b"\xff" * 4 + b"\x80" + b"\0" * 7, anomaly.EXCESSIVE_NUMBER),
        (b"\xff" * 4 + b"\x7f" + b"\xff" * 7, anomaly.BAD_NUMBER),
        (b"\x80" + b"\0" * 3 + b"\x80" + b"\0" * 7, anomaly.BAD_NUMBER),
        (b"\x80" + b"\0" * 2 + b"\1" + b"\0" * 8, anomaly.BAD_NUMBER),
    ],
)
def test_times_beyond_the_column_are_named(field: bytes, kind: str) -> None:
    """A plain file may carry any time, again and again; what 64 bits of nanoseconds cannot hold is an anomaly."""
    member = bytearray(write_tar([file("a", b"x")])[:1024])
    member[136:148] = field
    seal_header(member)
    index, damage = scan(bytes(member) * 2 + bytes(1024))
    assert (damage, index.paths) == (None, ["a", "a"])
    assert [found.kind for found in index.anomalies].count(kind) == 2
    assert abs(index.mtimes_ns[0]) == abs(index.mtimes_ns[1]) == 2**63 - 1


@settings(max_examples=60, deadline=None)
@given(archives())
def test_the_hot_loop_reads_what_the_slow_path_reads(archive: Archive) -> None:
    """A member that lies in one chunk and one that lies across many give the same entry."""
    whole, _ = scan(archive.content)
    pieces, _ = scan(archive.content, chunk=512)
    assert list(whole) == list(pieces)
    assert whole.anomalies == pieces.anomalies


def test_directories_are_remembered_up_to_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that lie ever deeper must not fill memory; forgetting changes nothing."""
    monkeypatch.setattr(plain_names, "_REMEMBERED", 20)
    names = plain_names.PlainNames()
    for number in range(50):
        assert names.admits(f"d{number}/e/f")
        assert not names.admits(f"d{number}/../f")
        assert len(names.directories) <= 20
    assert names.admits("/".join("a" * 400))
    assert max(map(len, names.directories)) <= 256
