"""Where an image has the module that a message names."""

from collections.abc import Sequence
from typing import Final

import pytest
from msgspec.structs import replace

from layerscope.audit.modules import search_module, tell_module
from layerscope.audit.statement import Bearing
from layerscope.facts.fact import Fact
from support.python_facts import DISTRIBUTION, ENVIRONMENT, SITE
from support.results import ResultRecipe, make_result
from support.tar_member import TarMember

OTHER: Final = replace(
    ENVIRONMENT, prefix="opt/other", sites=("opt/other/lib/python3.11/site-packages",), is_active=False
)
ORPHAN: Final = replace(
    ENVIRONMENT, kind="orphaned", interpreter="", soabi="", version="3.9", sites=("usr/lib/python3.9/site-packages",),
    is_active=False,
)  # fmt: skip
PYTHON: Final = "Python 3.11.9 in /opt/venv"
ABI: Final = "cpython-311-x86_64-linux-gnu"


def tell(module: str, *paths: str, facts: Sequence[Fact] = (ENVIRONMENT,)) -> list[tuple[Bearing, str]]:
    """What is told of a module in an image of one layer with these files."""
    result = make_result(ResultRecipe(layers=[[TarMember(path) for path in paths]], facts=facts))
    return [(each.bearing, each.text) for each in tell_module(result, search_module(result, module))]


@pytest.mark.parametrize(
    ("module", "path"),
    [
        ("acme", f"{SITE}/acme/__init__.py"),
        ("acme", f"{SITE}/acme.py"),
        ("acme.core", f"{SITE}/acme/core.{ABI}.so"),
        ("acme.core", f"{SITE}/acme/core.abi3.so"),
        ("json", "usr/local/lib/python3.11/json/__init__.py"),
        ("_ctypes", f"usr/local/lib/python3.11/lib-dynload/_ctypes.{ABI}.so"),
    ],
)
def test_a_module_that_is_there_is_told(module: str, path: str) -> None:
    """As a package, a file, or an extension module; also in Python's own library."""
    ((bearing, text),) = tell(module, path)
    assert bearing is Bearing.CONTRADICTS
    assert f"/{path.removesuffix('/__init__.py')} (layer 0), where {PYTHON} looks" in text


def test_a_module_that_is_nowhere_is_told() -> None:
    """Also where the image has no Python."""
    expected = "acme is not in the image: none of its 1 site directory has it"
    assert tell("acme", f"{SITE}/acmeish/__init__.py") == [(Bearing.EXPLAINS, expected)]
    assert tell("acme", facts=()) == [(Bearing.EXPLAINS, "acme is not in the image: it has no Python")]


def test_a_module_of_another_environment_is_told() -> None:
    """The container's own Python does not look there."""
    ((bearing, text),) = tell("acme", f"{OTHER.sites[0]}/acme.py", facts=(ENVIRONMENT, OTHER))
    assert bearing is Bearing.EXPLAINS
    assert text.endswith(f"/acme.py (layer 0), where only Python 3.11.9 in /opt/other looks, not {PYTHON}")
    ((_, text),) = tell("acme", f"{ORPHAN.sites[0]}/acme.py", facts=(ENVIRONMENT, ORPHAN))
    assert text.endswith("for Python 3.9, which the image does not have")


def test_a_module_for_another_python_is_told() -> None:
    """Its package is there, and the file for this Python is not."""
    path = f"{SITE}/acme/core.cpython-310-x86_64-linux-gnu.so"
    ((bearing, text),) = tell("acme.core", f"{SITE}/acme/__init__.py", path)
    assert bearing is Bearing.EXPLAINS
    assert text.startswith(f"/{path} (layer 0) is for another Python than {PYTHON}")


def test_a_package_without_the_module_is_told() -> None:
    """A folder that is shared by distributions is no package."""
    ((_, text),) = tell("acme.core", f"{SITE}/acme/__init__.py")
    assert text == f"/{SITE}/acme (layer 0) is there, without acme.core"
    ((_, text),) = tell("google.protobuf", f"{SITE}/google/auth/__init__.py")
    assert text.startswith("google.protobuf is not in the image")


def test_a_module_beside_the_program_is_told() -> None:
    """Those that a distribution keeps for itself are passed over."""
    ((bearing, text),) = tell("acme", "srv/code/acme/__init__.py", f"{SITE}/pip/_vendor/acme/__init__.py")
    assert bearing is Bearing.OPEN
    assert text == "/srv/code/acme (layer 0) is there, which is in none of the site directories"


def test_the_distribution_of_a_module_is_found() -> None:
    """By the table's name, or its own."""
    result = make_result(ResultRecipe(facts=(ENVIRONMENT, DISTRIBUTION)))
    assert search_module(result, "acme.core").distribution == DISTRIBUTION
    assert search_module(result, "module", "Acme").distribution == DISTRIBUTION
    assert search_module(result, "module").distribution is None
