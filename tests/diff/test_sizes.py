"""Bytes are told by what brought them."""

import pytest

from layerscope.diff.sizes import SizeCause, find_size_cause, is_model_file, sum_growth
from layerscope.diff.trees import iter_file_changes
from support.indexes import merged
from support.tar_member import file

SITE = "usr/lib/python3/dist-packages"


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        (f"{SITE}/torch/lib/libtorch.so", SizeCause("Python package", "torch", SITE)),
        (f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9", SizeCause("Python package", "nvidia/cudnn", SITE)),
        (f"{SITE}/numpy.libs/libgfortran.so", SizeCause("Python package", "numpy", SITE)),
        (f"{SITE}/numpy-2.1.0.dist-info/RECORD", SizeCause("Python package", "numpy", SITE)),
        ("opt/models/small/model.safetensors", SizeCause("model", "small", "opt/models/small")),
        ("opt/models/small/pytorch_model-00001.bin", SizeCause("model", "small", "opt/models/small")),
        ("opt/tool/data.bin", SizeCause("folder", "opt/tool", "opt/tool")),
        ("root/.cache/pip/http/x", SizeCause("cache", "pip", "root/.cache/pip")),
        ("var/lib/apt/lists/x", SizeCause("cache", "lists", "var/lib/apt/lists")),
        ("usr/local/cuda/lib64/libcublas.so", SizeCause("folder", "usr/local/cuda", "usr/local/cuda")),
        ("vmlinuz", SizeCause("folder", "", "")),
    ],
)
def test_a_file_belongs_to_one_cause(path: str, cause: SizeCause) -> None:
    """Models and caches by their own folders, Python by its packages, everything else by its folder."""
    assert find_size_cause(path, 2_000_000) == cause


@pytest.mark.parametrize(
    ("path", "size", "expected"),
    [
        ("opt/m/model.safetensors", 1, True),
        ("opt/m/model.gguf", 1, True),
        ("opt/m/weights.pt", 5_000_000, True),
        ("opt/m/weights.pt", 5_000, False),
        ("usr/lib/python3/dist-packages/distutils-precedence.pth", 150, False),
        ("opt/m/pytorch_model-00001-of-00002.bin", 5_000_000, True),
        ("opt/m/data.bin", 5_000_000, False),
    ],
)
def test_a_model_is_known_by_name_and_size(path: str, size: int, expected: bool) -> None:
    """A path file of Python has the suffix of weights, and not their size."""
    assert is_model_file(path, size) is expected


def test_causes_are_summed_and_the_largest_comes_first() -> None:
    """What grows and shrinks by as much is no cause."""
    before = merged([file("opt/a/x", b"12345"), file("opt/b/x", b"1"), file("opt/c/x", b"12"), file("opt/c/y", b"1")])
    after = merged([file("opt/b/x", b"123"), file("opt/c/x", b"1"), file("opt/c/y", b"12")])
    changes = sum_growth(iter_file_changes(before, after, shared=0))
    assert [(each.cause.name, each.growth, each.files) for each in changes] == [("opt/a", -5, 1), ("opt/b", 2, 1)]
