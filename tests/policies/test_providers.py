"""What provides a module or a library."""

import pytest

from layerscope.policies.error_search import find_explanations
from layerscope.policies.policies import Policies
from layerscope.policies.providers import find_distribution, fit_providers

KNOWN = Policies().errors


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("yaml", "PyYAML"),
        ("cv2", "opencv-python-headless"),
        ("google.protobuf.message", "protobuf"),
        ("google", ""),
        ("sklearn.linear_model", "scikit-learn"),
        ("flash_attn_2_cuda", ""),
        ("my_own_module", ""),
    ],
)
def test_a_distribution_is_named_where_it_is_known(module: str, distribution: str) -> None:
    """By the longest part of the module's name; no name is made up."""
    assert find_distribution(module, KNOWN) == distribution


def test_python_s_own_modules_are_told_apart() -> None:
    """No index has a distribution for them."""
    assert fit_providers({"module": "_ctypes"}, KNOWN) == {"module_top": "_ctypes", "module_of_python": "_ctypes"}
    assert fit_providers({"module": "imp"}, KNOWN)["module_of_python"] == "imp"


def test_a_library_has_its_package() -> None:
    """Of Debian, where the table knows it."""
    assert fit_providers({"soname": "libGL.so.1"}, KNOWN) == {"library_package": "libgl1"}
    assert fit_providers({"soname": "libown.so.1"}, KNOWN) == {}


@pytest.mark.parametrize(
    ("module", "end"), [("yaml", "python -m pip install PyYAML"), ("regex._regex", "python -m pip install regex")]
)
def test_the_cure_names_the_distribution(module: str, end: str) -> None:
    """And not the module."""
    (found,) = find_explanations(KNOWN, f"ModuleNotFoundError: No module named '{module}'")
    assert found.cures[-1].commands == (end,)


def test_the_cure_for_an_unknown_module_has_no_command() -> None:
    """A name that was made up might be that of something else."""
    (found,) = find_explanations(KNOWN, "No module named 'flash_attn_2_cuda'")
    assert "provides flash_attn_2_cuda" in found.cures[-1].title
    assert [cure.commands for cure in found.cures] == [()]
