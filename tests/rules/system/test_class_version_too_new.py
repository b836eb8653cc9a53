"""SYS201 class-version-too-new: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.system.java import ClassVersionMismatch, JavaRuntime
from layerscope.rules.severity import Severity
from layerscope.rules.system.class_version_too_new import ClassVersionTooNew
from support.cases import flags, ignores

MAIN = ClassVersionMismatch(
    evidence=Evidence(3, "srv/app.jar"),
    java=21,
    runtime_feature=17,
    runtime_version="17.0.9",
    runtime_path="opt/java",
    is_main=True,
    count=1,
    paths=("srv/app.jar",),
)


def test_flags_the_archive_that_the_config_starts() -> None:
    """It will not start."""
    (finding,) = flags(ClassVersionTooNew, MAIN)
    assert finding.message == "/srv/app.jar is compiled for Java 21, and the image's Java is 17.0.9"
    assert finding.severity is Severity.CRITICAL
    assert finding.fixes[0].steps[0] == "FROM eclipse-temurin:21-jre"


def test_other_archives_weigh_less() -> None:
    """They may never be loaded."""
    (finding,) = flags(ClassVersionTooNew, replace(MAIN, is_main=False, count=2, paths=("a.jar", "b.jar")))
    assert finding.message == (
        "2 Java archives are compiled for a newer Java than Java 17.0.9 (/opt/java): /a.jar and /b.jar"
    )
    assert finding.severity is Severity.LOW


def test_ignores_archives_that_fit() -> None:
    """A runtime alone is no mismatch."""
    ignores(ClassVersionTooNew, JavaRuntime(Evidence(1, "opt/java/release"), "17.0.9", 17, "", "opt/java", 1, True))
