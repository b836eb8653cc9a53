"""Evidence for a known error: what rules found in an image, and what its facts say of what the message names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.audit.compression_facts import tell_compression
from layerscope.audit.files import tell_file, tell_program
from layerscope.audit.framework_facts import (
    FRAMEWORKS,
    tell_demand,
    tell_framework,
    tell_managed,
    tell_numpy,
    tell_torch,
)
from layerscope.audit.gpu_facts import tell_driver, tell_gpus
from layerscope.audit.library_facts import tell_library, tell_version
from layerscope.audit.modules import search_module, tell_module
from layerscope.audit.result import AuditResult
from layerscope.audit.statement import Bearing, Statement
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.facts.cuda.library_names import read_library_name
from layerscope.facts.elf.inventory import FAMILIES
from layerscope.facts.elf.unmet_needs import UnmetNeed, UnreachedNeed
from layerscope.policies.explanation import Explanation
from layerscope.policies.policies import Policies
from layerscope.policies.providers import find_distribution
from layerscope.rules.finding import Finding
from layerscope.rules.registry import find_rule

TELLING: Final = 5
"""Characters from which a value that a message caught (a library, a symbol) is worth looking for in findings."""

_LIBRARIES: Final = {"GLIBC": ("libc.so", "GLIBC_"), "GLIBCXX": ("libstdc++", "GLIBCXX_"), "CXXABI": ("libstdc++",)}
"""By which words a finding concerns a family of symbol versions."""

_ON_DRIVER: Final = "driver-below-floor"
_ON_GPU: Final = frozenset(
    {
        "missing-device-code",
        "partial-device-code",
        "dropped-architecture",
        "ptx-newer-than-driver",
        "jit-only-device-code",
    }
)
_ON_CUDA_NAMES: Final = "framework-cuda-mismatch"
_ON_NEEDED: Final = frozenset({"onnxruntime-on-cpu", "tensorflow-on-cpu", "jax-on-cpu"})
"""Rules whose findings tell of the libraries that a framework needs, without their names."""
_ON_TORCH: Final = "cpu-only-torch"
_ON_NUMPY: Final = "numpy-abi-mismatch"
_ON_FILES: Final = frozenset({"broken-object", "driver-lib-baked", "execstack"})
"""Errors whose message names the file that is at fault."""
_PLATFORM: Final = "exec-format"
_LAYER: Final = "invalid-tar-header"
_DEMAND: Final = "require-cuda"
_MANAGED: Final = "managed-environment"


@dataclass(frozen=True)
class ErrorEvidence:
    """What an image shows of one error."""

    checked: tuple[str, ...]
    """The rules that look for its causes in an image; empty where it lies in no image, or no rule looks for it."""
    named: tuple[Finding, ...]
    """Findings of those rules that concern what the message named."""
    related: tuple[Finding, ...]
    """Their other findings."""
    statements: tuple[Statement, ...] = ()
    """What facts say of what the message named."""
    unjudged: tuple[str, ...] = ()
    """Those of the rules that say nothing unless a GPU, or its driver, is asked about, and none was."""
    is_narrow: bool = False
    """Whether the message named a library, its version, a module or a program: findings on others are no evidence."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them."""
        return self.named + self.related

    @property
    def telling(self) -> tuple[Finding, ...]:
        """Those to be shown: on what the message named, else, where it named nothing that is to be found, all."""
        return self.named or (() if self.is_narrow else self.related)


def find_evidence(result: AuditResult, explanation: Explanation, policies: Policies | None = None) -> ErrorEvidence:
    """What the image shows of an error."""
    checked = tuple(name for name in explanation.rules if find_rule(name) is not None)
    found = [finding for finding in result.findings if finding.rule in checked]
    library, version = find_library(explanation), find_version(explanation)
    narrow, modules = _find_words(library, version), _find_module_words(explanation, policies or Policies())
    values = (*narrow, *(value.strip("/") for value in explanation.values.values()))
    words = [value for value in values if len(value) >= TELLING]
    is_cuda = bool(library) and read_library_name(library) is not None
    named = tuple(
        finding
        for finding in found
        if any(_is_about(finding, word) for word in words)
        or any(_names_word(finding, word) for word in modules)
        or (is_cuda and finding.rule == _ON_CUDA_NAMES)
        or (is_cuda and finding.rule in _ON_NEEDED and _is_needed(result, library))
    )
    is_asked = any(verdict.is_asked for verdict in result.gpus)
    return ErrorEvidence(
        checked,
        named,
        tuple(finding for finding in found if finding not in named),
        tuple(_iter_statements(result, explanation, policies or Policies())),
        () if is_asked else tuple(name for name in checked if _needs_target(name)),
        is_narrow=bool(narrow or modules or find_program(explanation)),
    )


def _iter_statements(result: AuditResult, explanation: Explanation, policies: Policies) -> Iterator[Statement]:
    is_whole = result.is_whole and not result.gaps
    version, library = find_version(explanation), find_library(explanation)
    values, facts = explanation.values, result.facts
    if version:
        yield from tell_version(facts, version, is_whole=is_whole)
    if library:
        yield from tell_library(result, library, is_whole=is_whole)
    if program := find_program(explanation):
        yield from tell_program(result, program)
    if module := values.get("module"):
        yield from tell_module(result, search_module(result, module, find_distribution(module, policies.errors)))
    if explanation.id in _ON_FILES and values.get("file"):
        yield from tell_file(result, values["file"])
    yield from _iter_stack_statements(result, explanation, policies)


def _iter_stack_statements(result: AuditResult, explanation: Explanation, policies: Policies) -> Iterator[Statement]:
    """What facts say where the message names nothing that could be looked up."""
    is_whole = result.is_whole and not result.gaps
    if explanation.id in FRAMEWORKS:
        yield from tell_framework(result.facts, FRAMEWORKS[explanation.id], is_whole=is_whole)
    if explanation.id == _DEMAND:
        yield from tell_demand(result.facts, explanation.values.get("condition", "").strip())
    if explanation.id == _LAYER:
        yield from tell_compression(result.facts)
    if explanation.id == _PLATFORM:
        config = result.image.config
        yield Statement(f"the image is for {config.os}/{config.architecture}", Bearing.OPEN)
    if explanation.id == _MANAGED:
        yield from tell_managed(result.facts, is_whole=is_whole)
    if _ON_TORCH in explanation.rules:
        yield from tell_torch(result.facts, is_whole=is_whole)
    if _ON_NUMPY in explanation.rules:
        yield from tell_numpy(result.facts, is_whole=is_whole)
    if _ON_DRIVER in explanation.rules:
        yield from tell_driver(result, explanation.values.get("found", ""), policies.cuda_driver)
    if _ON_GPU & set(explanation.rules):
        yield from tell_gpus(result)


def find_program(explanation: Explanation) -> str:
    """The program that was not started."""
    return explanation.values.get("program") or explanation.values.get("command", "")


def find_library(explanation: Explanation) -> str:
    """The library that the loader did not find; not one whose version is too old, which is there."""
    if explanation.values.get("soname"):
        return explanation.values["soname"]
    return "" if "version" in explanation.values else explanation.values.get("library", "").rstrip(".,")


def find_version(explanation: Explanation) -> str:
    """The version of the C or C++ library's symbols that is missing."""
    version = explanation.values.get("version", "")
    return version if version.partition("_")[0] in FAMILIES else ""


def _find_words(library: str, version: str) -> tuple[str, ...]:
    """Words of which a finding has one if it concerns a library or a version."""
    if version:
        return (version, *_LIBRARIES[version.partition("_")[0]])
    return (f"{library.partition('.so')[0]}.so",) if library else ()


def _find_module_words(explanation: Explanation, policies: Policies) -> tuple[str, ...]:
    """The package around a module that was not found, what provides it, and the framework that prints an error."""
    module = explanation.values.get("module", "").strip(".")
    package = find_distribution(module, policies.errors).partition("==")[0]
    framework = FRAMEWORKS.get(explanation.id, "")
    return tuple(filter(None, dict.fromkeys((module.partition(".")[0], package, framework))))


def _is_needed(result: AuditResult, soname: str) -> bool:
    """Whether something in the image asks for that very library in vain."""
    unmet = any(each.needed == soname for each in result.facts.of(UnmetNeed))
    return unmet or any(each.needed == soname for each in result.facts.of(UnreachedNeed))


def _is_about(finding: Finding, value: str) -> bool:
    return value in finding.message or any(value in (place.path or "") for place in finding.locations)


def _names_word(finding: Finding, word: str) -> bool:
    """Whether a finding names a package: the whole word, in any case."""
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    return any(pattern.search(text) for text in (finding.message, *(place.path or "" for place in finding.locations)))


def _needs_target(name: str) -> bool:
    rule = find_rule(name)
    return rule is not None and GpuVerdict in rule.needs
