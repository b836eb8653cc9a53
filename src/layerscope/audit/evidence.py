"""Evidence for a known error: what rules found in an image, and what its facts say of what the message names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.audit.gpu_facts import tell_driver, tell_gpus
from layerscope.audit.library_facts import tell_library, tell_version
from layerscope.audit.result import AuditResult
from layerscope.audit.statement import Statement
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.facts.cuda.library_names import read_library_name
from layerscope.facts.elf.inventory import FAMILIES
from layerscope.policies.explanation import Explanation
from layerscope.policies.policies import Policies
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
    """Whether the message named a library or its version, so that findings on others are no evidence."""

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
    library, version = _find_library(explanation), _find_version(explanation)
    narrow = _find_words(library, version)
    values = (*narrow, *(value.strip("/") for value in explanation.values.values()))
    words = [value for value in values if len(value) >= TELLING]
    is_cuda = bool(library) and read_library_name(library) is not None
    named = tuple(
        finding
        for finding in found
        if any(_is_about(finding, word) for word in words) or (is_cuda and finding.rule == _ON_CUDA_NAMES)
    )
    is_asked = any(verdict.is_asked for verdict in result.gpus)
    return ErrorEvidence(
        checked,
        named,
        tuple(finding for finding in found if finding not in named),
        tuple(_iter_statements(result, explanation, policies or Policies())),
        () if is_asked else tuple(name for name in checked if _needs_target(name)),
        is_narrow=bool(narrow),
    )


def _iter_statements(result: AuditResult, explanation: Explanation, policies: Policies) -> Iterator[Statement]:
    is_whole = result.is_whole and not result.gaps
    version, library = _find_version(explanation), _find_library(explanation)
    if version:
        yield from tell_version(result.facts, version, is_whole=is_whole)
    if library:
        yield from tell_library(result.facts, library, is_whole=is_whole)
    if _ON_DRIVER in explanation.rules:
        yield from tell_driver(result.facts, explanation.values.get("found", ""), policies.cuda_driver)
    if _ON_GPU & set(explanation.rules):
        yield from tell_gpus(result)


def _find_library(explanation: Explanation) -> str:
    """The library that the loader did not find; not one whose version is too old, which is there."""
    if explanation.values.get("soname"):
        return explanation.values["soname"]
    return "" if "version" in explanation.values else explanation.values.get("library", "").rstrip(".,")


def _find_version(explanation: Explanation) -> str:
    version = explanation.values.get("version", "")
    return version if version.partition("_")[0] in FAMILIES else ""


def _find_words(library: str, version: str) -> tuple[str, ...]:
    """Words of which a finding has one if it concerns a library or a version."""
    if version:
        return (version, *_LIBRARIES[version.partition("_")[0]])
    return (f"{library.partition('.so')[0]}.so",) if library else ()


def _is_about(finding: Finding, value: str) -> bool:
    return value in finding.message or any(value in (place.path or "") for place in finding.locations)


def _needs_target(name: str) -> bool:
    rule = find_rule(name)
    return rule is not None and GpuVerdict in rule.needs
