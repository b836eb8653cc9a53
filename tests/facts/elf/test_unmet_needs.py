"""Libraries that are missing, and what the image has or had of them."""

from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.unmet_needs import UnmetNeed, UnmetNeedCollector, UnreachedNeed
from layerscope.facts.fact import Evidence
from support.contexts import collect, collect_one
from support.elf_images import GLIBC_FILES, LOADER, SITE, make_image, module
from support.elf_writer import ElfPlan
from support.tar_member import whiteout

APP = ElfPlan(interpreter=LOADER, needed=("liba.so",))


def test_tells_who_needs_it_and_by_which_way() -> None:
    """From the program to the object that asks."""
    files = {**GLIBC_FILES, "usr/bin/app": APP, "lib64/liba.so": ElfPlan(needed=("libnone.so", "libcuda.so.1"))}
    fact = collect_one(UnmetNeedCollector, make_image(files, steps=["ADD base /"]), UnmetNeed)
    assert fact.evidence == Evidence(0, "lib64/liba.so", "libnone.so")
    assert (fact.needed, fact.place.instruction) == ("libnone.so", "ADD base /")
    assert (fact.reach.kind, fact.reach.chain) == (RootKind.PROGRAM, ("usr/bin/app", "lib64/liba.so"))
    assert (fact.elsewhere, fact.removed_by, fact.unusable) == ((), None, None)


def test_tells_the_layer_that_removed_it() -> None:
    """With the path that it had."""
    context = make_image(
        {**GLIBC_FILES, "usr/bin/app": APP},
        {"lib64/liba.so": ElfPlan()},
        [whiteout("lib64/liba.so")],
        steps=["ADD base", "COPY liba.so", "RUN rm liba.so"],
    )
    fact = collect_one(UnmetNeedCollector, context, UnmetNeed)
    assert (fact.removed_by, fact.removed_path, fact.removed_instruction) == (2, "lib64/liba.so", "RUN rm liba.so")


def test_tells_where_else_it_lies() -> None:
    """In a folder that ldconfig knows, and no cache was written since."""
    files = {**GLIBC_FILES, "usr/bin/app": APP, "opt/lib/liba.so": ElfPlan(), "etc/ld.so.conf": b"/opt/lib\n"}
    fact = collect_one(UnmetNeedCollector, make_image(files), UnmetNeed)
    assert (fact.elsewhere, fact.is_uncached, fact.is_bundled) == (("opt/lib/liba.so",), True, False)


def test_tells_that_a_package_brings_it_itself() -> None:
    """Its own code may open it before."""
    files = {**GLIBC_FILES, f"{SITE}/p/_x.abi3.so": module("_x", "liba.so"), f"{SITE}/p/lib/liba.so": ElfPlan()}
    fact = collect_one(UnmetNeedCollector, make_image(files), UnmetNeed)
    assert (fact.reach.package, fact.reach.is_central, fact.is_bundled) == ("p", True, True)
    assert (fact.failing, fact.modules) == (1, 1)


def test_tells_a_file_that_cannot_be_loaded() -> None:
    """A linker script, say, or a pointer of Git LFS."""
    files = {**GLIBC_FILES, "usr/bin/app": APP, "lib64/liba.so": b"INPUT(liba.so.1)"}
    assert collect_one(UnmetNeedCollector, make_image(files), UnmetNeed).unusable == "lib64/liba.so"


def test_several_builds_of_one_module_are_variants() -> None:
    """A package tries one after the other."""
    files = {f"{SITE}/p/_io{number}.abi3.so": module(f"_io{number}", f"libav.so.{number}") for number in (4, 5)}
    facts = collect(UnmetNeedCollector, make_image({**GLIBC_FILES, **files})).of(UnmetNeed)
    assert [fact.reach.is_variant for fact in facts] == [True, True]


def test_what_nothing_reaches_is_told_apart() -> None:
    """By the name that is needed."""
    files = {
        **GLIBC_FILES,
        "opt/a.plugin.so": ElfPlan(needed=("libnone.so",)),
        "opt/b.so": ElfPlan(needed=("libnone.so",)),
    }
    facts = collect(UnmetNeedCollector, make_image(files))
    (fact,) = facts.of(UnreachedNeed)
    assert (fact.needed, fact.objects, fact.example.path) == ("libnone.so", 2, "opt/a.plugin.so")
    assert not facts.of(UnmetNeed)
