"""Symbols that nothing in a process defines."""

from layerscope.facts.elf.undefined_symbols import UndefinedSymbolCollector, UndefinedSymbols
from layerscope.formats.elf_object import NeededVersion, UndefinedSymbol
from support.contexts import collect, collect_one
from support.elf_images import GLIBC_FILES, LOADER, MUSL_FILES, SITE, make_image, module
from support.elf_writer import ElfPlan

PATH = f"{SITE}/p/_x.abi3.so"


def symbols(*names: str, is_weak: bool = False) -> tuple[UndefinedSymbol, ...]:
    """Undefined symbols."""
    return tuple(UndefinedSymbol(name, "", is_weak) for name in names)


def image_with(plan: ElfPlan, **more: ElfPlan) -> dict[str, ElfPlan | bytes]:
    """A module beside others of its folder."""
    return {**GLIBC_FILES, PATH: plan, **{f"{SITE}/p/{name}.so": other for name, other in more.items()}}


def test_tells_what_neither_python_nor_its_libraries_define() -> None:
    """Sorted, with the libraries where it was expected."""
    plan = module("_x", "liba.so", runpath="$ORIGIN", undefined=symbols("malloc", "Py_BuildValue", "a1", "zz", "b2"))
    files = image_with(plan, liba=ElfPlan(soname="liba.so", needed=("libc.so.6",), exports=("a1",)))
    fact = collect_one(UndefinedSymbolCollector, make_image(files), UndefinedSymbols)
    assert (fact.place.path, fact.count, fact.names) == (PATH, 2, ("b2", "zz"))
    assert [place.path for place in fact.libraries] == [f"{SITE}/p/liba.so"]
    assert not fact.is_glibc_on_musl


def test_a_library_of_a_module_counts_as_well() -> None:
    """Its symbols may come from the module's other libraries."""
    plan = module("_x", "liba.so", "libb.so", runpath="$ORIGIN")
    files = image_with(plan, liba=ElfPlan(undefined=symbols("b1", "none")), libb=ElfPlan(exports=("b1",)))
    fact = collect_one(UndefinedSymbolCollector, make_image(files), UndefinedSymbols)
    assert (fact.place.path, fact.names) == (f"{SITE}/p/liba.so", ("none",))


def test_names_what_comes_with_its_libraries_by_the_search_variable() -> None:
    """Behind however many libraries of its own: it is there that the symbols may be missing."""
    many = tuple(f"lib{number}.so" for number in range(12))
    plan = module("_x", *many, runpath="$ORIGIN", undefined=symbols("gone"))
    beside = {f"{SITE}/p/{name}": ElfPlan(soname=name) for name in many[1:]}
    brought = {"opt/old/libfar.so": ElfPlan(soname="libfar.so"), "usr/lib/libfar.so": ElfPlan(exports=("gone",))}
    near = {f"{SITE}/p/lib0.so": ElfPlan(soname="lib0.so", needed=("libfar.so",))}
    image = make_image({**GLIBC_FILES, PATH: plan, **beside, **near, **brought}, env=["LD_LIBRARY_PATH=/opt/old"])
    fact = collect_one(UndefinedSymbolCollector, image, UndefinedSymbols)
    assert [place.path for place in fact.libraries] == [*(f"{SITE}/p/{name}" for name in many), "opt/old/libfar.so"]


def test_passes_over_what_does_no_harm_or_is_not_known() -> None:
    """Weak symbols, and objects above a need that is unmet or injected."""
    for plan in (
        module("_x", undefined=symbols("weak", is_weak=True)),
        module("_x", "libnone.so", undefined=symbols("none")),
        module("_x", "libcuda.so.1", undefined=symbols("cuInit")),
    ):
        assert not list(collect(UndefinedSymbolCollector, make_image(image_with(plan))))


def test_programs_count_where_they_bind_at_once() -> None:
    """Otherwise a symbol may never be asked for."""
    program = {"interpreter": LOADER, "needed": ("libc.so.6",), "undefined": symbols("none")}
    lazy = {**GLIBC_FILES, "usr/bin/app": ElfPlan(**program)}  # type: ignore[arg-type] # by name
    assert not list(collect(UndefinedSymbolCollector, make_image(lazy)))
    for flags in ({"flags": 8}, {"flags_1": 1}):
        now = {**GLIBC_FILES, "usr/bin/app": ElfPlan(**program, **flags)}  # type: ignore[arg-type] # by name
        assert collect_one(UndefinedSymbolCollector, make_image(now), UndefinedSymbols).names == ("none",)


def test_marks_objects_made_for_another_c_library() -> None:
    """By the versions that they ask for."""
    plan = module(
        "_x",
        "libc.so.6",
        undefined=symbols("__strtol_internal"),
        required_versions=(NeededVersion("libc.so.6", "GLIBC_2.2"),),
    )
    context = make_image({**MUSL_FILES, PATH: plan})
    assert collect_one(UndefinedSymbolCollector, context, UndefinedSymbols).is_glibc_on_musl
