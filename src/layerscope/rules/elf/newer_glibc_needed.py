"""ELF003: objects need a newer glibc than the image has."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.libc import split_version
from layerscope.facts.elf.unmet_versions import UnmetSymbolVersion
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import tell_pip_at
from layerscope.rules.reach_severity import find_concerned, judge_certain, tell_brief, tell_failing
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, begin, tell_count, tell_layer, tell_path


class NewerGlibcNeeded(Rule):
    """Objects need a newer glibc than the image has.

    What it checks: Each version of glibc's interface (`GLIBC_2.38`) that an object requires is among those that the
        C library gives which the object gets in the image.
    Why it matters: "version `GLIBC_2.38' not found (required by …)": the program does not start, the module is not
        imported. Unlike other libraries, glibc cannot be brought along: it comes with the base image.
    Example: A binary built on Ubuntu 24.04 (2.39) and copied to Debian 12 (2.36); a wheel built without manylinux.
    Remedy: A newer base image, or a build on a release as old as the base: manylinux wheels, a builder stage from
        the same base.
    Fix safety: Review: a newer base changes more than its C library.
    Blind spots: A libc that an entrypoint script puts in front is not seen.
    References: PEP 600; glibc wiki, "Release"; `ldd --version` in the container.
    """

    code: ClassVar[str] = "ELF003"
    covers: ClassVar[tuple[int, ...]] = (21,)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (UnmetSymbolVersion, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for all that a package or program brings."""
        groups: dict[str, list[UnmetSymbolVersion]] = {}
        for fact in facts.of(UnmetSymbolVersion):
            if fact.versions[-1].startswith("GLIBC_"):
                groups.setdefault(fact.reach.package or fact.reach.roots[0], []).append(fact)
        for group in groups.values():
            worst = max(
                group, key=lambda fact: (judge_certain(fact.reach, facts), split_version(fact.versions[-1][6:]))
            )
            others = f" (and {tell_count(len(group) - 1, 'other object')})" if len(group) > 1 else ""
            newest = worst.newest or "none of its versions"
            message = (
                f"{begin(tell_failing(worst.reach))}: {tell_path(worst.place.path)}{others} requires "
                f"{worst.versions[-1]}, and {tell_path(worst.provider.path)} of "
                f"{tell_layer(worst.provider.layer, worst.provider.instruction)} gives {newest} at most"
            )
            places = [Evidence(layer=fact.place.layer, path=fact.place.path) for fact in group][:SHOWN_LOCATIONS]
            yield self.finding(
                message,
                *places,
                severity=judge_certain(worst.reach, facts),
                fixes=(_suggest(worst, facts),),
                concerns=find_concerned(fact.reach for fact in group),
                brief=f"{tell_brief(worst.reach)}: it requires {worst.versions[-1]}",
            )


def _suggest(fact: UnmetSymbolVersion, facts: FactSet) -> Fix:
    """A newer base, or an older build."""
    version = fact.versions[-1].removeprefix("GLIBC_")
    what = fact.reach.package
    build = (
        f"RUN {tell_pip_at(facts, fact.place.path)} --only-binary :all: {what}   (a manylinux wheel)"
        if what
        else "FROM the final base AS build"
    )
    return Fix(
        f"Use a base with glibc {version} or newer, or a build for {fact.newest or 'this one'}",
        (
            f"FROM a release with glibc {version} (Debian 12: 2.36, 13: 2.41; Ubuntu 22.04: 2.35, 24.04: 2.39)",
            build,
        ),
    )
