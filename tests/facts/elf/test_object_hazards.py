"""Few objects are told: those with an executable stack, for demanding processors, or without their ends."""

from dataclasses import replace
from typing import Final

from layerscope.facts.elf.object_hazards import (
    CutObject,
    DemandingObjects,
    KernelDemand,
    ObjectHazardCollector,
    StackDemand,
)
from layerscope.facts.fact import Evidence
from support.contexts import collect, make_context
from support.elf_writer import AARCH64, ElfPlan, write_elf
from support.tar_member import TarMember, file

LIBRARY: Final = ElfPlan(soname="libgenerate.so.1")
EXECUTABLE_STACK: Final = replace(LIBRARY, stack_flags=7)
STEPS: Final = ("COPY app /app",)


def stacks(*members: TarMember) -> list[StackDemand]:
    """The stacks that are told of one layer."""
    return list(collect(ObjectHazardCollector, make_context(members, steps=STEPS)).of(StackDemand))


def test_an_executable_stack_is_told() -> None:
    """Whether it is asked for, or follows from silence."""
    path = "usr/lib/python3/dist-packages/generate.so"
    asked, silent = stacks(
        file("usr/lib/liba.so", write_elf(EXECUTABLE_STACK)),
        file(path, write_elf(replace(LIBRARY, stack_flags=None))),
    )
    assert (asked.path, asked.is_absent, asked.is_python) == ("usr/lib/liba.so", False, False)
    assert silent == StackDemand(Evidence(0, path), path, 0, "COPY app /app", is_absent=True, is_python=True)


def test_other_stacks_are_not_told() -> None:
    """Those of programs, of other machines, and of files that nothing loads."""
    assert (
        stacks(
            file("a", write_elf(LIBRARY)),
            file("b", write_elf(replace(EXECUTABLE_STACK, soname=None, interpreter="/lib64/ld-linux-x86-64.so.2"))),
            file("c", write_elf(replace(EXECUTABLE_STACK, flags_1=0x8000000))),
            file("d", write_elf(replace(EXECUTABLE_STACK, machine=AARCH64))),
            file("e", write_elf(replace(EXECUTABLE_STACK, is_dynamic=False))),
        )
        == []
    )


def test_demanding_objects_are_told_by_level_and_layer() -> None:
    """Except those that the loader chooses by the processor."""
    context = make_context(
        [
            file("lib/a.so", write_elf(replace(LIBRARY, isa_needed=0b111))),
            file("lib/b.so", write_elf(replace(LIBRARY, isa_needed=0b100))),
            file("lib/c.so", write_elf(replace(LIBRARY, isa_needed=0b1111))),
            file("lib/d.so", write_elf(replace(LIBRARY, isa_needed=0b11))),
            file("lib/glibc-hwcaps/x86-64-v3/e.so", write_elf(replace(LIBRARY, isa_needed=0b100))),
        ]
    )
    found = collect(ObjectHazardCollector, context).of(DemandingObjects)
    assert [(each.level, each.count, each.paths) for each in found] == [
        ("x86-64-v3", 2, ("lib/a.so", "lib/b.so")),
        ("x86-64-v4", 1, ("lib/c.so",)),
    ]


def test_demands_on_the_kernel_are_told_beyond_those_of_every_library() -> None:
    """By version and layer."""
    members = [
        file("usr/lib/libc.so.6", write_elf(replace(LIBRARY, minimum_kernel="3.2.0"))),
        file("usr/lib/libqt.so", write_elf(replace(LIBRARY, minimum_kernel="3.17.0"))),
    ]
    (demand,) = collect(ObjectHazardCollector, make_context(members, steps=STEPS)).of(KernelDemand)
    assert (demand.kernel, demand.paths, demand.instruction) == ("3.17.0", ("usr/lib/libqt.so",), "COPY app /app")


def test_cut_objects_are_told() -> None:
    """With what is missing; of a file without a whole header, only those that look like programs or libraries."""
    content = write_elf(replace(LIBRARY, has_section_table=False))
    context = make_context(
        [
            file("lib/a.so", content[:-5]),
            file("lib/b.so", content),
            file("lib/c.so.1", content[:20]),
            file("bin/d", content[:20], mode=0o755),
            file("test/data", content[:20]),
        ]
    )
    found = collect(ObjectHazardCollector, context).of(CutObject)
    assert [(cut.path, cut.size, cut.missing, cut.missing_loaded) for cut in found] == [
        ("lib/a.so", len(content) - 5, 5, 5),
        ("bin/d", 20, 0, 0),
        ("lib/c.so.1", 20, 0, 0),
    ]
