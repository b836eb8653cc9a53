"""Interpreters are found by executable and standard library."""

from layerscope.facts.python.interpreters import Interpreter, InterpreterCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, collect_one, make_context
from support.python_files import ELF, interpreter, virtual_environment
from support.tar_member import TarMember, directory, file, symlink


def find(*layers: list[TarMember], runtime: RuntimeConfig | None = None) -> tuple[Interpreter, ...]:
    """The interpreters of these layers."""
    return collect(InterpreterCollector, make_context(*layers, runtime=runtime)).of(Interpreter)


def test_tells_what_decides_about_modules() -> None:
    """Series, exact version, tag and place; the layer is that of the executable."""
    (found,) = find([file("etc/x")], interpreter(version="3.11.9"))
    assert (found.path, found.series, found.version, found.prefix, found.layer) == (
        "usr/local/bin/python3.11",
        "3.11",
        "3.11.9",
        "usr/local",
        1,
    )
    assert (found.soabi, found.is_free_threaded) == ("cpython-311-x86_64-linux-gnu", False)


def test_reads_sysconfig_data_before_names_of_modules() -> None:
    """It knows the lock as well."""
    data = b" 'SOABI': 'cpython-314t-x86_64-linux-gnu',\n 'Py_GIL_DISABLED': 1,\n"
    layer = [
        file("opt/py/bin/python3.14", ELF, mode=0o755),
        file("opt/py/lib/python3.14/os.py"),
        file("opt/py/lib/python3.14/_sysconfigdata__linux_x86_64-linux-gnu.py", data),
    ]
    (found,) = find(layer)
    assert (found.soabi, found.is_free_threaded) == ("cpython-314t-x86_64-linux-gnu", True)


def test_takes_the_version_of_the_official_image() -> None:
    """Its variable counts for /usr/local alone."""
    runtime = RuntimeConfig(env=("PYTHON_VERSION=3.11.7",))
    found = find(interpreter(), interpreter("usr"), runtime=runtime)
    assert [(each.prefix, each.version) for each in found] == [("usr", "3.11"), ("usr/local", "3.11.7")]


def test_links_and_virtual_environments_are_no_interpreters() -> None:
    """Nor are scripts, standard libraries without a program, or packages in conda's cache."""
    others = [
        symlink("usr/bin/python3.11", "/usr/local/bin/python3.11"),
        file("opt/venv/bin/python3.11", ELF, mode=0o755),
        file("opt/tool/bin/python3.9", b"#!/bin/sh\n", mode=0o755),
        file("usr/lib/python3.7/os.py"),
        directory("opt/conda/conda-meta"),
        *interpreter("opt/conda/pkgs/python-3.12.1-h1"),
    ]
    assert [each.path for each in find(interpreter(), virtual_environment(), others)] == ["usr/local/bin/python3.11"]


def test_an_executable_without_standard_library_is_told() -> None:
    """It will not start, and that is worth knowing."""
    context = make_context([file("usr/bin/python3.12", ELF, mode=0o755)])
    found = collect_one(InterpreterCollector, context, Interpreter)
    assert (found.series, found.library, found.soabi) == ("3.12", "", "")
