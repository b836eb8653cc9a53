"""Runtime libraries that an image has more than once."""

from layerscope.facts.elf.duplicate_libraries import DuplicateLibrary, DuplicateLibraryCollector
from layerscope.formats.elf_object import NeededVersion
from support.contexts import collect, collect_one
from support.elf_images import GLIBC_FILES, SITE, make_image, module
from support.elf_writer import ElfPlan

GOMP = ElfPlan(soname="libgomp.so.1")
IOMP = ElfPlan(soname="libiomp5.so")


def test_tells_what_one_module_loads_together() -> None:
    """By its path."""
    path = f"{SITE}/a/_x.abi3.so"
    files = {**GLIBC_FILES, path: module("_x", "libgomp.so.1", "libiomp5.so", runpath="$ORIGIN"), f"{SITE}/a/libgomp.so.1": GOMP, f"{SITE}/a/libiomp5.so": IOMP}  # fmt: skip # noqa: E501 - one image
    fact = collect_one(DuplicateLibraryCollector, make_image(files), DuplicateLibrary)
    assert (fact.family, fact.process, fact.is_one_root) == ("OpenMP", path, True)
    assert fact.together == (f"{SITE}/a/libgomp.so.1", f"{SITE}/a/libiomp5.so")


def test_tells_what_modules_of_one_site_load() -> None:
    """With the newest version that they need, of libstdc++."""
    needs = {"runpath": "$ORIGIN", "required_versions": (NeededVersion("libstdc++.so.6", "GLIBCXX_3.4.30"),)}
    old = ElfPlan(soname="libstdc++.so.6", provided_versions=("GLIBCXX_3.4.9",))
    new = ElfPlan(soname="libstdc++.so.6", provided_versions=("GLIBCXX_3.4.30",))
    files = {
        **GLIBC_FILES,
        f"{SITE}/a/_x.abi3.so": module("_x", "libstdc++.so.6", **needs),
        f"{SITE}/a/libstdc++.so.6": new,
        f"{SITE}/b/_y.abi3.so": module("_y", "libstdc++.so.6"),
        "lib64/libstdc++.so.6": old,
    }
    fact = collect_one(DuplicateLibraryCollector, make_image(files), DuplicateLibrary)
    assert (fact.process, fact.is_one_root, fact.required) == (SITE, False, "GLIBCXX_3.4.30")
    assert [copy.version for copy in fact.copies] == ["GLIBCXX_3.4.9", "GLIBCXX_3.4.30"]
    assert [copy.roots for copy in fact.copies] == [1, 1]


def test_two_copies_that_never_meet() -> None:
    """They are told, as copies alone."""
    files = {**GLIBC_FILES, "opt/a/libcudart.so.12": ElfPlan(soname="libcudart.so.12"), "opt/b/libcudart.so.13": ElfPlan(soname="libcudart.so.13")}  # fmt: skip # noqa: E501 - one image
    fact = collect_one(DuplicateLibraryCollector, make_image(files), DuplicateLibrary)
    assert (fact.family, fact.together, len(fact.copies)) == ("CUDA runtime", (), 2)


def test_one_copy_is_none() -> None:
    """Other libraries do not count, however many."""
    files = {**GLIBC_FILES, "a/libgomp.so.1": GOMP, "a/libx.so": ElfPlan(soname="libx.so"), "b/libx.so": ElfPlan(soname="libx.so")}  # fmt: skip # noqa: E501 - one image
    assert not list(collect(DuplicateLibraryCollector, make_image(files)))
