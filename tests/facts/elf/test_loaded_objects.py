"""What the roots that matter most load, and by which step."""

from layerscope.facts.elf.loaded_objects import ROOTS_LIMIT, LoadedObjects, LoadedObjectsCollector
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.search_step import SearchStep
from support.elf_images import GLIBC_FILES, LOADER, SITE, make_image, module
from support.elf_writer import ElfPlan


def collect(*layers: object, entrypoint: tuple[str, ...] = ()) -> list[LoadedObjects]:
    """The facts of an image."""
    context = make_image(*layers, entrypoint=entrypoint)  # type: ignore[arg-type] # files by path
    return [fact for fact in LoadedObjectsCollector().collect(context) if isinstance(fact, LoadedObjects)]


def test_all_that_a_program_loads_is_told_with_its_step() -> None:
    """What the loader finds, what a host brings, and what is nowhere, with who needs it."""
    app = ElfPlan(interpreter=LOADER, needed=("libx.so", "libc.so.6", "libcuda.so.1"), runpath="$ORIGIN/../lib")
    library = ElfPlan(needed=("libc.so.6", "libnone.so"))
    (told, *_) = collect({**GLIBC_FILES, "opt/bin/app": app, "opt/lib/libx.so": library}, entrypoint=("/opt/bin/app",))
    assert (told.path, told.kind, told.python, told.objects, told.unmet) == (
        "opt/bin/app", RootKind.ENTRY, "", 3, 1
    )  # fmt: skip
    assert [(load.needed, load.path, load.step, load.by) for load in told.loads] == [
        ("libx.so", "opt/lib/libx.so", SearchStep.RUNPATH, "app"),
        ("libc.so.6", "lib64/libc.so.6", SearchStep.DEFAULT, "app"),
        ("libcuda.so.1", None, SearchStep.INJECTED, "app"),
        ("libnone.so", None, SearchStep.NOWHERE, "libx.so"),
    ]


def test_modules_that_packages_import_come_before_programs() -> None:
    """The entrypoint first; a module that lies deep in its package last, unless its package has no other."""
    modules = {
        f"{SITE}/acme/_C.abi3.so": module("_C", "libc.so.6"),
        f"{SITE}/acme/a/b/_d.abi3.so": module("_d"),
        f"{SITE}/numpy/_core/_m.abi3.so": module("_m"),
    }
    programs = {
        "usr/bin/tool": ElfPlan(interpreter=LOADER),
        "opt/run": ElfPlan(interpreter=LOADER),
    }
    told = collect({**GLIBC_FILES, **modules, **programs}, entrypoint=("/opt/run",))
    assert [each.path for each in told] == [
        "opt/run", f"{SITE}/acme/_C.abi3.so", f"{SITE}/numpy/_core/_m.abi3.so",
        "usr/bin/python3.12", "usr/bin/tool", f"{SITE}/acme/a/b/_d.abi3.so",
    ]  # fmt: skip
    assert told[1].python == "usr/bin/python3.12"


def test_a_need_that_nothing_meets_goes_before_weight() -> None:
    """Among programs of one kind."""
    programs = {
        "usr/bin/a": ElfPlan(interpreter=LOADER, needed=("libc.so.6",)),
        "usr/bin/b": ElfPlan(interpreter=LOADER, needed=("libnone.so",)),
    }
    assert collect({**GLIBC_FILES, **programs})[0].path == "usr/bin/b"


def test_there_is_a_ceiling() -> None:
    """Hundreds of programs would be read again by every warm audit."""
    programs = {
        f"usr/bin/p{number:02}": ElfPlan(interpreter=LOADER, needed=(f"lib{number}.so",)) for number in range(30)
    }
    assert len(collect({**GLIBC_FILES, **programs})) == ROOTS_LIMIT


def test_what_loads_the_same_is_told_once() -> None:
    """With their number; so are modules of one package."""
    programs = {f"usr/bin/p{number:02}": ElfPlan(interpreter=LOADER) for number in range(30)}
    modules = {f"{SITE}/{package}/_{name}.abi3.so": module(f"_{name}") for package in "ab" for name in "xyz"}
    told = collect({**GLIBC_FILES, **programs, **modules})
    assert [(each.path, each.alike) for each in told] == [
        (f"{SITE}/a/_x.abi3.so", 2), (f"{SITE}/b/_x.abi3.so", 2), ("usr/bin/python3.12", 0), ("usr/bin/p00", 29),
    ]  # fmt: skip
