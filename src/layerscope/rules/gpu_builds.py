"""Cures that bring device code: another build of PyTorch, another release of a framework, or a build of one's own."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, LibraryVerdict, Verdict
from layerscope.facts.cuda.releases import numbers
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import quote_requirements, tell_pip_of
from layerscope.rules.wording import tell_layer

SEEN: Final[tuple[type[Fact], ...]] = (Framework, PythonEnvironment, Distribution)
"""What these cures are made of, beside the verdict."""

PYPI: Final = "https://pypi.org/simple"
"""The index of all packages, whose PyTorch for Linux is a build for CUDA."""

INDEX: Final = "https://download.pytorch.org/whl"
"""Where PyTorch's builds are, each in a folder of its name."""

COMPANIONS: Final = ("torchaudio", "torchvision")
"""Distributions whose builds have to be of the same CUDA as PyTorch's."""

_BUILD: Final = re.compile(r"(\w+) \(torch ([\d.]+)(-?)([\d.]*)\)")
_ELSEWHERE: Final = "Or run the image on a GPU that it has code for"


class TorchBuild(Struct, frozen=True):
    """A build and the releases that it is there for: the first, and the last if there is one."""

    name: str
    first: str
    last: str

    def has(self, version: str) -> bool:
        """Whether a release has that build."""
        minor = numbers(version)[:2]
        return numbers(self.first) <= minor and (not self.last or minor <= numbers(self.last))

    def requirement(self, version: str) -> str:
        """The requirement that pip meets by this build alone: of the same release, or of one that has it."""
        if self.has(version):
            return f"torch=={version}+{self.name}"
        return f"torch=={self.last}.*" if self.last else f"torch>={self.first}"


def parse_build(text: str) -> TorchBuild:
    """A build as verdicts tell it, `cu126 (torch 2.6-)`."""
    match = _BUILD.fullmatch(text)
    assert match, f"{text!r} is no build"
    name, first, dash, last = match.groups()
    return TorchBuild(name, first, last if dash else first)


def suggest_build(verdict: GpuVerdict, facts: FactSet) -> Fix:
    """A build of PyTorch that has the code, another release of what lacks it, or a build of one's own."""
    if verdict.torch_builds:
        return _suggest_torch(verdict, facts)
    framework = _find_owner(verdict, facts)
    return _suggest_own(verdict) if framework is None else _suggest_release(verdict, framework, facts)


def find_torch(facts: FactSet, cuda: str = "") -> Framework | None:
    """The image's PyTorch: the one for that CUDA, if there are several."""
    torches = [each for each in facts.of(Framework) if each.name == "torch"]
    return next((each for each in torches if each.build is Build.CUDA and each.cuda == cuda), next(iter(torches), None))


def has_cpu_torch(facts: FactSet) -> bool:
    """Whether a PyTorch of the image is built for the CPU alone."""
    return any(each.name == "torch" and each.build is Build.CPU for each in facts.of(Framework))


def find_shared_builds(facts: FactSet) -> tuple[str, ...]:
    """The builds with code for all GPUs that were asked about, or for the first of them."""
    found = [each.torch_builds for each in facts.of(GpuVerdict) if each.is_asked and each.torch_builds]
    shared = tuple(build for build in found[0] if all(build in each for each in found)) if found else ()
    return shared or (found[0] if found else ())


def choose_build(builds: tuple[str, ...], version: str) -> TorchBuild:
    """The first build that the release has, else the first."""
    parsed = [parse_build(each) for each in builds]
    return next((each for each in parsed if each.has(version)), parsed[0])


def install_torch(torch: Framework, build: TorchBuild, facts: FactSet) -> str:
    """The command that brings a build, with what has to be of the same CUDA.

    The requirement names the build, so that another build of the same release does not meet it.
    """
    version = torch.version.partition("+")[0]
    wanted = [build.requirement(version), *_find_companions(torch, build, facts)]
    pip = tell_pip_of(facts, torch.environment)
    return f"RUN {pip} {quote_requirements(wanted)} --index-url {INDEX}/{build.name}"


def tell_place(layer: int | None, instruction: str) -> str:
    """Where such a command belongs: a step after the old one would keep both in the image."""
    if layer is None or not instruction:
        return "In place of the step that installs it now: a later step would keep both in the image"
    return f"In place of what {tell_layer(layer, instruction)} installs: a later step would keep both in the image"


def _suggest_torch(verdict: GpuVerdict, facts: FactSet) -> Fix:
    torch = find_torch(facts, verdict.cuda)
    build = choose_build(verdict.torch_builds, torch.version.partition("+")[0] if torch else "")
    if torch is None:
        steps = [f"RUN python3 -m pip install --force-reinstall torch --index-url {INDEX}/{build.name}"]
    else:
        steps = [install_torch(torch, build, facts), tell_place(torch.evidence.layer, torch.instruction)]
    if len(verdict.torch_builds) > 1:
        steps.append(f"Builds that would do: {', '.join(verdict.torch_builds)}")
    if any(not _is_torch(each) for each in _list_lacking(verdict)):
        place = torch.environment if torch else ""
        steps.append(f"{_compile(verdict, tell_pip_of(facts, place))}   (extensions that compile device code)")
    why = "that starts with the driver" if verdict.cause is Cause.DRIVER_TOO_OLD else "with code for this GPU"
    return Fix(f"Install the build of PyTorch {why}: {build.name}", tuple(steps))


def _suggest_release(verdict: GpuVerdict, framework: Framework, facts: FactSet) -> Fix:
    """Another release of a framework that comes compiled."""
    name = max((each.name for each in framework.distributions), key=len, default=framework.name)
    pip, capability = tell_pip_of(facts, framework.environment), verdict.compute_capability
    if verdict.cause is Cause.ARCHITECTURE:
        wanted = f"'{verdict.older_release}'" if verdict.older_release else f"'{name}<{framework.version}'"
        step = f"RUN {pip} {wanted}   (for an older CUDA; then audit again, whether it has the code)"
    else:
        step = f"RUN {pip} --upgrade {name}   (if one after {framework.version} has it; audit again)"
    arch = capability.replace(".", "")
    own = f"Or build {framework.name} from its sources, with CMAKE_CUDA_ARCHITECTURES={arch}"
    return Fix(
        f"Find a release of {name} with code for compute capability {capability}, or build it",
        (step, own, _ELSEWHERE),
    )


def _suggest_own(verdict: GpuVerdict) -> Fix:
    return Fix(
        f"Build for compute capability {verdict.compute_capability}",
        (f"{_compile(verdict, 'python3 -m pip install')}   (extensions that compile device code)", _ELSEWHERE),
    )


def _compile(verdict: GpuVerdict, pip: str) -> str:
    """The command that compiles an extension for the GPU."""
    options = "--force-reinstall --no-deps --no-build-isolation --no-binary :all:"
    return f'RUN TORCH_CUDA_ARCH_LIST="{verdict.compute_capability}" {pip} {options} PACKAGE'


def _find_owner(verdict: GpuVerdict, facts: FactSet) -> Framework | None:
    """The framework that the first library without code belongs to."""
    for library in _list_lacking(verdict):
        for framework in facts.of(Framework):
            if library.path.startswith(f"{framework.package_path}/"):
                return framework
    return None


def _list_lacking(verdict: GpuVerdict) -> list[LibraryVerdict]:
    return [each for each in verdict.libraries if each.verdict is not Verdict.NATIVE]


def _is_torch(library: LibraryVerdict) -> bool:
    """Whether a library comes with PyTorch and the wheels that it requires."""
    return bool({"torch", "nvidia"} & set(library.path.split("/"))) or library.name.startswith("libtorch")


def _find_companions(torch: Framework, build: TorchBuild, facts: FactSet) -> Iterator[str]:
    """What is installed beside PyTorch and has builds by CUDA, of the release that is there if PyTorch's stays."""
    is_same = build.has(torch.version.partition("+")[0])
    for each in sorted(facts.of(Distribution), key=lambda each: each.key):
        if each.key in COMPANIONS and each.site == torch.environment:
            yield f"{each.name}=={each.version.partition('+')[0]}+{build.name}" if is_same else each.name
