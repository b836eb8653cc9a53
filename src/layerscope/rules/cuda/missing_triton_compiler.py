"""CUDA034: Triton is there, and the C compiler that it calls is not."""

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.compilers import BuildTools
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.cuda_stack import find_framework, tell_frameworks
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_path

SERVERS: Final = ("vllm", "sgl-kernel")
"""What computes by Triton's kernels whatever the model; torch does so under torch.compile alone."""


class MissingTritonCompiler(Rule):
    """Triton is there, and the C compiler that it calls is not.

    What it checks: Environments with Triton and a CUDA build of torch, in images without `gcc`, `clang` or `cc` on
        the PATH (or what CC names), or without the headers of the environment's Python.
    Why it matters: Triton compiles a small launcher with the C compiler for every kernel, while the program runs:
        "Failed to find C compiler" or "Python.h: No such file", at the first request or the first torch.compile.
    Example: `pip install vllm` on `python:3.12-slim` or on `nvidia/cuda:…-runtime`.
    Remedy: Install a C compiler and Python's headers, or run without compilation.
    Fix safety: Review: it adds 150 MB, and a compiler to what an intruder finds.
    Blind spots: torch that never compiles needs neither: without vLLM or SGLang this is a medium matter. Headers are
        asked for only where the environment's path tells the Python. Kernels that are cached already need no compiler.
    References: vllm-project/vllm issues 2997 and 14075; sgl-project/sglang issue 1067.
    """

    code: ClassVar[str] = "CUDA034"
    covers: ClassVar[tuple[int, ...]] = (39,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (Framework, BuildTools, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each environment."""
        tools = facts.find(BuildTools)
        if tools is None or has_unread_layers(facts):
            return
        for triton in facts.of(Framework):
            torch = find_framework(facts, "torch", triton.environment)
            if triton.name != "triton" or torch is None or torch.build is not Build.CUDA:
                continue
            missing = _find_missing(triton.environment, tools)
            if missing:
                yield self._report(triton, torch, missing, facts)

    def _report(self, triton: Framework, torch: Framework, missing: list[str], facts: FactSet) -> Finding:
        """The finding of an environment."""
        found = (find_framework(facts, name, triton.environment) for name in SERVERS)
        servers = [each for each in found if each is not None]
        who = f"{tell_frameworks(servers)} computes by its kernels" if servers else "torch.compile calls it"
        message = (
            f"{triton.label} in {tell_path(triton.environment)} compiles launchers while the program runs "
            f"({who}), and the image has no {' and no '.join(missing)}"
        )
        evidence: tuple[Evidence, ...] = (triton.evidence, torch.evidence)
        severity = Severity.HIGH if servers and "C compiler" in missing else Severity.MEDIUM
        return self.finding(message, *evidence, severity=severity, fixes=(_suggest(),))


def _find_missing(environment: str, tools: BuildTools) -> list[str]:
    """What Triton will not find."""
    missing = []
    if not tools.compilers and not tools.has_variable_target:
        missing.append("C compiler")
    python = re.search(r"/lib/(python\d\.\d+t?)/", f"/{environment}/")
    if python is not None and python[1] not in tools.headers:
        missing.append(f"headers of {python[1]}")
    return missing


def _suggest() -> Fix:
    """A compiler."""
    return Fix(
        "Bring a C compiler and Python's headers",
        (
            "RUN apt-get update && apt-get install -y gcc libc6-dev python3-dev && rm -rf /var/lib/apt/lists/*",
            "Or do without: TORCH_COMPILE_DISABLE=1; for vLLM, --enforce-eager takes away a part of the need",
        ),
    )
