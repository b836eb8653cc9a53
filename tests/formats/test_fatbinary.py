"""Fatbinaries are listed from their headers, whatever the pieces they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats import container_tally
from layerscope.formats.device_code import CodeKind, ContainerGroup, DeviceCode, DeviceTarget
from layerscope.formats.fatbinary import LINKING_SECTION, LOADED_SECTION, MAGIC, FatbinaryScanner, parse_fatbinary
from support.fatbinary_writer import Entry, ptx, sass, write_container

SM_80 = DeviceTarget(CodeKind.SASS, 80)
SM_90A = DeviceTarget(CodeKind.SASS, 90, "a")
PTX_90 = DeviceTarget(CodeKind.PTX, 90, "", (8, 4))


def scan(content: bytes, *pieces: int, sections: tuple[tuple[str, int, int], ...] = ()) -> DeviceCode:
    """The device code of `content`, fed in pieces of these lengths and then the rest."""
    scanner = FatbinaryScanner()
    view = memoryview(content)
    for length in pieces:
        if piece := view[:length]:
            scanner.feed(piece)
        view = view[length:]
    if view:
        scanner.feed(view)
    return scanner.finish(sections)


def test_entries_are_told_by_their_headers() -> None:
    """Kind, architecture, suffix, PTX version and payload bytes; the order of entries does not matter."""
    content = write_container([sass(90, "a", size=32), ptx(90, (8, 4), size=16), sass(80, size=8)])
    assert scan(content) == DeviceCode((ContainerGroup((PTX_90, SM_80, SM_90A), 1, "", ((80, 8), (90, 48))),))


def test_same_containers_are_counted() -> None:
    """Their bytes are summed."""
    container = write_container([sass(80, size=24)])
    assert scan(container + bytes(8) + container) == DeviceCode((ContainerGroup((SM_80,), 2, "", ((80, 48),)),))


def test_containers_lie_in_sections() -> None:
    """Code for linking is told from code that is loaded, and from what lies elsewhere."""
    container = write_container([sass(80)])
    length = len(container)
    sections = ((LINKING_SECTION, 3 * length, length), (LOADED_SECTION, length, 2 * length))
    groups = scan(container * 5, sections=sections).groups
    assert [(group.section, group.count) for group in groups] == [
        ("", 2), (LOADED_SECTION, 2), (LINKING_SECTION, 1),
    ]  # fmt: skip


def test_intermediate_code_is_not_counted_as_bytes_that_run() -> None:
    """Nor is a kind that is not known."""
    content = write_container([Entry(CodeKind.LTO, 75), Entry(CodeKind.OTHER, 75)])
    (group,) = scan(content).groups
    assert {target.kind for target in group.targets} == {CodeKind.LTO, CodeKind.OTHER}
    assert group.bytes_by_arch == ()


def test_longer_headers_hold_names_and_options() -> None:
    """What follows the 64 bytes is skipped."""
    assert scan(write_container([Entry(CodeKind.SASS, 80, header=112), sass(80)])).groups[0].targets == (SM_80, SM_80)


def test_payload_is_never_looked_into() -> None:
    """A container that lies in a payload is not one of the object."""
    inner = write_container([sass(75)])
    content = write_container([Entry(CodeKind.SASS, 80, size=len(inner), filler=inner)])
    assert [group.targets for group in scan(content).groups] == [(SM_80,)]


def test_bad_entry_damages_its_container_alone() -> None:
    """The next container is found again."""
    bad = write_container([sass(75), Entry(CodeKind.SASS, 75, version=0x0102)])
    assert scan(bad + write_container([sass(80)])) == DeviceCode((ContainerGroup((SM_80,), 1, "", ((80, 64),)),), 1)


def test_cut_container_is_damaged() -> None:
    """Its entries are not counted."""
    content = write_container([sass(80), sass(90)])
    assert scan(content[:-1]) == DeviceCode((), 1)


def test_claim_beyond_the_file_hides_nothing() -> None:
    """Where the file's size is known, a container that reaches beyond it does not swallow what follows."""
    liar = write_container([sass(75)])[:8] + (1 << 40).to_bytes(8, "little")
    content = liar + write_container([sass(80)])
    scanner = FatbinaryScanner(len(content))
    scanner.feed(memoryview(content))
    assert [group.targets for group in scanner.finish().groups] == [(SM_80,)]


@pytest.mark.parametrize(("section", "damaged"), [(LOADED_SECTION, 1), (".rodata", 0)])
def test_magic_alone_counts_only_where_containers_belong(section: str, damaged: int) -> None:
    """Programs that read fatbinaries hold the magic as a constant."""
    content = MAGIC + b"\1" * 120
    assert scan(content, sections=((section, 0, len(content)),)) == DeviceCode((), damaged)


@pytest.mark.parametrize("offset", range(1, 8))
def test_magic_is_looked_for_where_it_is_aligned(offset: int) -> None:
    """Compilers align containers to eight bytes."""
    assert scan(bytes(offset) + write_container([sass(80)])) == DeviceCode(())


def test_file_must_start_with_a_container() -> None:
    """A `.fatbin` file is nothing else."""
    content = write_container([sass(80)])
    assert parse_fatbinary(content) == scan(content)
    with pytest.raises(FormatError, match="reading a fatbinary: it starts with '7f454c46'"):
        parse_fatbinary(b"\x7fELF")


PARTS = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.builds(bytes, st.integers(0, 24)),
        st.just(MAGIC),
        st.lists(
            st.builds(
                Entry,
                st.sampled_from(CodeKind),
                st.sampled_from([75, 80, 90, 120]),
                st.sampled_from(["", "a", "f"]),
                isa=st.sampled_from([(1, 7), (8, 4)]),
                size=st.integers(0, 10).map(lambda words: 8 * words),
                header=st.sampled_from([64, 72, 96]),
                version=st.sampled_from([0x0101, 0x0101, 0x0101, 0]),
                filler=st.sampled_from([b"\xed", MAGIC]),
            ),
            max_size=4,
        ).map(write_container),
    ),
    max_size=6,
).map(b"".join)


@given(PARTS, st.lists(st.integers(1, 90), max_size=12))
def test_pieces_do_not_matter(content: bytes, pieces: list[int]) -> None:
    """Any cut gives what the whole gives."""
    sections = ((LOADED_SECTION, 0, len(content) // 2),)
    assert scan(content, *pieces, sections=sections) == scan(content, sections=sections)
    assert scan(content, *([1] * len(content)), sections=sections) == scan(content, sections=sections)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(content: bytes) -> None:
    """Noise after a true beginning never raises."""
    scan(write_container([sass(80)]) + MAGIC + content)


def test_ceilings_count_what_they_leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers beyond a ceiling are unread."""
    monkeypatch.setattr(container_tally, "CONTAINER_LIMIT", 2)
    assert scan(write_container([sass(80)]) * 3).unread == 1
    monkeypatch.setattr(container_tally, "TOTAL_LIMIT", 1)
    assert scan(write_container([sass(80)]) * 3).unread == 2
    monkeypatch.setattr(container_tally, "DISTINCT_LIMIT", 1)
    assert scan(write_container([sass(80)]) + write_container([sass(90)])).unread == 1
    monkeypatch.setattr(container_tally, "ENTRY_LIMIT", 1)
    assert scan(write_container([sass(80), sass(80)])) == DeviceCode((), 0, 1)


def test_memory_has_a_ceiling() -> None:
    """However many different entries a file makes up, a fixed number of them is kept."""
    content = b"".join(write_container([sass(arch, size=0)]) for arch in range(container_tally.DISTINCT_LIMIT + 9))
    assert scan(content).unread == 9


def test_bytes_that_hold_none_are_passed_over_unread() -> None:
    """Places are counted on; inside a container nothing is passed over."""
    container = write_container([sass(90)])
    scanner = FatbinaryScanner()
    assert scanner.skip(64)
    assert not scanner.has_found
    scanner.feed(memoryview(container[:40]))
    assert scanner.has_found
    assert not scanner.skip(8)
    scanner.feed(memoryview(container[40:]))
    assert scanner.skip(8)
    code = scanner.finish([(".nv_fatbin", 64, len(container))])
    assert [(group.section, group.count) for group in code.groups] == [(".nv_fatbin", 1)]
