"""Collectors see the objects that the container sees, under every path that leads to their content."""

from dataclasses import replace
from typing import Final

import pytest

from layerscope.facts.elf.inventory import ElfInventory, ElfObjectsCollector, SymbolVersion, parse_version
from layerscope.facts.elf.numpy_marks import NumpyAbi
from layerscope.facts.elf.objects import find_broken_objects, find_objects
from layerscope.formats.elf_object import NeededVersion
from support.contexts import collect, collect_gaps, collect_one, make_context
from support.elf_writer import AARCH64, EXECUTABLE, ElfPlan, write_elf
from support.fatbinary_writer import sass, write_container
from support.tar_member import directory, file, hardlink, symlink, whiteout

LIBRARY: Final = ElfPlan(
    soname="libgenerate.so.1",
    required_versions=(
        NeededVersion("libc.so.6", "GLIBC_2.17"),
        NeededVersion("libc.so.6", "GLIBC_2.34"),
        NeededVersion("libc.so.6", "GLIBC_2.99", is_weak=True),
        NeededVersion("libc.so.6", "GLIBC_PRIVATE"),
        NeededVersion("libstdc++.so.6", "GLIBCXX_3.4.9"),
        NeededVersion("libstdc++.so.6", "GLIBCXX_3.4.30"),
    ),
)
C_LIBRARY: Final = ElfPlan(soname="libc.so.6", provided_versions=("GLIBC_2.4", "GLIBC_2.36", "GLIBC_PRIVATE"))


def test_objects_are_found_by_path() -> None:
    """Hard links are paths of their own, with the layer of their entry; what was replaced or removed is not there."""
    content = write_elf(LIBRARY)
    context = make_context(
        [file("lib/a.so", content), file("lib/b.so", content), file("lib/c.so", content), symlink("lib/d.so", "a.so")],
        [hardlink("opt/e.so", "lib/a.so"), file("lib/b.so", b"text"), whiteout("lib/c.so")],
    )
    found = context.shared(find_objects)
    assert {path: (each.layer, each.size) for path, each in found.items()} == {
        "lib/a.so": (0, len(content)),
        "opt/e.so": (1, len(content)),
    }
    assert found["opt/e.so"].elf is found["lib/a.so"].elf
    assert found["lib/a.so"].elf.soname == "libgenerate.so.1"


def test_content_outlives_its_first_path() -> None:
    """A hard link still leads to what its target was when the link was made."""
    context = make_context(
        [file("lib/a.so", write_elf(LIBRARY)), hardlink("lib/b.so", "lib/a.so")], [file("lib/a.so", b"text")]
    )
    assert list(context.shared(find_objects)) == ["lib/b.so"]


def test_device_code_and_words_of_numpy_come_along() -> None:
    """As the extractor kept them."""
    path = "usr/lib/python3/dist-packages/generate.so"
    words = {".data": b"_ARRAY_API numpy.core", ".nv_fatbin": write_container([sass(90)])}
    found = make_context([file(path, write_elf(replace(LIBRARY, sections=words)))]).shared(find_objects)[path]
    assert found.numpy_abi == NumpyAbi.ARRAY_API | NumpyAbi.CORE
    assert found.numpy_abi.is_numpy_1
    assert not (found.numpy_abi | NumpyAbi.NEW_CORE).is_numpy_1
    assert found.code is not None
    assert [target.arch for group in found.code.groups for target in group.targets] == [90]


def test_the_inventory_counts_and_names_the_newest() -> None:
    """Numbers are compared as numbers; weak requirements and names without numbers say nothing."""
    context = make_context(
        [
            directory("lib"),
            file("lib/libc.so.6", write_elf(C_LIBRARY)),
            file("lib/libgenerate.so.1", write_elf(LIBRARY)),
            file("opt/other.so", write_elf(ElfPlan(machine=AARCH64, required_versions=LIBRARY.required_versions))),
            file("usr/bin/run", write_elf(ElfPlan(type=EXECUTABLE, interpreter="/lib64/ld-linux-x86-64.so.2"))),
        ]
    )
    inventory = collect_one(ElfObjectsCollector, context, ElfInventory)
    assert inventory.objects == 4
    assert inventory.machines == ((62, 3), (AARCH64, 1))
    assert inventory.types == ((3, 3), (2, 1))
    assert inventory.interpreters == (("/lib64/ld-linux-x86-64.so.2", 1),)
    assert (inventory.foreign, inventory.foreign_paths) == (1, ("opt/other.so",))
    assert inventory.newest == (
        SymbolVersion("GLIBC", "2.34", "lib/libgenerate.so.1", 0),
        SymbolVersion("GLIBCXX", "3.4.30", "lib/libgenerate.so.1", 0),
    )
    assert inventory.glibc == SymbolVersion("GLIBC", "2.36", "lib/libc.so.6", 0)


def test_the_c_library_is_that_of_the_loader() -> None:
    """One that lies elsewhere belongs to something that brings its own."""
    context = make_context([file("opt/conda/lib/libc.so.6", write_elf(C_LIBRARY))])
    assert collect_one(ElfObjectsCollector, context, ElfInventory).glibc is None


def test_an_image_without_objects_has_no_inventory() -> None:
    """There is nothing to count."""
    assert list(collect(ElfObjectsCollector, make_context([file("a", b"text")]))) == []


def test_what_could_not_be_read_is_a_gap() -> None:
    """An object with a problem, and a file that only begins like one."""
    content = bytearray(write_elf(LIBRARY))
    at = content.index((5).to_bytes(8, "little"), 64 * 12)  # DT_STRTAB, whose address is beyond everything then
    content[at + 8 : at + 16] = (1 << 40).to_bytes(8, "little")
    context = make_context([file("lib/a.so", bytes(content)), file("lib/b.so", b"\x7fELF" + bytes(3))])
    assert [(gap.what, gap.where) for gap in collect_gaps(ElfObjectsCollector, context)] == [
        ("ELF object", "/lib/a.so"),
        ("ELF object", "/lib/b.so"),
    ]
    assert [broken.path for broken in find_broken_objects(context)] == ["lib/b.so"]


def test_versions_are_numbers() -> None:
    """Anything else is no version that can be compared."""
    assert parse_version("3.4.30") == (3, 4, 30)
    assert [parse_version(text) for text in ("PRIVATE", "ABI_DT_RELR", "2.x", "", "1" * 20)] == [None] * 5


@pytest.mark.parametrize("folder", ["nvidia/cu13/lib", "triton/backends/nvidia/lib", "numpy.libs"])
def test_vendored_libraries_are_not_searched_for_words_of_numpy(folder: str) -> None:
    """They are no extension modules, and large."""
    path = f"usr/lib/python3/dist-packages/{folder}/libhost.so"
    content = write_elf(replace(LIBRARY, sections={".data": b"_ARRAY_API numpy.core"}))
    assert make_context([file(path, content)]).shared(find_objects)[path].numpy_abi is NumpyAbi.NONE
