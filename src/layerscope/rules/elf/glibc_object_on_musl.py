"""ELF009: modules made for glibc are imported by a Python that has musl."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.foreign_objects import GlibcModules
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.extensions import UnloadableExtensions
from layerscope.facts.python.wheel_tags import UnsuitableWheel
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import tell_pip_at
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_layer, tell_path


class GlibcObjectOnMusl(Rule):
    """Modules made for glibc are imported by a Python that has musl.

    What it checks: No extension module that asks for glibc's symbol versions lies where a Python imports it whose own
        C library is musl.
    Why it matters: The import fails: "Error loading shared library ld-linux-x86-64.so.2: No such file", or "Error
        relocating …: symbol not found". NVIDIA's libraries and torch are built for glibc only, so that no GPU
        framework runs on Alpine at all.
    Example: `COPY --from=builder /venv /venv` from a Debian stage to `python:3.12-alpine`; pip with
        `--platform manylinux2014_x86_64`.
    Remedy: A base image with glibc (`python:3.12-slim`), or wheels for musl (`musllinux`).
    Fix safety: Review: another base is another distribution.
    Blind spots: With `gcompat` some modules work all the same. Packages whose tags tell that they are for glibc are
        left to PY008.
    References: PEP 656; Alpine wiki, "Running glibc programs".
    """

    code: ClassVar[str] = "ELF009"
    covers: ClassVar[tuple[int, ...]] = (21, 36)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (GlibcModules, UnsuitableWheel, UnloadableExtensions, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a package; what tags tell of is PY008's."""
        told = _find_told(facts)
        for fact in facts.of(GlibcModules):
            if fact.package in told:
                continue
            first = fact.examples[0]
            message = (
                f"{tell_count(fact.modules, 'module')} of {fact.package} (such as {tell_path(first.path)}, from "
                f"{tell_layer(first.layer, first.instruction)}) are made for glibc, "
                f"and {tell_path(fact.python)} has musl"
            )
            fix = Fix(
                "Build on a base with glibc, or install wheels for musl",
                (
                    "FROM python:3.12-slim   instead of python:3.12-alpine",
                    f"Or in the final stage: RUN {tell_pip_at(facts, first.path)} --force-reinstall {fact.package}",
                ),
            )
            places = [Evidence(layer=place.layer, path=place.path) for place in fact.examples]
            concerns = tuple(place.path for place in fact.examples)
            brief = f"{fact.package} is made for glibc, and its Python has musl"
            yield self.finding(message, *places, fixes=(fix,), concerns=concerns, brief=brief)


def _find_told(facts: FactSet) -> frozenset[str]:
    """The packages of which PY008 tells by their tags."""
    wheels = (wheel.name for wheel in facts.of(UnsuitableWheel) if wheel.reason == "libc")
    modules = (module.package for module in facts.of(UnloadableExtensions) if module.reason == "libc")
    return frozenset((*(name.replace("-", "_") for name in wheels), *modules))
