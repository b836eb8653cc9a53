"""SYS201: a Java archive is compiled for a newer Java than the image has."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.java import ClassVersionMismatch
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_count, tell_list, tell_path


class ClassVersionTooNew(Rule):
    """A Java archive is compiled for a newer Java than the image has.

    What it checks: The class-file version of the archive that `java -jar` starts (its main class, for Spring Boot its
        start class), and of all other archives, against the `release` file of the Java that the PATH leads to.
    Why it matters: The virtual machine refuses such classes at start: "UnsupportedClassVersionError: … has been
        compiled by a more recent version of the Java Runtime (class file version 65.0)".
    Example: A build with JDK 21 whose final stage is `FROM eclipse-temurin:17-jre`.
    Remedy: Take the Java of the build for the final stage, or compile with `--release 17`.
    Fix safety: Review: a newer Java may refuse options that an old start script gives.
    Blind spots: Archives that a script names are not known to be the main one. Other archives are told by the first
        hundred classes, and may never be loaded. Images with several Java runtimes, none on the PATH, are not judged.
    References: Java Virtual Machine Specification, table 4.1-A.
    """

    code: ClassVar[str] = "SYS201"
    covers: ClassVar[tuple[int, ...]] = (23,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (ClassVersionMismatch,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the main archive, one for all others."""
        for fact in facts.of(ClassVersionMismatch):
            runtime = f"Java {fact.runtime_version} ({tell_path(fact.runtime_path)})"
            fix = Fix(
                f"Run it with Java {fact.java} or newer",
                (
                    f"FROM eclipse-temurin:{fact.java}-jre",
                    (
                        f"Or compile for this Java: javac --release {fact.runtime_feature}, "
                        f"maven.compiler.release={fact.runtime_feature}"
                    ),
                ),
            )
            if fact.is_main:
                path = tell_path(fact.paths[0])
                message = f"{path} is compiled for Java {fact.java}, and the image's Java is {fact.runtime_version}"
                yield self.finding(message, fact.evidence, severity=Severity.CRITICAL, fixes=(fix,))
                continue
            named = tell_list(map(tell_path, fact.paths))
            verb = "is" if fact.count == 1 else "are"
            message = (
                f"{tell_count(fact.count, 'Java archive')} {verb} compiled for a newer Java than {runtime}: {named}"
            )
            yield self.finding(
                message, fact.evidence, severity=Severity.LOW, confidence=Confidence.MEDIUM, fixes=(fix,)
            )
