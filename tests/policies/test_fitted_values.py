"""Values that fit cures to a driver and to an image's CUDA."""

import pytest

from layerscope.policies.error_search import find_explanations
from layerscope.policies.explanation import Explanation, Likeness, explain_row, fit_explanation
from layerscope.policies.fitted_values import BASES, FITTED, decode_cuda, fit_values
from layerscope.policies.policies import Policies
from layerscope.policies.providers import fit_providers

KNOWN = Policies().errors


def explain(message: str, image_cuda: str) -> Explanation:
    """The explanation of a message, for an image of that CUDA."""
    (found,) = find_explanations(KNOWN, message)
    return fit_explanation(found, KNOWN, {"image": "yes", "cuda": image_cuda, "other_cuda": f"CUDA {image_cuda}"})


def list_commands(found: Explanation) -> str:
    """All commands of its cures."""
    return "\n".join(line for cure in found.cures for line in cure.commands)


@pytest.mark.parametrize(
    ("number", "cuda"), [("12020", "12.2"), ("11040", "11.4"), ("9020", "9.2"), ("0", ""), ("2.0.1", ""), ("", "")]
)
def test_the_number_of_a_driver_is_a_cuda_version(number: str, cuda: str) -> None:
    """A thousand times the major number, ten times the minor."""
    assert decode_cuda(number) == cuda


@pytest.mark.parametrize(
    ("soname", "image_cuda", "package"),
    [
        ("libcudnn.so.9", "13.2", "nvidia-cudnn-cu13"),
        ("libcufft.so.12", "13.2", "nvidia-cufft"),
        ("libcublasLt.so.12", "13.2", "nvidia-cublas-cu12"),
        ("libcudart.so.11.0", "13.2", "nvidia-cuda-runtime-cu11"),
        ("libnccl.so.2", "12.8", "nvidia-nccl-cu12"),
        ("libcufft.so.11", "13.2", "nvidia-cufft-cu12"),
        ("libcusolver.so.11", "11.8", "nvidia-cusolver-cu11"),
        ("libcusparse.so.12", "13.2", "nvidia-cusparse"),
        ("libcudnn.so.8", "13.2", "nvidia-cudnn-cu12==8.*"),
    ],
)
def test_the_package_of_a_library_bears_its_cuda(soname: str, image_cuda: str, package: str) -> None:
    """The one that its own number tells, else the image's; from CUDA 13 on the toolkit's packages have no suffix."""
    commands = list_commands(explain(f"{soname}: cannot open shared object file", image_cuda))
    assert f"pip install '{package}'\n" in commands


@pytest.mark.parametrize(("image_cuda", "package"), [("12.8", "'nvidia-cudnn-cu12==8.*'"), ("13.2", "")])
def test_a_part_of_the_older_cudnn_is_not_in_the_newer_package(image_cuda: str, package: str) -> None:
    """There is none of it for CUDA 13."""
    found = explain("Could not load library libcudnn_cnn_infer.so.8. Error: libnvrtc.so", image_cuda)
    assert [line for cure in found.cures for line in cure.commands if "install" in line] == (
        [f"pip install {package}"] if package else []
    )


def test_a_library_of_an_unknown_cuda_has_no_package() -> None:
    """None is made up."""
    assert "pip install" not in list_commands(explain("libcudnn.so.9: cannot open shared object file", ""))


@pytest.mark.parametrize(
    ("version", "base"),
    [("GLIBC_2.38", "debian:trixie-slim"), ("GLIBC_2.43", "ubuntu:26.04"), ("GLIBC_2.99", ""), ("GLIBC_x", "")],
)
def test_a_base_image_has_the_c_library_that_is_wanted(version: str, base: str) -> None:
    """No base is told where none is known to have it."""
    assert fit_values({"version": version}).get("glibc_base", "") == base


def test_base_images_are_those_of_the_table_of_releases() -> None:
    """So that a newer table is not contradicted."""
    releases = Policies().releases.release
    for name, newest in BASES.items():
        distribution, _, version = name.replace("trixie-slim", "13").partition(":")
        (row,) = (each for each in releases if (each.id, each.version) == (distribution, version))
        assert row.libc_version == ".".join(map(str, newest["GLIBC"]))


@pytest.mark.parametrize(("sm", "told"), [("120", "12.0"), ("7.0", "7.0"), ("90a", "9.0a"), ("", "CAPABILITY")])
def test_extensions_are_built_for_the_gpu_in_question(sm: str, told: str) -> None:
    """By its compute capability with a dot; a word stands where none is known."""
    row = KNOWN.rows["no-kernel-image"]
    commands = list_commands(explain_row(row, KNOWN, Likeness.MESSAGE, values={"sm": sm}))
    assert f"TORCH_CUDA_ARCH_LIST={told} pip install" in commands


def test_pip_is_that_of_the_image() -> None:
    """With leave to go in where the system keeps pip out; no path that a shell would read otherwise."""
    row = KNOWN.rows["no-module"]
    values = {"module": "yaml"}
    for python, start in (("/usr/bin/python3.11", "/usr/bin/python3.11"), ("/opt/a b;c", "python")):
        image = {"python": python, "managed": "yes"}
        commands = list_commands(explain_row(row, KNOWN, Likeness.MESSAGE, values=values, image=image))
        leave = " --break-system-packages" if start == python else ""
        assert f"{start} -m pip install{leave} PyYAML" in commands


@pytest.mark.parametrize(("number", "build"), [("11040", "cu118"), ("12020", "cu126"), ("13000", "cu130")])
def test_a_build_is_for_the_driver_of_the_message(number: str, build: str) -> None:
    """Whatever CUDA the image has."""
    message = f"The NVIDIA driver on your system is too old (found version {number})."
    assert f"/whl/{build}" in list_commands(explain(message, "13.2"))


def test_all_values_are_listed() -> None:
    """A table may use these and no others."""
    versions = ("12", "GLIBC_2.38", "CXXABI_1.3.15")
    fitted = [
        fit_values({"found": "12020", "part": "cudart", "version": each, "sm": "120"}, {"cuda": "13.2"})
        for each in versions
    ]
    provided = [fit_providers({"module": each, "soname": "libGL.so.1"}, KNOWN) for each in ("yaml", "tkinter")]
    assert {name for values in (*fitted, *provided) for name in values} == FITTED
    assert fit_values({}) == {}
    assert fit_values({}, {"cuda": "unknown"}) == {}
