"""What an image tells of an error, as the values that choose and fill its causes and cures."""

from collections.abc import Mapping
from typing import Final

from layerscope.audit.evidence import ErrorEvidence, find_library, find_version
from layerscope.audit.evidence import find_program as find_named_program
from layerscope.audit.files import find_files, find_program, find_variable
from layerscope.audit.framework_facts import FRAMEWORKS, find_numpy, find_torch, has_framework, makes_demand
from layerscope.audit.gpu_facts import (
    find_asked_driver,
    find_driver_cuda,
    find_image_cuda,
    starts_all,
    tell_gpus,
)
from layerscope.audit.library_facts import tell_version
from layerscope.audit.modules import find_active_environment, search_module
from layerscope.audit.result import AuditResult
from layerscope.audit.statement import Bearing
from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build
from layerscope.facts.cuda.libraries import CudaLibrary, RemovedCudaLibrary
from layerscope.facts.cuda.library_names import read_library_name
from layerscope.policies.cuda_driver import parse_driver
from layerscope.policies.explanation import Explanation
from layerscope.policies.policies import Policies
from layerscope.policies.providers import find_distribution

YES: Final = "yes"


def find_image_values(
    result: AuditResult, explanation: Explanation, evidence: ErrorEvidence, policies: Policies
) -> Mapping[str, str]:
    """The values of `IMAGE_VALUES` that hold."""
    is_whole = result.is_whole and not result.gaps
    is_judged = bool(evidence.checked) and not evidence.unjudged
    values = {
        "image": YES,
        "fixed": _flag(any(finding.fixes for finding in evidence.telling)),
        "clean": _flag(is_whole and is_judged and not evidence.findings),
        "no_framework": _flag(is_whole and not has_framework(result.facts, FRAMEWORKS.get(explanation.id, ""))),
        "no_library_path": _flag(not find_variable(result, "LD_LIBRARY_PATH")),
        **_find_package_manager(result),
        **_find_python(result),
        **_find_gpu_values(result, policies),
        **_find_stack_values(result),
        **_find_demand_values(result),
        **_choose_torch(result, policies),
        "other_platform": "linux/amd64" if result.image.config.architecture != "amd64" else "linux/arm64",
    }
    if program := find_named_program(explanation):
        is_there = find_program(result, program) is not None
        values |= {"program_there": _flag(is_there), "program_missing": _flag(not is_there and is_whole)}
    module, library, version = explanation.values.get("module"), find_library(explanation), find_version(explanation)
    if module:
        values |= _find_module_values(result, module, find_distribution(module, policies.errors))
    if library:
        values |= _find_library_values(result, library)
    if version:
        told = list(tell_version(result.facts, version, is_whole=is_whole))
        values["version_there"] = _flag(any(each.bearing is Bearing.CONTRADICTS for each in told))
    return {name: value for name, value in values.items() if value}


def _flag(holds: bool) -> str:
    return YES if holds else ""


def _find_package_manager(result: AuditResult) -> Mapping[str, str]:
    """Which program installs packages of the system."""
    has = {name: any(f"{folder}/{name}" in result.tree for folder in ("usr/bin", "bin", "sbin", "usr/sbin"))
           for name in ("apt-get", "apk", "dnf", "microdnf", "yum")}  # fmt: skip
    return {"no_apt": _flag(not has["apt-get"]), "apk": _flag(has["apk"]), "rpm": _flag(has["dnf"])}


def _find_python(result: AuditResult) -> Mapping[str, str]:
    """The container's Python."""
    active = find_active_environment(result.facts)
    if active is None:
        return {}
    python = f"/{active.place}" if active.kind == "system" else f"/{active.place}/bin/python"
    return {"python": python, "managed": _flag(active.is_managed)}


def _find_gpu_values(result: AuditResult, policies: Policies) -> Mapping[str, str]:
    """Of the GPUs and the driver that were asked about."""
    asked = {verdict.compute_capability for verdict in result.gpus if verdict.is_asked}
    bearings = [each.bearing for each in tell_gpus(result)]
    driver = find_asked_driver(result)
    return {
        "gpu_capability": asked.pop() if len(asked) == 1 else "",
        "gpu_runs": _flag(bool(bearings) and all(each is Bearing.CONTRADICTS for each in bearings)),
        "no_compat": _flag(bool(driver) and not _has_compat(driver, policies)),
        "driver_cuda": find_driver_cuda(driver, policies.cuda_driver),
        "driver_suffices": _flag(starts_all(result, policies.cuda_driver)),
    }


def _has_compat(driver: str, policies: Policies) -> bool:
    """Whether some user-mode driver of a cuda-compat package works with a host's driver."""
    notes = policies.cuda_driver.table.forward_compat_note
    return any(parse_driver(driver)[0] in note.host_branches for note in notes)


def _find_stack_values(result: AuditResult) -> Mapping[str, str]:
    """Of CUDA, PyTorch and NumPy."""
    facts = result.facts
    cuda, torch, numpy = find_image_cuda(facts), find_torch(facts), find_numpy(facts)
    builds = {each.cuda for each in torch if each.build is Build.CUDA}
    is_cuda = bool(torch) and all(each.build is Build.CUDA for each in torch)
    return {
        "cuda": cuda,
        "no_cuda": _flag(not cuda),
        "torch_cuda": (max(builds) or "of some version") if is_cuda else "",
        "no_torch": _flag(not torch),
        "numpy_1": _flag(bool(numpy) and all(each.version.startswith(("0.", "1.")) for each in numpy)),
    }


def _find_demand_values(result: AuditResult) -> Mapping[str, str]:
    """Of what the image demands of a host."""
    declaration = result.facts.find(CudaDeclaration)
    if declaration is None:
        return {}
    implied = {each.is_implied for each in declaration.requirements}
    return {
        "no_requirement": _flag(not makes_demand(result.facts)),
        "explicit_requirement": _flag(False in implied),
        "implied_requirement": _flag(True in implied),
    }


def _choose_torch(result: AuditResult, policies: Policies) -> Mapping[str, str]:
    """A build with CUDA of the torch that has none, for a driver of the oldest CUDA that there is one for."""
    versions = {each.version.partition("+")[0] for each in find_torch(result.facts) if each.build is Build.CPU}
    rows = {row.version: row.builds for row in policies.torch_wheels.table.variants}
    version = versions.pop() if len(versions) == 1 else ""
    builds = sorted(each for each in rows.get(version, ()) if each.startswith("cu"))
    return {"torch_release": version, "torch_build": builds[0]} if builds else {}


def _find_module_values(result: AuditResult, module: str, package: str) -> dict[str, str]:
    """Of the module that was not found."""
    search = search_module(result, module, package)
    installed = search.distribution if "==" not in package else None
    return {
        "module_there": _flag(bool(search.there)),
        "module_part": _flag(bool(search.part or search.unsuitable)),
        "module_missing": _flag(search.is_missing and result.is_whole),
        "module_folder": f"/{search.elsewhere[0].rpartition('/')[0]}" if search.elsewhere else "",
        "module_installed": f"{installed.name}=={installed.version}" if installed is not None else "",
    }


def _find_library_values(result: AuditResult, soname: str) -> dict[str, str]:
    """Of the library that was not found."""
    nodes = find_files(result, soname)
    removed = next(
        (each for each in result.facts.of(RemovedCudaLibrary) if (each.evidence.path or "").endswith(f"/{soname}")),
        None,
    )
    values = {
        "library_there": _flag(bool(nodes)),
        "library_folder": f"/{nodes[0].path.rpartition('/')[0]}" if nodes else "",
        "library_missing": _flag(not nodes and result.is_whole),
        "library_removed": f"layer {removed.evidence.layer}" if removed is not None and not nodes else "",
    }
    asked = read_library_name(soname)
    if asked is not None and not nodes and removed is None:
        others = {each.suffix for each in result.facts.of(CudaLibrary) if each.name == asked.name and each.suffix}
        values["other_cuda"] = _tell_other(result, others)
    return values


def _tell_other(result: AuditResult, suffixes: set[str]) -> str:
    """The CUDA that the image has, where the library is there for another one."""
    cuda = find_image_cuda(result.facts)
    return f"CUDA {cuda}, which the image has" if suffixes and cuda else ""
