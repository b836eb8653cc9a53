"""The stack in one line: release, Python, framework, CUDA, and the driver that they need; only what is known."""

from collections.abc import Iterator

from layerscope.audit.result import AuditResult
from layerscope.facts.cuda.cuda_need import find_cuda_need
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.cuda.releases import numbers
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.system.os_release import OsRelease
from layerscope.report.escape import escape_line
from layerscope.report.terminal.page import Page

SHOWN = 3
"""Frameworks that the line names."""


def tell_stack(page: Page, result: AuditResult) -> str:
    """The line; empty where nothing is known."""
    return f" {page.symbols.dot} ".join(map(escape_line, _iter_parts(page, result)))


def _iter_parts(page: Page, result: AuditResult) -> Iterator[str]:
    facts = result.facts
    release = facts.find(OsRelease)
    if release is not None:
        yield _tell_release(release)
    active = next((each for each in facts.of(PythonEnvironment) if each.is_active), None)
    if active is not None:
        yield f"Python {active.version or active.series}"
    frameworks = list(dict.fromkeys(each.label for each in _choose_frameworks(facts)))
    yield from frameworks[:SHOWN]
    need = find_cuda_need(facts)
    if need is not None:
        yield f"CUDA {need.cuda}"
    cudnn = _find_cudnn(facts)
    if cudnn:
        yield f"cuDNN {cudnn}"
    drivers = [verdict.minimum_driver for verdict in result.gpus if verdict.minimum_driver]
    if drivers:
        yield f"driver {page.symbols.at_least}{min(drivers, key=numbers)}"


def _tell_release(release: OsRelease) -> str:
    """`Debian 12`: the name for people without code name and addition, else identifier and version."""
    name = release.pretty_name.partition("(")[0].replace("GNU/Linux", "").split()
    return " ".join(name) or f"{release.id} {release.version_id}".strip()


def _choose_frameworks(facts: FactSet) -> list[Framework]:
    """Those that compute by themselves; those for CUDA first."""
    found = [each for each in facts.of(Framework) if not each.torch and each.name != "triton"]
    return sorted(found, key=lambda each: each.build is not Build.CUDA)


def _find_cudnn(facts: FactSet) -> str:
    """The newest cuDNN that a program may load."""
    copies = (copy for copy in facts.of(CudaCopy) if copy.kind is not CopyKind.CACHE)
    versions = [part.version for copy in copies for part in copy.parts if part.name == "cudnn" and part.version]
    return ".".join(max(versions, key=numbers, default="").split(".")[:3])
