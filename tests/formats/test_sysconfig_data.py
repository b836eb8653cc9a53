"""Sysconfig data is read as text, never run."""

import sysconfig
from pathlib import Path

import pytest

from layerscope.formats.sysconfig_data import SysconfigData, parse_sysconfig_data

FREE_THREADED = b"""# system configuration generated and used by the sysconfig module
build_time_vars = {'EXT_SUFFIX': '.cpython-314t-x86_64-linux-gnu.so',
 'MULTIARCH': 'x86_64-linux-gnu',
 'PY_CFLAGS': '-O3 '
              '-Wall',
 'Py_GIL_DISABLED': 1,
 'SOABI': 'cpython-314t-x86_64-linux-gnu',
 'VERSION': '3.14'}
"""


def test_reads_what_decides_about_extension_modules() -> None:
    """The first key stands behind the brace, the last before it."""
    assert parse_sysconfig_data(FREE_THREADED) == SysconfigData(
        "3.14", "cpython-314t-x86_64-linux-gnu", ".cpython-314t-x86_64-linux-gnu.so", "x86_64-linux-gnu", True
    )


def test_runs_nothing() -> None:
    """A value that is an expression is none."""
    assert parse_sysconfig_data(b" 'SOABI': __import__('os').system('x'),\n 'VERSION': 3,\n") == SysconfigData()


def test_values_need_not_be_literals_of_python() -> None:
    """A zero byte in a text and a number with leading zeros are none, and neither stops the reading."""
    content = b" 'SOABI': 'a\0b',\n 'Py_GIL_DISABLED': 01,\n"
    assert parse_sysconfig_data(content) == SysconfigData(soabi="a\0b")


def test_reads_the_file_of_this_interpreter() -> None:
    """It says the same as the running module."""
    name = getattr(sysconfig, "_get_sysconfigdata_name")()  # noqa: B009 - private, and the only one to know
    path = Path(sysconfig.get_paths()["stdlib"]) / f"{name}.py"
    if not path.is_file():
        pytest.skip("this Python has no such file")
    data = parse_sysconfig_data(path.read_bytes())
    assert (data.soabi, data.extension_suffix) == (
        sysconfig.get_config_var("SOABI"),
        sysconfig.get_config_var("EXT_SUFFIX"),
    )
