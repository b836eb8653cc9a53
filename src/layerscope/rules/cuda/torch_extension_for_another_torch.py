"""CUDA030: an extension of torch was built for another torch than the one beside it."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.releases import release
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.cuda_stack import tell_made_by
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import tell_pip_of
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.torch_misfits import iter_torch_misfits
from layerscope.rules.wording import blame_latest


class TorchExtensionForAnotherTorch(Rule):
    """An extension of torch was built for another torch than the one beside it.

    What it checks: Packages with machine code against torch (vLLM, xformers, torchvision, torchaudio, flash-attn, …):
        the torch that their metadata pins, that their wheel's name tells (`+cu12torch2.8cxx11abiTRUE`), or that they
        recorded while they were compiled, against the torch in their environment.
    Why it matters: torch's C++ interface changes with every release: "undefined symbol: _ZN3c10…" at import, or
        operators that are silently not there.
    Example: `RUN pip install vllm` and, in a later step, `RUN pip install --upgrade torch`.
    Remedy: Install the extension's build for this torch, in the same step as torch.
    Fix safety: Review: it changes the version of one of the two.
    Blind spots: Packages that do not tell what they were built for; those are found by their undefined symbols, where
        they have any. A torch that is not installed at all is the Python rules' matter.
    References: Dao-AILab/flash-attention issues 853, 1644 and 1717.
    """

    code: ClassVar[str] = "CUDA030"
    covers: ClassVar[tuple[int, ...]] = (28, 34, 39)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (
        Framework,
        PythonEnvironment,
    )

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each extension that does not fit."""
        for extension, torch in iter_torch_misfits(facts):
            is_near = extension.torch.startswith("==") and release(torch.version) == release(extension.torch[2:])
            message = (
                f"{extension.label} {tell_made_by(extension.evidence.layer, extension.instruction)} was built for "
                f"torch {extension.torch} ({extension.source}), and beside it is {torch.label} "
                f"{tell_made_by(torch.evidence.layer, torch.instruction)}"
            )
            yield self.finding(
                message.rstrip(),
                *blame_latest(extension.evidence, torch.evidence),
                severity=Severity.MEDIUM if is_near else Severity.CRITICAL,
                confidence=Confidence.MEDIUM if is_near or "table" in extension.source else Confidence.HIGH,
                fixes=(_suggest(extension, torch, facts),),
            )


def _suggest(extension: Framework, torch: Framework, facts: FactSet) -> Fix:
    """Extension and torch in one step."""
    version, pip = torch.version.partition("+")[0], tell_pip_of(facts, torch.environment)
    steps = [f"RUN {pip} 'torch=={version}' {extension.name}   (one step, so that pip finds a pair; no upgrade later)"]
    if extension.torch.startswith("==") and "*" not in extension.torch:
        steps.append(f"Or the torch that it was built for: RUN {pip} 'torch{extension.torch}'")
    steps.append(f"Or compile it here: RUN {pip} --no-build-isolation --no-binary :all: {extension.name}")
    return Fix(f"Install {extension.name} for the torch beside it", tuple(steps))
