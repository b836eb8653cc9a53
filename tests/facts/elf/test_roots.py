"""What counts as started or imported."""

import pytest

from layerscope.facts.elf.roots import Root, RootKind, find_roots, find_site, is_extension_module
from layerscope.formats.elf_reader import parse_elf
from support.elf_images import GLIBC_FILES, LOADER, SITE, make_image, module
from support.elf_writer import ElfPlan, write_elf
from support.tar_member import symlink

PYTHON = "usr/bin/python3.12"


def roots_of(files: dict[str, ElfPlan | bytes], **config: object) -> dict[str, Root]:
    """The roots of an image with these files by path, Python's left out unless it is the entrypoint."""
    layers = [{**GLIBC_FILES, **files}, [symlink("usr/bin/tool", "../libexec/tool")]]
    context = make_image(*layers, **config)  # type: ignore[arg-type] # by name
    objects = {
        path: parse_elf(write_elf(content))
        for path, content in {**GLIBC_FILES, **files}.items()
        if isinstance(content, ElfPlan)
    }
    return {root.path: root for root in find_roots(context, objects)}


def test_programs_by_where_they_are_found() -> None:
    """On the PATH, by a link on the PATH, elsewhere; libraries are none, whatever they name as their interpreter."""
    program = ElfPlan(interpreter=LOADER)
    found = roots_of({
        "usr/bin/app": program,
        "usr/libexec/tool": program,
        "opt/app": program,
        "usr/lib/libx.so": ElfPlan(),
        "usr/lib/libc.so.6": program,
    })  # fmt: skip
    assert {path: str(root.kind) for path, root in found.items()} == {
        "usr/bin/app": "program on the PATH",
        "usr/bin/python3.12": "program on the PATH",
        "usr/libexec/tool": "program on the PATH",
        "opt/app": "program off the PATH",
    }


def test_the_entrypoint_leads_through_scripts_and_shells() -> None:
    """To the program that runs in the end, and to the interpreters on the way."""
    files: dict[str, ElfPlan | bytes] = {
        "app/start": b"#!/usr/bin/python3.12\n",
        "opt/serve": ElfPlan(interpreter=LOADER),
    }
    assert roots_of(files, entrypoint=["/app/start"])[PYTHON].kind is RootKind.ENTRY
    assert roots_of(files, entrypoint=["/bin/sh", "-c", "exec /opt/serve"])["opt/serve"].kind is RootKind.ENTRY


def test_extension_modules_know_their_site_and_their_python() -> None:
    """Those of the standard library are a kind of their own."""
    found = roots_of({
        f"{SITE}/pkg/_x.cpython-312-x86_64-linux-gnu.so": module("_x"),
        "usr/lib/python3.12/lib-dynload/_ssl.cpython-312-x86_64-linux-gnu.so": module("_ssl"),
        "srv/_y.so": module("_y"),
    })  # fmt: skip
    own = f"{SITE}/pkg/_x.cpython-312-x86_64-linux-gnu.so"
    assert found[own] == Root(own, RootKind.EXTENSION, SITE, PYTHON)
    standard = "usr/lib/python3.12/lib-dynload/_ssl.cpython-312-x86_64-linux-gnu.so"
    assert found[standard] == Root(standard, RootKind.STANDARD_MODULE, "", PYTHON)
    assert found["srv/_y.so"] == Root("srv/_y.so", RootKind.EXTENSION, "srv", "")


def test_each_prefix_has_its_own_python() -> None:
    """A virtual environment's is the one that its link leads to."""
    path = "opt/conda/lib/python3.11/site-packages/_x.abi3.so"
    found = roots_of({path: module("_x"), "opt/conda/bin/python3.11": ElfPlan(interpreter=LOADER)})
    assert found[path].python == "opt/conda/bin/python3.11"


@pytest.mark.parametrize(
    ("name", "exports", "is_module"),
    [
        ("_x.cpython-312-x86_64-linux-gnu.so", ("PyInit__x",), True),
        ("_x.abi3.so", ("PyInit__x",), True),
        ("_x.so", ("PyInit__x", "other"), True),
        ("_x.so", ("init_x",), True),
        ("libx.so", ("x",), False),
        ("_x.cpython-312-x86_64-linux-gnu.so", ("other",), False),
        ("_x.so.1", ("PyInit__x",), False),
        ("_x.cpython-312-x86_64-linux-gnu.so", (), True),
        ("_x.so", (), False),
    ],
)
def test_modules_are_told_by_their_initialiser(name: str, exports: tuple[str, ...], *, is_module: bool) -> None:
    """By the tag in their name where no symbol could be read."""
    assert is_extension_module(f"a/{name}", parse_elf(write_elf(ElfPlan(exports=exports)))) is is_module


def test_finds_site_directories() -> None:
    """Debian's as well."""
    assert find_site("usr/lib/python3/dist-packages/a/b.so") == "usr/lib/python3/dist-packages"
    assert find_site("venv/lib64/python3.13t/site-packages/a.so") == "venv/lib64/python3.13t/site-packages"
    assert find_site("usr/lib/python3.12/lib-dynload/a.so") == find_site("usr/lib/a.so") == ""
