"""Cures that bring device code work as printed: in the right environment, by the right build."""

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement

from layerscope.facts.cuda.framework import Build, Distribution, Framework
from layerscope.facts.cuda.gpu_verdict import Cause, LibraryVerdict, Verdict
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.rules.gpu_builds import parse_build, suggest_build
from support.gpu_facts import verdict
from support.python_facts import DISTRIBUTION, ENVIRONMENT, SITE

LOST = replace(verdict(Verdict.NONE, Cause.ARCHITECTURE), torch_builds=("cu126 (torch 2.6-)", "cu124 (torch 2.4-2.6)"))
TORCH = Framework(
    Evidence(1, f"{SITE}/torch/version.py"), "torch", "2.15.0+cu132", SITE, Build.CUDA, "13.2", instruction="RUN x"
)
MANAGED = replace(ENVIRONMENT, kind="system", prefix="usr", interpreter="usr/bin/python3.11", is_managed=True)


def library(path: str) -> LibraryVerdict:
    """A library without code."""
    return replace(LOST.libraries[0], path=path, verdict=Verdict.NONE)


@pytest.mark.parametrize(
    ("text", "version", "requirement"),
    [
        ("cu126 (torch 2.6-)", "2.15.0", "torch==2.15.0+cu126"),
        ("cu128 (torch 2.8-2.11)", "2.11.1", "torch==2.11.1+cu128"),
        ("cu128 (torch 2.8-2.11)", "2.15.0", "torch==2.11.*"),
        ("cu129 (torch 2.8)", "2.9.0", "torch==2.8.*"),
        ("cu132 (torch 2.12-)", "2.3.1", "torch>=2.12"),
    ],
)
def test_a_build_is_required_so_that_what_is_installed_does_not_meet_it(
    text: str, version: str, requirement: str
) -> None:
    """Else pip finds the requirement satisfied already, and does nothing."""
    found = parse_build(text).requirement(version)
    assert found == requirement
    assert not Requirement(found).specifier.contains(f"{version}+cu999")


def test_the_command_is_that_of_the_environment_and_stands_in_place_of_its_step() -> None:
    """A later step would keep both builds in the image; what has to be of the same CUDA comes along."""
    vision = replace(DISTRIBUTION, name="torchvision", key="torchvision", version="0.30.0+cu132")
    fix = suggest_build(
        replace(LOST, libraries=(library(f"{SITE}/torch/lib/a.so"),)), FactSet([TORCH, MANAGED, vision])
    )
    assert fix.title == "Install the build of PyTorch with code for this GPU: cu126"
    command = "RUN /usr/bin/python3.11 -m pip install --break-system-packages torch==2.15.0+cu126"
    assert fix.steps == (
        f"{command} torchvision==0.30.0+cu126 --index-url https://download.pytorch.org/whl/cu126",
        "In place of what layer 1 (RUN x) installs: a later step would keep both in the image",
        "Builds that would do: cu126 (torch 2.6-), cu124 (torch 2.4-2.6)",
    )


def test_companions_of_another_release_are_left_to_pip() -> None:
    """It finds those that fit the torch that is wanted."""
    audio = replace(DISTRIBUTION, name="torchaudio", key="torchaudio", version="2.15.0")
    lost = replace(LOST, torch_builds=("cu124 (torch 2.4-2.6)",))
    fix = suggest_build(lost, FactSet([TORCH, ENVIRONMENT, audio]))
    assert fix.steps[0].startswith("RUN /opt/venv/bin/python -m pip install 'torch==2.6.*' torchaudio --index-url")


def test_extensions_are_compiled_where_they_lack_code() -> None:
    """Not where PyTorch and its own wheels alone do."""
    fix = suggest_build(replace(LOST, libraries=(library(f"{SITE}/mine/_C.so"),)), FactSet([TORCH, MANAGED]))
    assert fix.steps[-1].startswith(
        'RUN TORCH_CUDA_ARCH_LIST="7.5" /usr/bin/python3.11 -m pip install --break-system-packages --force-reinstall '
        "--no-deps --no-build-isolation --no-binary :all: PACKAGE"
    )


def test_a_framework_that_comes_compiled_has_other_releases() -> None:
    """Nobody who installed ONNX Runtime by pip compiles it with TORCH_CUDA_ARCH_LIST."""
    runtime = Framework(
        Evidence(1, "x"), "onnxruntime", "1.31.1", SITE, Build.CUDA, "13.0",
        distributions=(Distribution("onnxruntime-gpu", "1.31.1"),),
    )  # fmt: skip
    lost = replace(LOST, torch_builds=(), libraries=(library(f"{SITE}/onnxruntime/capi/libp.so"),))
    facts = FactSet([runtime, ENVIRONMENT])
    dropped = suggest_build(replace(lost, older_release="onnxruntime-gpu<1.27"), facts)
    assert dropped.title == "Find a release of onnxruntime-gpu with code for compute capability 7.5, or build it"
    assert dropped.steps[0].startswith("RUN /opt/venv/bin/python -m pip install 'onnxruntime-gpu<1.27'")
    assert "CMAKE_CUDA_ARCHITECTURES=75" in dropped.steps[1]
    assert "'onnxruntime-gpu<1.31.1'" in suggest_build(lost, facts).steps[0]
    assert "--upgrade onnxruntime-gpu" in suggest_build(replace(lost, cause=Cause.CODE), facts).steps[0]
