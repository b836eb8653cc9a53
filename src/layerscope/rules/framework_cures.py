"""Commands that install a framework for a CUDA release."""

from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.releases import major
from layerscope.facts.fact_set import FactSet
from layerscope.rules.cuda_stack import wheel_index
from layerscope.rules.python_cures import tell_pip_of


def install_framework(framework: Framework, facts: FactSet, cuda: str) -> tuple[str, ...]:
    """How to install a framework for a CUDA release."""
    number, pip = major(cuda or framework.cuda) or 12, tell_pip_of(facts, framework.environment)
    if framework.name == "cupy":
        uninstall = tell_pip_of(facts, framework.environment, "uninstall")
        return (f"RUN {uninstall} -y cupy && {pip} cupy-cuda{number}x",)
    if framework.name == "ctranslate2":
        return (f"RUN {pip} nvidia-cublas-cu{major(framework.cuda)} nvidia-cudnn-cu{major(framework.cuda)}",)
    index = wheel_index(".".join((cuda or framework.cuda).split(".")[:2]))
    return (f"RUN {pip} --force-reinstall {framework.name} --index-url {index}",)
