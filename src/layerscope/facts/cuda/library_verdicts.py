"""Every library's verdict for one GPU, and the verdict that they make together."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from layerscope.facts.cuda.coverage import Coverage, GpuQuestion, Measure, find_measure, measure_coverage
from layerscope.facts.cuda.device_code import CodeForm, LibraryCode, name_targets
from layerscope.facts.cuda.gpu_verdict import LibraryVerdict, Verdict
from layerscope.policies.cuda_libraries import LibraryRole, LibraryRow
from layerscope.policies.policies import Policies

_FOR_CUDA: Final = re.compile(r"(.*_cuda)(\d{2,3})(\.so)")
"""A library that is there once a CUDA release, as bitsandbytes has it: `libbitsandbytes_cuda128.so`."""

_IGNORED: Final = frozenset({LibraryRole.CHOSEN, LibraryRole.STUB})
_LACKING: Final = frozenset({Verdict.PARTIAL, Verdict.NONE})


class Judged(Struct, frozen=True):
    """One library with its coverage and what follows from it."""

    code: LibraryCode
    coverage: Coverage
    verdict: LibraryVerdict


class Candidate(Struct, frozen=True):
    """A library that counts: its device code, what is known of it, and what it is measured by."""

    code: LibraryCode
    row: LibraryRow | None
    measure: Measure


def find_candidates(codes: Iterable[LibraryCode], policies: Policies, cuda: str) -> tuple[Candidate, ...]:
    """The libraries that programs load whatever their GPU, by path; `cuda` is what the image was built for."""
    return tuple(
        Candidate(code, row, find_measure(code.groups, policies.gpu_arch))
        for code in _leave_alternatives(codes, cuda)
        if code.form is CodeForm.OBJECT and code.groups and not code.is_passed_over
        for row in (policies.cuda_libraries.find(code.name),)
        if row is None or row.role not in _IGNORED
    )


def judge_libraries(candidates: Iterable[Candidate], question: GpuQuestion) -> list[Judged]:
    """The verdict of every library that is for something the GPU can do."""
    return [
        _judge(candidate, question)
        for candidate in candidates
        if candidate.row is None or question.capability >= candidate.row.from_capability
    ]


def find_deciders(judged: Sequence[Judged]) -> list[Judged]:
    """The cores of frameworks; without one, what the table does not know; without that, everything."""
    cores = [each for each in judged if each.verdict.role is LibraryRole.CORE]
    return cores or [each for each in judged if each.verdict.role is None] or list(judged)


def combine(judged: Sequence[Judged]) -> Verdict:
    """The verdict of all libraries together."""
    deciders = [each.verdict.verdict for each in find_deciders(judged)]
    if not judged:
        return Verdict.NO_CODE
    if all(verdict is Verdict.NONE for verdict in deciders):
        return Verdict.NONE
    if any(each.verdict.verdict in _LACKING for each in judged):
        return Verdict.PARTIAL
    return Verdict.JIT if Verdict.JIT in deciders else Verdict.NATIVE


def _judge(candidate: Candidate, question: GpuQuestion) -> Judged:
    code, row = candidate.code, candidate.row
    coverage = measure_coverage(candidate.measure, question)
    if not coverage.native + coverage.jit:
        verdict = Verdict.NONE
    elif not coverage.is_full:
        verdict = Verdict.PARTIAL
    else:
        verdict = Verdict.JIT if coverage.jit > coverage.native else Verdict.NATIVE
    told = LibraryVerdict(
        path=code.path,
        layer=code.evidence.layer,
        role=row.role if row else None,
        gives=row.gives if row else "",
        verdict=verdict,
        native=coverage.native,
        jit=coverage.jit,
        best=coverage.best,
        targets=name_targets(candidate.measure.general),
        ptx_isa=".".join(map(str, coverage.isa)) if coverage.isa[0] else "",
    )
    return Judged(code, coverage, told)


def _leave_alternatives(codes: Iterable[LibraryCode], cuda: str) -> list[LibraryCode]:
    """The libraries, and of those for several CUDA releases only the one for `cuda`, if there is one."""
    wanted = "".join(cuda.split(".")[:2])
    kept: list[LibraryCode] = []
    alternatives: dict[str, list[tuple[str, LibraryCode]]] = {}
    for code in codes:
        match = _FOR_CUDA.fullmatch(code.path)
        if match is None:
            kept.append(code)
        else:
            alternatives.setdefault(match[1], []).append((match[2], code))
    for found in alternatives.values():
        chosen = [code for release, code in found if release == wanted]
        kept += chosen or [code for _, code in found]
    return sorted(kept, key=lambda code: code.path)
