"""Programs and modules for another C library or loader."""

from layerscope.facts.elf.foreign_objects import ForeignObjectCollector, ForeignPrograms, GlibcModules, MissingLoader
from layerscope.facts.elf.roots import RootKind
from layerscope.formats.elf_object import NeededVersion
from support.contexts import collect, collect_one
from support.elf_images import GLIBC_FILES, LOADER, MUSL_FILES, MUSL_LOADER, SITE, make_image, module
from support.elf_writer import ElfPlan
from support.tar_member import whiteout

GLIBC = {"required_versions": (NeededVersion("libc.so.6", "GLIBC_2.17"),)}


def test_tells_modules_for_glibc_that_musl_imports() -> None:
    """By package."""
    files = {f"{SITE}/numpy/_a.abi3.so": module("_a", "libc.so.6", **GLIBC), f"{SITE}/numpy/b/_b.abi3.so": module("_b", "libc.so.6", **GLIBC), f"{SITE}/own/_c.abi3.so": module("_c")}  # fmt: skip # noqa: E501 - one image
    fact = collect_one(ForeignObjectCollector, make_image({**MUSL_FILES, **files}), GlibcModules)
    assert (fact.package, fact.modules, fact.python) == ("numpy", 2, "usr/bin/python3.12")
    assert not list(collect(ForeignObjectCollector, make_image({**GLIBC_FILES, **files})))


def test_tells_loaders_that_are_not_there() -> None:
    """With the weightiest program, and the layer that removed the loader."""
    program = ElfPlan(interpreter=LOADER)
    files = {"opt/a": program, "usr/bin/serve": program, "usr/bin/ok": ElfPlan(interpreter=MUSL_LOADER)}
    context = make_image({**MUSL_FILES, **files}, entrypoint=["serve"])
    fact = collect_one(ForeignObjectCollector, context, MissingLoader)
    assert (fact.interpreter, fact.kind, fact.programs, fact.removed_by) == (LOADER, RootKind.ENTRY, 2, None)
    assert fact.examples[0].path == "usr/bin/serve"
    removed = make_image(GLIBC_FILES, [whiteout(LOADER.strip("/"))])
    assert collect_one(ForeignObjectCollector, removed, MissingLoader).removed_by == 1


def test_tells_programs_for_another_machine() -> None:
    """Once, and not for want of their loader; 32-bit programs run beside 64-bit ones."""
    arm = ElfPlan(machine=183, interpreter="/lib/ld-linux-aarch64.so.1")
    context = make_image({**GLIBC_FILES, "opt/serve": arm, "opt/old": ElfPlan(machine=3)}, entrypoint=["/opt/serve"])
    (fact,) = collect(ForeignObjectCollector, context)
    assert isinstance(fact, ForeignPrograms)
    assert (fact.machine, fact.architecture, fact.kind, fact.programs) == ("arm64", "amd64", RootKind.ENTRY, 1)
    assert fact.examples[0].path == "opt/serve"
