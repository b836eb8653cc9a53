"""CUDA028: JAX goes on with the CPU for want of a plugin that fits."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build, Distribution, Framework
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.cuda.releases import major, numbers
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.cuda_stack import declares_gpu, has_part, tell_made_by
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import tell_pip_of
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_list, tell_path


class JaxOnCpu(Rule):
    """JAX goes on with the CPU for want of a plugin that fits.

    What it checks: In images whose config asks for GPUs, that JAX has a CUDA plugin; that plugin, PJRT package and
        jaxlib are of one version; and that CUDA and cuDNN of the plugin's major versions are in the image.
    Why it matters: JAX takes whatever backend it can load: without a plugin, or with one of another version, it says
        so once and computes on the CPU.
    Example: `pip install jax` instead of `pip install 'jax[cuda13]'`; or an upgrade of jax that leaves the plugin.
    Remedy: Install JAX with its extra, so that all parts come in one version.
    Fix safety: Review: another version of JAX changes numbers.
    Blind spots: Versions are compared in their first three numbers. A plugin for another vendor is not known. JAX as
        a library of another framework may be meant for the CPU.
    References: https://docs.jax.dev/en/latest/installation.html; jax-ml/jax issues 18027 and 30050.
    """

    code: ClassVar[str] = "CUDA028"
    covers: ClassVar[tuple[int, ...]] = (39,)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (Framework, PythonEnvironment, CudaCopy, CudaDeclaration, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each environment, for the first reason that holds."""
        for jax in facts.of(Framework):
            if jax.name == "jax":
                what, severity = self._judge(jax, facts)
                if what:
                    made_by = tell_made_by(jax.evidence.layer, jax.instruction)
                    yield self.finding(
                        f"{jax.label} in {tell_path(jax.environment)} {made_by} {what}",
                        jax.evidence,
                        severity=severity,
                        confidence=Confidence.MEDIUM,
                        fixes=(_suggest(jax, facts),),
                        concerns=(jax.package_path,),
                        brief=f"{jax.label} {what}",
                    )

    def _judge(self, jax: Framework, facts: FactSet) -> tuple[str, Severity]:
        """What is wrong, and how bad that is."""
        parts = [each for each in jax.distributions if each.name != "jax"]
        if jax.build is not Build.CUDA:
            return ("has no CUDA plugin, and the config asks for GPUs" if declares_gpu(facts) else ""), Severity.MEDIUM
        if _differ(parts):
            told = tell_list((f"{each.name} {each.version}" for each in parts), shown=4)
            return f"is made up of unequal versions, so that its plugin is not used: {told}", Severity.HIGH
        missing = [
            f"{name} {major(version)}"
            for name, part, version in (("CUDA", "cublas", jax.cuda), ("cuDNN", "cudnn", jax.cudnn))
            if version and not has_unread_layers(facts) and not has_part(facts, part, version)
        ]
        if missing:
            return f"needs {tell_list(missing)} for its plugin, which the image does not have", Severity.HIGH
        return "", Severity.HIGH


def _differ(parts: list[Distribution]) -> bool:
    """Whether jaxlib, plugin and PJRT package are of several versions."""
    return len({numbers(each.version)[:3] for each in parts}) > 1


def _suggest(jax: Framework, facts: FactSet) -> Fix:
    """JAX with its plugin."""
    number = major(jax.cuda) or 13
    return Fix(
        "Install JAX with its CUDA plugin, in one step",
        (f"RUN {tell_pip_of(facts, jax.environment)} --upgrade 'jax[cuda{number}]=={jax.version}'",),
    )
