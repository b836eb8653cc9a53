"""The members of an outer tar, walked by their headers."""

import io
import tarfile
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import ImageError, LimitError
from layerscope.sources import outer_tar
from layerscope.sources.forward import ForwardReader
from layerscope.sources.outer_header import BLOCK, Member, MemberKind
from layerscope.sources.outer_tar import OuterTar
from support.archives import link, pack
from support.tar_writer import (
    DIALECTS,
    GNU,
    PAX,
    Dialect,
    Sparse,
    can_hold,
    file,
    sparse_file,
    write_global_header,
    write_tar,
)

FORMS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


@dataclass
class Memory:
    """Bytes by position, which remembers what was asked for."""

    content: bytes
    asked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def length(self) -> int:
        """How many there are."""
        return len(self.content)

    def read_at(self, offset: int, size: int) -> bytes:
        """Read some of them."""
        self.asked.append((offset, size))
        return self.content[offset : offset + size]


def walk(content: bytes) -> tuple[list[Member], str | None]:
    """The members of an archive, and how it ends too early."""
    tar = OuterTar(Memory(content), where="x.tar")
    return list(tar), tar.damage


def names_of(content: bytes) -> list[str]:
    """The names of an archive's members."""
    return [member.name for member in walk(content)[0]]


segments = st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=60)
names = st.lists(segments, min_size=1, max_size=6).map("/".join).filter(lambda name: len(name.encode()) < 2000)


@given(
    st.lists(st.tuples(names, st.binary(max_size=1500)), max_size=6, unique_by=lambda pair: pair[0]),
    st.sampled_from(FORMS[1:]),
)
def test_members_are_those_that_tarfile_wrote(files: list[tuple[str, bytes]], form: int) -> None:
    """Names of any length and script, and bodies of any size, in GNU's and POSIX's format."""
    content = pack(dict(files), form=form)
    members, damage = walk(content)
    read = [(member.name, content[member.offset : member.offset + member.size]) for member in members]
    assert damage is None
    assert read == files


@given(st.lists(st.tuples(st.text("abc/", min_size=1, max_size=250), st.binary(max_size=600)), max_size=5))
def test_ustar_members_are_those_that_tarfile_reads(files: list[tuple[str, bytes]]) -> None:
    """Names that ustar splits between two fields."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, body in files:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            try:
                archive.addfile(info, io.BytesIO(body))
            except ValueError:
                continue  # ustar cannot hold the name
    with tarfile.open(fileobj=io.BytesIO(target.getvalue())) as archive:
        expected = [(info.name.rstrip("/"), info.offset_data, info.size) for info in archive]
    members, _ = walk(target.getvalue())
    assert [(member.name.rstrip("/"), member.offset, member.size) for member in members] == expected


@given(st.lists(st.tuples(names, st.binary(max_size=700)), max_size=4, unique_by=lambda pair: pair[0]))
def test_a_stream_is_walked_like_a_file(files: list[tuple[str, bytes]]) -> None:
    """Reading only forward finds the same members at the same places."""
    content = pack(dict(files), form=tarfile.PAX_FORMAT)
    assert list(OuterTar(ForwardReader(io.BytesIO(content)), where="x")) == walk(content)[0]


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_every_dialect_is_understood(dialect: Dialect) -> None:
    """From the first tar to PAX records before every member."""
    members = [file("blobs/sha256/" + "a" * 64, b"one"), file("manifest.json", b"[]")]
    assert all(can_hold(member, dialect) for member in members)
    assert names_of(write_tar(members, dialect=dialect)) == ["blobs/sha256/" + "a" * 64, "manifest.json"]


@pytest.mark.parametrize("form", FORMS)
def test_links_keep_their_targets(form: int) -> None:
    """Symbolic and hard links, with targets longer than a header's field where the format allows."""
    target = "../" + "a" * (90 if form == tarfile.USTAR_FORMAT else 300)
    members, _ = walk(pack({"s": link(target), "h": link(target, hard=True)}, form=form))
    assert [(member.kind, member.link) for member in members] == [
        (MemberKind.SYMLINK, target),
        (MemberKind.HARDLINK, target),
    ]


def test_no_body_is_read() -> None:
    """However large the members, only headers are asked for."""
    memory = Memory(pack({"a": b"x" * 100_000, "b": b"y" * 200_000}))
    list(OuterTar(memory, where="x"))
    assert {size for _, size in memory.asked} == {BLOCK}
    assert len(memory.asked) == 4


@pytest.mark.parametrize("sparse", list(Sparse))
def test_sparse_members_are_passed_over(sparse: Sparse) -> None:
    """The members behind a sparse one are found, whatever its header looks like."""
    pieces = tuple((place * 4096, b"data") for place in range(30))
    holes = sparse_file("holes", pieces, 200_000, sparse)
    dialect = GNU if sparse is Sparse.OLD_GNU else PAX
    members, _ = walk(write_tar([holes, file("after", b"1")], dialect=dialect))
    assert [member.name for member in members if member.kind is MemberKind.FILE] == ["after"]


def test_global_records_are_passed_over() -> None:
    """As in Go, they do not rename members."""
    info = tarfile.TarInfo("a")
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", pax_headers={"path": "evil", "comment": "x"}) as archive:
        archive.addfile(info)
    assert names_of(content.getvalue()) == ["a"]


def test_archive_cut_inside_a_member_says_which() -> None:
    """The member, the bytes expected and the bytes there."""
    members, damage = walk(pack({"a": b"1", "layer.tar": b"x" * 3000})[: 512 * 3 + 1000])
    assert damage == "ends inside the member 'layer.tar': 3000 bytes expected, 1000 there"
    assert [member.count_bytes(2536) for member in members] == [1, 1000]


def test_archive_cut_inside_a_header_says_where() -> None:
    """A header needs 512 bytes."""
    assert walk(pack({"a": b"1", "b": b"2"})[: 1024 + 100])[1] == "ends inside the header at byte 1024"


def test_archive_without_an_end_marker_says_so() -> None:
    """It may be whole, and it may be cut exactly between two members."""
    members, damage = walk(pack({"a": b"1"})[:1024])
    assert damage == "ends at byte 1024 without an end-of-archive marker"
    assert len(members) == 1


def test_archive_cut_inside_records_says_where() -> None:
    """Records of the next member that are not there end the walk."""
    content = pack({"a": b"1", "x" * 900: b"2"}, form=tarfile.PAX_FORMAT)
    members, damage = walk(content[: 1024 + 512 + 100])
    assert [member.name for member in members] == ["a"]
    assert damage is not None


def test_what_follows_the_end_marker_does_not_count() -> None:
    """An archive appended to another is not read, as in Docker."""
    assert names_of(pack({"a": b""}) + pack({"b": b""})) == ["a"]


def test_one_zero_block_at_the_very_end_is_an_end() -> None:
    """Some writers leave one block where two belong."""
    assert walk(pack({"a": b""})[: 512 * 2])[1] is None


def test_a_lone_zero_block_is_refused() -> None:
    """Programs differ on what follows one, so nothing of it is believed."""
    content = pack({"a": b""})[:512] + bytes(512) + pack({"b": b""})
    with pytest.raises(ImageError, match="lone zero block"):
        names_of(content)


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what a file with so many members probably is."""
    monkeypatch.setattr(outer_tar, "MAX_HEADERS", 3)
    with pytest.raises(LimitError, match="docker export"):
        names_of(pack({str(number): b"" for number in range(4)}))


def test_names_in_all_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept in memory of a hostile archive is bounded."""
    monkeypatch.setattr(outer_tar, "MAX_NAMES_SIZE", 100)
    with pytest.raises(LimitError, match="names of more than 100 bytes"):
        names_of(pack({"a" * 60: b"", "b" * 60: b""}))


def test_records_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records longer than any name are not read into memory."""
    monkeypatch.setattr(outer_tar, "MAX_RECORDS_SIZE", 100)
    with pytest.raises(LimitError, match="bytes of records, limit 100"):
        names_of(pack({"a" * 300: b""}, form=tarfile.GNU_FORMAT))


def test_long_names_count_over_records() -> None:
    """As in Go, whichever comes first."""
    gnu = pack({"g" * 200: b"body"}, form=tarfile.GNU_FORMAT)
    pax = pack({"p" * 200: b"body"}, form=tarfile.PAX_FORMAT)
    assert names_of(gnu[:1024] + pax) == ["g" * 200]
    assert names_of(pax[:1024] + gnu) == ["g" * 200]


def test_a_global_header_drops_what_stands_before_it() -> None:
    """As in Go, which begins anew behind it."""
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        extended = pack({"n" * 200: b"body"}, form=form)[:1024]
        assert names_of(extended + write_global_header({"comment": b"x"}) + write_tar([file("own")])) == ["own"]


@pytest.mark.parametrize(
    ("prefix", "name"),
    [(b"blobs", "blobs/own"), (b"000/x", "000/x/own"), (b"00000000017\0", "own"), (b"\x80" * 12, "own")],
)
def test_text_in_the_place_of_gnu_times_is_a_prefix(prefix: bytes, name: str) -> None:
    """As in Go, whose writer once put it there."""
    assert names_of(write_tar([file("own", fields={"prefix": prefix})], dialect=GNU)) == [name]


@pytest.mark.parametrize("records", [{}, {"GNU.sparse.major": b"9", "GNU.sparse.minor": b"9"}])
def test_records_of_no_sparse_format_leave_a_file_a_file(records: dict[str, bytes]) -> None:
    """As in Go, with its own name."""
    (member,), _ = walk(write_tar([file("own", b"1", records={"GNU.sparse.name": b"other", **records})]))
    assert (member.name, member.kind) == ("own", MemberKind.FILE)
