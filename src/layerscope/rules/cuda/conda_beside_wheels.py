"""CUDA044: conda is there for packages that come as wheels."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.packages import CondaPrefix
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.cuda_stack import tell_frameworks, tell_made_by
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_path


class CondaBesideWheels(Rule):
    """Conda is there for packages that come as wheels.

    What it checks: Conda prefixes with conda or mamba itself, whose CUDA frameworks lie in the prefix but whose
        packages have nothing of CUDA: pip installed all of it.
    Why it matters: Conda brings hundreds of megabytes of its own Python, C++ runtime and package cache, and its
        libraries come before the system's, which is how `GLIBCXX_3.4.x not found` arises. The wheels need none of it.
    Example: `FROM continuumio/miniconda3` and `RUN pip install torch`.
    Remedy: A plain Python image, or uv with a virtual environment.
    Fix safety: Review: another package may come from conda's channels alone.
    Blind spots: What the other packages of the prefix are for is not known. Frameworks that conda installed together
        with its CUDA packages are what conda is good for, and are let pass.
    References: https://docs.astral.sh/uv/guides/integration/docker/; pytorch/pytorch issue 157709.
    """

    code: ClassVar[str] = "CUDA044"
    covers: ClassVar[tuple[int, ...]] = (39,)
    severity: ClassVar[Severity] = Severity.INFO
    needs: ClassVar[tuple[type[Fact], ...]] = (CondaPrefix, Framework)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each prefix."""
        for prefix in facts.of(CondaPrefix):
            frameworks = [
                each
                for each in facts.of(Framework)
                if each.build is Build.CUDA and each.environment.startswith(f"{prefix.prefix}/lib/")
            ]
            if prefix.has_conda and not prefix.cuda_packages and frameworks:
                message = (
                    f"{tell_frameworks(frameworks)} in the conda prefix {tell_path(prefix.prefix)} "
                    f"{tell_made_by(prefix.evidence.layer, prefix.instruction)} came as wheels; none of its "
                    f"{tell_count(prefix.packages, 'conda package')} is CUDA's"
                )
                fix = Fix(
                    "Install wheels into a plain Python",
                    (
                        "FROM python:3.12-slim, and RUN pip install --no-cache-dir torch …",
                        "Or: COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/, and RUN uv venv && uv pip install …",
                    ),
                )
                yield self.finding(message, prefix.evidence, frameworks[0].evidence, fixes=(fix,))
