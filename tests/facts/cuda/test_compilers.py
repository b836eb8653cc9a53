"""A C compiler and Python's headers are found where Triton looks."""

from layerscope.facts.cuda.compilers import BuildTools, BuildToolsCollector
from support.contexts import collect_one
from support.cuda_images import cuda_context
from support.tar_member import TarMember, file, symlink


def find(*members: TarMember, env: tuple[str, ...] = ()) -> BuildTools:
    """The tools of an image."""
    return collect_one(BuildToolsCollector, cuda_context(members, env=env), BuildTools)


def test_compilers_are_looked_up_on_the_path() -> None:
    """Links count, files that cannot be executed do not."""
    tools = find(
        file("usr/bin/x86_64-linux-gnu-gcc-12", b"\x7fELF", mode=0o755),
        symlink("usr/bin/gcc", "x86_64-linux-gnu-gcc-12"),
        file("opt/bin/clang", b"\x7fELF", mode=0o755),
        file("usr/bin/cc", b"\x7fELF"),
        file("usr/include/python3.11/Python.h", b""),
        file("usr/include/python3.11/cpython/Python.h.txt", b""),
    )
    assert (tools.compilers, tools.headers) == (("/usr/bin/gcc",), ("python3.11",))


def test_the_variable_is_followed() -> None:
    """Triton obeys it before it looks."""
    clang = file("opt/llvm/bin/clang-18", b"\x7fELF", mode=0o755)
    assert find(clang, env=("CC=/opt/llvm/bin/clang-18 -O2",)).has_variable_target
    assert not find(env=("CC=gcc-13",)).has_variable_target
