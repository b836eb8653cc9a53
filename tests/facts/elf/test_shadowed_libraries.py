"""Libraries that LD_LIBRARY_PATH puts in front."""

from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.shadowed_libraries import ShadowedLibrary, ShadowedLibraryCollector
from layerscope.formats.elf_object import NeededVersion
from support.contexts import collect, collect_one
from support.elf_images import GLIBC_FILES, SITE, make_image, module
from support.elf_writer import ElfPlan

PATH = f"{SITE}/p/_x.abi3.so"
ENV = ("LD_LIBRARY_PATH=/opt/old",)


def image_with(old: ElfPlan, new: ElfPlan, **tags: str) -> dict[str, ElfPlan | bytes]:
    """A module with a library beside it, and another file of its name in a folder of the variable."""
    required = (NeededVersion("liba.so", "A_2"),)
    return {
        **GLIBC_FILES,
        PATH: module("_x", "liba.so", required_versions=required, **tags),
        f"{SITE}/p/liba.so": new,
        "opt/old/liba.so": old,
    }


def test_tells_winner_and_loser() -> None:
    """With the step that would have found the other, and what the winner lacks."""
    old, new = ElfPlan(soname="liba.so", provided_versions=("A_1",)), ElfPlan(soname="liba.so", exports=("a",))
    context = make_image(image_with(old, new, runpath="$ORIGIN"), env=ENV)
    fact = collect_one(ShadowedLibraryCollector, context, ShadowedLibrary)
    assert (fact.winner.path, fact.shadowed.path) == ("opt/old/liba.so", f"{SITE}/p/liba.so")
    assert (fact.step, fact.folder, fact.objects, fact.example.path) == (SearchStep.RUNPATH, "/opt/old", 1, PATH)
    assert (fact.is_same, fact.versions) == (False, ("A_2",))


def test_marks_files_that_are_equal() -> None:
    """Nothing is lost by those."""
    plan = ElfPlan(soname="liba.so")
    context = make_image(image_with(plan, plan, runpath="$ORIGIN"), env=ENV)
    assert collect_one(ShadowedLibraryCollector, context, ShadowedLibrary).is_same


def test_an_rpath_is_not_shadowed() -> None:
    """It goes before the variable; and without another file nothing is."""
    plan = ElfPlan(soname="liba.so")
    assert not list(collect(ShadowedLibraryCollector, make_image(image_with(plan, plan, rpath="$ORIGIN"), env=ENV)))
    assert not list(collect(ShadowedLibraryCollector, make_image(image_with(plan, plan), env=ENV)))
