"""Images of small ELF objects: files by path, written and read as an audit would."""

from collections.abc import Mapping, Sequence

from layerscope.facts.context import FactContext
from layerscope.image.config import HistoryEntry, RuntimeConfig
from support.contexts import make_context
from support.elf_writer import ElfPlan, write_elf
from support.tar_member import TarMember, file

Content = ElfPlan | bytes

LOADER = "/lib64/ld-linux-x86-64.so.2"
MUSL_LOADER = "/lib/ld-musl-x86_64.so.1"
SITE = "usr/lib/python3.12/site-packages"

GLIBC_FILES: Mapping[str, Content] = {
    "lib64/ld-linux-x86-64.so.2": ElfPlan(soname="ld-linux-x86-64.so.2", exports=("__tls_get_addr",)),
    "lib64/libc.so.6": ElfPlan(
        soname="libc.so.6", exports=("malloc", "puts"), provided_versions=("GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.36")
    ),
    "usr/bin/python3.12": ElfPlan(
        interpreter=LOADER, needed=("libc.so.6",), exports=("PyModule_Create2", "Py_BuildValue")
    ),
}
"""glibc 2.36 and a Python."""

MUSL_FILES: Mapping[str, Content] = {
    "lib/ld-musl-x86_64.so.1": ElfPlan(soname="libc.musl-x86_64.so.1", exports=("malloc", "puts")),
    "usr/bin/python3.12": ElfPlan(
        interpreter=MUSL_LOADER, needed=("libc.musl-x86_64.so.1",), exports=("Py_BuildValue",)
    ),
}
"""musl and a Python."""


def write_files(files: Mapping[str, Content]) -> list[TarMember]:
    """Executable files, objects among them."""
    return [
        file(path, write_elf(content) if isinstance(content, ElfPlan) else content, mode=0o755)
        for path, content in files.items()
    ]


def make_image(
    *layers: Mapping[str, Content] | Sequence[TarMember],
    env: Sequence[str] = (),
    entrypoint: Sequence[str] = (),
    working_dir: str = "",
    steps: Sequence[str | HistoryEntry] = (),
) -> FactContext:
    """The context of an image with these layers, lowest first: files by path, or members."""
    members = [write_files(layer) if isinstance(layer, Mapping) else list(layer) for layer in layers]
    runtime = RuntimeConfig(env=tuple(env), entrypoint=tuple(entrypoint), working_dir=working_dir)
    return make_context(*members, runtime=runtime, steps=steps)


def module(name: str, *needed: str, **more: object) -> ElfPlan:
    """An extension module of that name."""
    return ElfPlan(needed=needed, exports=(f"PyInit_{name}",), **more)  # type: ignore[arg-type] # by name
