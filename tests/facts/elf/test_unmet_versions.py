"""Symbol versions that the chosen library lacks."""

from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.unmet_versions import UnmetSymbolVersion, UnmetSymbolVersionCollector
from layerscope.formats.elf_object import NeededVersion
from support.contexts import collect, collect_one
from support.elf_images import GLIBC_FILES, LOADER, MUSL_FILES, SITE, make_image, module
from support.elf_writer import ElfPlan

OLD = ElfPlan(soname="libstdc++.so.6", provided_versions=("GLIBCXX_3.4", "GLIBCXX_3.4.9", "GLIBCXX_3.4.30"))
NEW = ElfPlan(soname="libstdc++.so.6", provided_versions=("GLIBCXX_3.4.30", "GLIBCXX_3.4.32"))


def app(*versions: str, library: str = "libc.so.6", is_weak: bool = False) -> ElfPlan:
    """A program that requires versions of a library."""
    required = tuple(NeededVersion(library, version, is_weak) for version in versions)
    return ElfPlan(interpreter=LOADER, needed=(library,), required_versions=required)


def test_tells_required_and_provided() -> None:
    """Newest last, and the newest that is there, by number and not by letter."""
    files = {**GLIBC_FILES, "usr/bin/app": app("GLIBC_2.38", "GLIBC_2.4", "GLIBC_2.34")}
    fact = collect_one(UnmetSymbolVersionCollector, make_image(files), UnmetSymbolVersion)
    assert (fact.versions, fact.newest) == (("GLIBC_2.4", "GLIBC_2.38"), "GLIBC_2.36")
    assert (fact.provider.path, fact.step) == ("lib64/libc.so.6", SearchStep.DEFAULT)


def test_names_a_better_copy_that_is_not_chosen() -> None:
    """And the step by which the older one won."""
    files = {
        **GLIBC_FILES,
        "usr/bin/app": app("GLIBCXX_3.4.32", library="libstdc++.so.6"),
        "opt/old/libstdc++.so.6": OLD,
        "lib64/libstdc++.so.6": NEW,
    }
    context = make_image(files, env=["LD_LIBRARY_PATH=/opt/old"])
    fact = collect_one(UnmetSymbolVersionCollector, context, UnmetSymbolVersion)
    assert (fact.step, fact.newest, fact.better) == (
        SearchStep.LIBRARY_PATH,
        "GLIBCXX_3.4.30",
        ("lib64/libstdc++.so.6",),
    )


def test_passes_over_what_may_lack() -> None:
    """Weak versions, libraries without versions (the loader only warns), and all of musl's."""
    files = {
        **GLIBC_FILES,
        "usr/bin/weak": app("GLIBC_2.99", is_weak=True),
        "usr/bin/bare": app("X_1", library="libx.so"),
        "lib64/libx.so": ElfPlan(soname="libx.so"),
    }
    assert not list(collect(UnmetSymbolVersionCollector, make_image(files)))
    required = (NeededVersion("libx.so", "X_2"),)
    musl = {
        **MUSL_FILES,
        f"{SITE}/_x.abi3.so": module("_x", "libx.so", required_versions=required),
        "lib/libx.so": ElfPlan(soname="libx.so", provided_versions=("X_1",)),
    }
    assert not list(collect(UnmetSymbolVersionCollector, make_image(musl)))
