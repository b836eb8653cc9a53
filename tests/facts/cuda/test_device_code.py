"""Every library's device code is a fact, with the layer it is in."""

from layerscope.facts.cuda.device_code import CodeForm, DeviceCodeCollector, LibraryCode, select_groups
from layerscope.formats.device_code import CodeKind, ContainerGroup, DeviceCode, DeviceTarget
from support.contexts import collect, collect_gaps, collect_one, make_context
from support.elf_writer import ElfPlan, write_elf
from support.fatbinary_writer import Entry, ptx, sass, write_container
from support.tar_writer import file, whiteout

SM_80 = DeviceTarget(CodeKind.SASS, 80)
SM_90 = DeviceTarget(CodeKind.SASS, 90)
BAD = Entry(CodeKind.SASS, 90, version=0)


def library(*containers: bytes, linking: bytes = b"") -> bytes:
    """A shared object with these containers."""
    sections = {".nv_fatbin": b"".join(containers)} | ({"__nv_relfatbin": linking} if linking else {})
    return write_elf(ElfPlan(sections=sections, code=bytes(64)))


def test_libraries_are_told_with_their_layer() -> None:
    """Containers for linking are weighed, and decide nothing."""
    content = library(write_container([sass(80), sass(90)]), linking=write_container([sass(75)]))
    context = make_context([file("etc/x", b"")], [file("opt/libk.so", content)], steps=("FROM x", "RUN make install"))
    fact = collect_one(DeviceCodeCollector, context, LibraryCode)
    assert (fact.evidence.layer, fact.path, fact.name, fact.form) == (1, "opt/libk.so", "libk.so", CodeForm.OBJECT)
    assert fact.groups == (ContainerGroup((SM_80, SM_90), 1, "", ()),)
    assert (fact.bytes_by_arch, fact.linking_bytes, fact.instruction) == (((80, 64), (90, 64)), 64, "RUN make install")
    assert fact.targets == ("sm_80", "sm_90")


def test_libraries_that_the_container_does_not_see_are_not_told() -> None:
    """A later layer removed or replaced them."""
    content = library(write_container([sass(80)]))
    below = [file("a.so", content), file("b.so", content)]
    context = make_context(below, [whiteout("a.so"), file("b.so", library(write_container([sass(90)])))])
    (fact,) = collect(DeviceCodeCollector, context).of(LibraryCode)
    assert (fact.path, fact.groups[0].targets) == ("b.so", (SM_90,))


def test_objects_without_device_code_are_no_facts() -> None:
    """Most are."""
    context = make_context([file("lib/libc.so.6", write_elf())])
    assert collect(DeviceCodeCollector, context).of(LibraryCode) == ()


def test_files_of_device_code_are_told_as_such() -> None:
    """Programs load them by name."""
    context = make_context([file("k.fatbin", write_container([ptx(80)]))])
    assert collect_one(DeviceCodeCollector, context, LibraryCode).form is CodeForm.FILE


def test_damaged_containers_are_a_gap() -> None:
    """What lies in them is not known."""
    context = make_context([file("libk.so", library(write_container([sass(80)]), write_container([sass(90), BAD])))])
    (gap,) = collect_gaps(DeviceCodeCollector, context)
    assert gap.where == "libk.so"
    assert "1 containers" in gap.why


def test_what_a_library_loads_itself_counts_where_it_is_most() -> None:
    """CuFFT has its kernels in its data; cuBLASLt only a few beside those of the section."""
    group = ContainerGroup((SM_80,), 2, ".nv_fatbin")
    few = ContainerGroup((SM_90,), 1, ".rodata")
    many = ContainerGroup((SM_90,), 3, ".data")
    assert select_groups(DeviceCode((group, few))) == ((ContainerGroup((SM_80,), 2, ""),), False)
    groups, is_self_loaded = select_groups(DeviceCode((group, many)))
    assert ([each.targets for each in groups], is_self_loaded) == ([(SM_90,), (SM_80,)], True)


def test_files_without_sections_count_whole() -> None:
    """Packers strip the section table."""
    assert select_groups(DeviceCode((ContainerGroup((SM_80,), 1, ""),)))[0][0].count == 1
