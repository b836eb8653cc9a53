"""One tar header, parsed strictly."""

import itertools
import re
import tarfile
from typing import Final

import pytest

from layerscope.errors import ImageError, LimitError
from layerscope.layers import tar_header
from layerscope.sources import outer_header
from layerscope.sources.outer_header import (
    BLOCK,
    MemberKind,
    Overrides,
    build_member,
    has_valid_checksum,
    padded,
    parse_header,
    parse_number,
    parse_pax,
)
from support.tar_header import GNU_MAGIC, USTAR_MAGIC, base256, render_header


def header(**values: bytes) -> bytes:
    """A header block with these fields and otherwise those of an empty ustar file called `name`."""
    fields = {"name": b"name", "size": b"00000000000\0", "typeflag": b"0", "magic": USTAR_MAGIC}
    return render_header(fields | values)


def test_header_says_name_size_and_link() -> None:
    """The three things that an image archive is read for."""
    parsed = parse_header(header(name=b"a/b", size=b"00000000017\0", linkname=b"c"), where="x")
    assert (parsed.name, parsed.size, parsed.link) == (b"a/b", 15, b"c")


def test_prefix_comes_before_the_name_in_ustar() -> None:
    """A name of more than 100 bytes is split in two fields."""
    assert parse_header(header(name=b"file", prefix=b"folder"), where="x").name == b"folder/file"


def test_gnu_header_has_no_prefix() -> None:
    """GNU tar keeps times where ustar has the prefix."""
    assert parse_header(header(name=b"file", prefix=b"17171717171", magic=GNU_MAGIC), where="x").name == b"file"


def _write_time(number: int) -> bytes:
    """A time in GNU's base 256, negative ones included."""
    return bytes([0xFF if number < 0 else 0x80]) + number.to_bytes(11, "big", signed=number < 0)


TIMES: Final = (
    bytes(12),
    b"\0" * 11 + b"x",
    b"00000000017\0",
    b"000000000017",
    b" 17         ",
    b"            ",
    b"17\0folder\0\0\0",
    b"00000000018\0",
    b"-0000000017\0",
    b"folder/of/a\0",
    b"folder\xc3\xa9\0\0\0\0",
    *map(_write_time, (0, 7, -1, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1)),
    b"\x80" + b"\x7f" * 11,
    b"\xc0" + bytes(11),
    b"\xbf" + b"\xff" * 11,
    b"\xff" * 12,
)
"""What may stand in the place of GNU's times, which text does and which does not."""


@pytest.mark.parametrize("magic", [USTAR_MAGIC, GNU_MAGIC, b"ustar 00", bytes(8)])
def test_archives_and_layers_tell_a_prefix_alike(magic: bytes) -> None:
    """The two readers of headers know nothing of each other, and say the same of every header."""
    for times in itertools.product(TIMES, repeat=2):
        field = b"".join(times) + b"more"
        block = header(name=b"file", prefix=field, magic=magic)
        prefix = field.partition(b"\0")[0]
        is_text = magic == GNU_MAGIC and not all(map(_is_number, times)) and prefix.isascii()
        expected = prefix + b"/file" if prefix and (is_text or magic == USTAR_MAGIC) else b"file"
        assert parse_header(block, where="x").name == tar_header.read_name(block) == expected, field


@pytest.mark.parametrize("field", TIMES)
def test_archives_and_layers_tell_a_time_alike(field: bytes) -> None:
    """As Go does: what 64 bits with a sign do not hold is none."""
    assert outer_header._is_time(field) is tar_header._is_time(field) is _is_number(field)


def _is_number(field: bytes) -> bool:
    """Whether Go's archive/tar takes a field of twelve bytes for a time: parseNumeric of its strconv.go."""
    if not field[0]:
        return True
    if field[0] & 0x80:
        inverted = 0xFF if field[0] & 0x40 else 0
        digits = [byte ^ inverted for byte in field]
        return int.from_bytes(bytes([digits[0] & 0x7F, *digits[1:]]), "big") < 1 << 63
    return re.fullmatch(rb"[0-7]*", field.strip(b" \0").partition(b"\0")[0]) is not None


def test_wrong_checksum_is_refused() -> None:
    """A flipped bit in a header is damage, whatever it means."""
    block = bytearray(header())
    block[3] ^= 1
    with pytest.raises(ImageError, match="checksum does not match"):
        parse_header(bytes(block), where="x")


def test_checksum_of_signed_bytes_is_accepted() -> None:
    """Some old tars summed the bytes of non-ASCII names as signed numbers."""
    block = bytearray(header(name=b"caf\xc3\xa9"))
    total = sum(byte - 256 if byte > 127 else byte for byte in bytes(block[:148]) + b" " * 8 + bytes(block[156:]))
    block[148:156] = b"%06o\0 " % total
    assert has_valid_checksum(bytes(block))


@pytest.mark.parametrize("content", [b"", b"short", b"x" * BLOCK, bytes(BLOCK)])
def test_what_is_no_header_has_no_valid_checksum(content: bytes) -> None:
    """Text, zeros and fragments are told from headers."""
    assert not has_valid_checksum(content)


@pytest.mark.parametrize(
    ("field", "number"),
    [
        (b"00000000017\0", 15),
        (b"         17 ", 15),
        (b"17\0garbage..", 15),
        (b"\0" * 12, 0),
        (b" " * 12, 0),
        (base256(1 << 33, "size"), 1 << 33),
    ],
)
def test_numbers_in_octal_and_base_256(field: bytes, number: int) -> None:
    """Digits may be padded with blanks and end with a NUL; large sizes are binary."""
    assert parse_number(field, where="x") == number


@pytest.mark.parametrize("field", [b"00000000019\0", b"-0000000017\0", b"1 7\0", b"0x17\0", base256(-1, "size")])
def test_what_is_no_size_is_refused(field: bytes) -> None:
    """Digits beyond 7, signs, inner blanks and negative numbers."""
    with pytest.raises(ImageError, match="expected"):
        parse_number(field, where="x")


@pytest.mark.parametrize("flag", [b"1", b"2", b"3", b"4", b"5", b"6"])
def test_links_devices_and_directories_have_no_body(flag: bytes) -> None:
    """A size in such a header does not move the next one, as in Go's archive/tar."""
    assert parse_header(header(typeflag=flag, size=b"00000001000\0"), where="x").size == 0


@pytest.mark.parametrize(
    ("flag", "name", "kind"),
    [
        (b"0", b"a", MemberKind.FILE),
        (b"\0", b"a", MemberKind.FILE),
        (b"7", b"a", MemberKind.FILE),
        (b"0", b"a/", MemberKind.DIRECTORY),
        (b"1", b"a", MemberKind.HARDLINK),
        (b"2", b"a", MemberKind.SYMLINK),
        (b"5", b"a", MemberKind.DIRECTORY),
        (b"6", b"a", MemberKind.OTHER),
        (b"S", b"a", MemberKind.OTHER),
    ],
)
def test_kind_of_member(flag: bytes, name: bytes, kind: MemberKind) -> None:
    """The type flag decides, and a closing slash makes an old tar's directory."""
    parsed = parse_header(header(typeflag=flag, name=name), where="x")
    assert build_member(parsed, Overrides(), 512, where="x").kind is kind


def test_records_override_the_header() -> None:
    """Name, link and size of PAX records or GNU long names count."""
    overrides = Overrides(name=b"long", link=b"target", size=7)
    member = build_member(parse_header(header(), where="x"), overrides, 512, where="x")
    assert (member.name, member.link, member.size, member.end) == ("long", "target", 7, 1024)


def test_sparse_records_make_no_plain_file() -> None:
    """The stored bytes of a sparse file are not its content."""
    member = build_member(parse_header(header(), where="x"), Overrides(is_sparse=True), 512, where="x")
    assert member.kind is MemberKind.OTHER


def test_name_that_is_not_utf_8_stays_readable() -> None:
    """Any bytes become text that can be printed and compared."""
    member = build_member(parse_header(header(name=b"a\xff"), where="x"), Overrides(), 512, where="x")
    assert member.name == "a\\xff"


def test_name_with_a_nul_is_refused() -> None:
    """A NUL in a PAX path would end the name early in other programs."""
    with pytest.raises(ImageError, match="NUL"):
        build_member(parse_header(header(), where="x"), Overrides(name=b"a\0b"), 512, where="x")


def test_overlong_name_is_refused() -> None:
    """A name has a ceiling."""
    with pytest.raises(LimitError, match="name of 5000 bytes, limit 4096"):
        build_member(parse_header(header(), where="x"), Overrides(name=b"a" * 5000), 512, where="x")


def test_overlarge_member_is_refused() -> None:
    """A size that no image has is named with its limit."""
    with pytest.raises(LimitError, match=f"limit {outer_header.MAX_MEMBER_SIZE}"):
        build_member(parse_header(header(), where="x"), Overrides(size=1 << 41), 512, where="x")


def test_pax_records_are_read() -> None:
    """Path, linkpath and size are taken, everything else is passed over."""
    records = b"11 path=ab\n14 linkpath=c\n9 size=7\n20 atime=1.23456789\n"
    assert parse_pax(records, where="x") == Overrides(name=b"ab", link=b"c", size=7)


def test_pax_records_of_the_standard_library_are_read() -> None:
    """What tarfile writes for a long name is understood."""
    info = tarfile.TarInfo("x" * 300)
    block = info.tobuf(format=tarfile.PAX_FORMAT)
    size = parse_header(block[:BLOCK], where="x").size
    assert parse_pax(block[BLOCK : BLOCK + size], where="x").name == b"x" * 300


def test_empty_pax_values_mean_the_header() -> None:
    """A record without a value takes an earlier one back."""
    assert parse_pax(b"8 path=\n8 size=\n", where="x") == Overrides()


@pytest.mark.parametrize(
    "records",
    [
        b"path=ab\n",
        b"99 path=ab\n",
        b"11 path=abX",
        b"0 \n",
        b"6 path\n",
        b"5 =a\n",
        b"-1 path=a\n",
        b"1" * 30,
        b"12 size=0x10\n",
    ],
)
def test_broken_pax_records_are_refused(records: bytes) -> None:
    """Lengths, separators and numbers must be right."""
    with pytest.raises(ImageError, match="PAX"):
        parse_pax(records, where="x")


def test_bodies_are_padded_to_blocks() -> None:
    """The next header lies at a multiple of 512."""
    assert [padded(0), padded(1), padded(512), padded(513)] == [0, 512, 512, 1024]
