"""Tables are refreshed from what packages say, and stay lawful."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.cuda_driver import read_cuda_drivers
from layerscope.policies.gpu_arch import read_gpu_architectures
from layerscope.policies.refresh import FOLDER, refresh_tables
from layerscope.policies.refresh_sources import parse_ptx_isa, parse_toolkit_arch, parse_torch
from layerscope.policies.torch_wheels import read_torch_wheels

PTX = '_ptx_to_cuda = {"5.0": (8, 0), "8.6": (12, 7), "9.9": (14, 0)}\n'
CMAKE = """
  if(${lang_var_}TOOLKIT_VERSION VERSION_GREATER_EQUAL 13.0)
    set(CMAKE_CUDA_ARCHITECTURES_ALL 75 80 86 87 88 89 90 100 103 110 120 121)
    if(${lang_var_}TOOLKIT_VERSION VERSION_GREATER_EQUAL 14.0)
      list(APPEND CMAKE_CUDA_ARCHITECTURES_ALL 107 130)
      list(REMOVE_ITEM CMAKE_CUDA_ARCHITECTURES_ALL 75)
    endif()
  else()
    set(CMAKE_CUDA_ARCHITECTURES_ALL 20 60)
    set(CMAKE_CUDA_ARCHITECTURES_ALL_MAJOR 20)
    if(${lang_var_}TOOLKIT_VERSION VERSION_GREATER_EQUAL 12.8 AND ${lang_var_}TOOLKIT_VERSION VERSION_LESS 12.9)
      list(APPEND CMAKE_CUDA_ARCHITECTURES_ALL 101)
    endif()
    if(${lang_var_}TOOLKIT_VERSION VERSION_GREATER_EQUAL 12.9)
      list(REMOVE_ITEM CMAKE_CUDA_ARCHITECTURES_ALL 20)
    endif()
"""
TORCH: Mapping[str, Any] = {
    "install": [
        {
            "download_info": {"url": "https://host/torch-9.0.0-cp311-cp311-manylinux_2_28_x86_64.whl"},
            "metadata": {
                "version": "9.0.0",
                "requires_python": ">=3.11",
                "requires_dist": [
                    'cuda-toolkit[cublas,cudart]==14.0.3; platform_system == "Linux"',
                    "nvidia-cudnn-cu13==9.24.0.43",
                    'triton~=3.8.0; python_version < "3.15"',
                ],
            },
        }
    ]
}


def test_ptx_versions_are_read_without_running_anything() -> None:
    """Those before CUDA 9 are left out."""
    assert parse_ptx_isa(PTX) == {"8.6": "12.7", "9.9": "14.0"}
    with pytest.raises(PolicyError, match="no _ptx_to_cuda"):
        parse_ptx_isa("import os\n")


def test_architectures_are_followed_through_conditions() -> None:
    """Those above 13.0 begin anew, those between two versions end there."""
    found = parse_toolkit_arch(CMAKE)
    assert (found["12.8"], found["12.9"]) == ((20, 60, 101), (60,))
    assert found["14.0"] == (80, 86, 87, 88, 89, 90, 100, 103, 107, 110, 120, 121, 130)
    with pytest.raises(PolicyError, match="no architectures"):
        parse_toolkit_arch("")


def test_releases_of_torch_are_read_from_their_needs() -> None:
    """What has to be measured stays empty."""
    assert parse_torch(TORCH) == {
        "version": "9.0.0",
        "cuda": "14.0",
        "python": ["cp311"],
        "platform": ["manylinux_2_28_x86_64"],
        "requires_python": ">=3.11",
        "cudnn": "9.24.0.43",
        "triton": "~=3.8.0",
        "sm": [],
    }


def test_new_rows_are_written_and_contradictions_told(tmp_path: Path) -> None:
    """The tables are read back before they are replaced."""
    folder = tmp_path / "tables"
    shutil.copytree(FOLDER, folder)
    files = {"_ptx_utils.py": PTX, "CMakeCUDAArchitecturesAll.cmake": CMAKE}
    notes = refresh_tables(folder, lambda _, name: files[name], lambda _: TORCH)
    assert read_cuda_drivers(folder).ptx_cuda((9, 9)) == "14.0"
    assert read_gpu_architectures(folder).dropped_in(75) == "14.0"
    assert read_torch_wheels(folder).table.pypi[0].version == "9.0.0"
    assert [note for note in notes if "in CMake" in note and "CUDA 12.8" in note]
    assert not [note for note in notes if "CUDA 13.0" in note]
    assert [note for note in notes if note.startswith("cuda_libraries, checked")]


def test_nothing_new_changes_nothing(tmp_path: Path) -> None:
    """Not even the date."""
    folder = tmp_path / "tables"
    shutil.copytree(FOLDER, folder)
    known = read_torch_wheels().table.pypi[0].version
    old = {"install": [TORCH["install"][0] | {"metadata": {"version": known}}]}
    files = {
        "_ptx_utils.py": '_ptx_to_cuda = {"8.7": (12, 8)}',
        "CMakeCUDAArchitecturesAll.cmake": CMAKE.replace("14.0", "13.4"),
    }
    refresh_tables(folder, lambda _, name: files[name], lambda _: old)
    for path in folder.glob("*.toml"):
        assert path.read_text() == (FOLDER / path.name).read_text()
