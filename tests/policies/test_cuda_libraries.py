"""What programs lack without a library's device code."""

from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies import cuda_libraries
from layerscope.policies.cuda_libraries import LibraryRole, read_cuda_libraries

TABLE = Path(cuda_libraries.__file__).parent / "tables" / "cuda_libraries.toml"
LIBRARIES = read_cuda_libraries()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("libcublas.so.12", "libcublas"),
        ("libcublas.so.12.8.4.1", "libcublas"),
        ("libcusparseLt-f80c68d1.so.0", "libcusparseLt"),
        ("xla_cuda_plugin.so", "xla_cuda_plugin"),
        ("_vllm_fa3_C.abi3.so", "_vllm_fa3_C"),
        ("flash_attn_2_cuda.cpython-311-x86_64-linux-gnu.so", "flash_attn_2_cuda"),
    ],
)
def test_libraries_are_found_by_file_name(file: str, name: str) -> None:
    """Whatever version, hash or ABI tag it bears."""
    row = LIBRARIES.find(file)
    assert row is not None
    assert row.name == name


def test_unknown_libraries_have_no_row() -> None:
    """Extensions of one's own."""
    assert LIBRARIES.find("_C.abi3.so") is None
    assert LIBRARIES.find("libcublas.a") is None


def test_cores_decide() -> None:
    """PyTorch computes nothing without libtorch_cuda."""
    row = LIBRARIES.find("libtorch_cuda.so")
    assert row is not None
    assert row.role is LibraryRole.CORE


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('name = "libcublas"', 'name = "libzzz"', "do not ascend"),
        ('name = "libcublas"', 'name = "libcublasLt"', "do not ascend"),
        ('role = "core"\nframework = "JAX"', 'role = "core"', "core of no framework"),
    ],
)
def test_contradictions_are_refused(before: str, after: str, says: str, tmp_path: Path) -> None:
    """One row a library, and a framework for every core."""
    text = TABLE.read_text()
    assert before in text
    (tmp_path / "cuda_libraries.toml").write_text(text.replace(before, after))
    with pytest.raises(PolicyError, match=says):
        read_cuda_libraries(tmp_path)
