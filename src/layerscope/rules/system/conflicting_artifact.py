"""SYS202: a Java artifact lies in several versions on one class path."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.java import DuplicateArtifact
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_list, tell_path


class ConflictingArtifact(Rule):
    """A Java artifact lies in several versions on one class path.

    What it checks: The Maven coordinates of all archives (from pom.properties, else from their names), also of those
        inside Spring Boot and web archives: one folder has the same artifact in more than one version.
    Why it matters: All archives of such a folder are loaded together, and the class loader takes each class from
        whichever comes first. "NoSuchMethodError" and "NoClassDefFoundError" follow, on some machines only, since the
        order of a folder is not fixed.
    Example: `COPY target/lib/ /app/lib/` over a folder that still holds the archives of an earlier build.
    Remedy: Copy into an empty folder, and let the build tool choose one version: `dependencyManagement` in Maven, a
        constraint in Gradle.
    Fix safety: Review: one of the versions has to go.
    Blind spots: Class paths that a script composes of several folders are not followed. Classes that were shaded into
        another archive are not compared.
    References: https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html;
        https://docs.gradle.org/current/userguide/viewing_debugging_dependencies.html
    """

    code: ClassVar[str] = "SYS202"
    covers: ClassVar[tuple[int, ...]] = (26, 62, 63, 64)
    severity: ClassVar[Severity] = Severity.MEDIUM
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (DuplicateArtifact,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an artifact and folder."""
        for fact in facts.of(DuplicateArtifact):
            named = tell_list(f"{place.version} ({tell_path(place.path)})" for place in fact.places)
            locked = f"; the lock file says {fact.locked}" if fact.locked else ""
            message = f"{fact.name} is there in {len(fact.places)} versions: {named}{locked}"
            places = [Evidence(layer=place.layer, path=place.path) for place in fact.places][:SHOWN_LOCATIONS]
            yield self.finding(message, *dict.fromkeys(places), fixes=(_suggest(fact),))


def _suggest(fact: DuplicateArtifact) -> Fix:
    """Which version to keep, and what shows who asks for the others."""
    keep = fact.locked or fact.places[-1].version
    _, _, artifact = fact.name.rpartition(":")
    drop = [tell_path(place.path) for place in fact.places if place.version != keep and "!/" not in place.path]
    steps = [f"RUN rm {' '.join(drop)}   (in the step that brings them)"] if drop else []
    if "gradle" in fact.build_tools:
        steps.append(f"gradle dependencyInsight --dependency {artifact}")
        steps.append(f"constraints {{ implementation('{fact.name}:{keep}') }}")
    if "maven" in fact.build_tools or "gradle" not in fact.build_tools:
        includes = fact.name if ":" in fact.name else f":{artifact}"
        steps.append(f"mvn dependency:tree -Dverbose -Dincludes={includes}   (plugin 3.0 and 3.1 lack -Dverbose)")
        steps.append(f"Name {fact.name}:{keep} in <dependencyManagement>, or exclude it where it comes from")
    return Fix(f"Keep {fact.name} {keep} alone", tuple(steps))
