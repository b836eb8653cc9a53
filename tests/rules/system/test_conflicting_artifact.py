"""SYS202 conflicting-artifact: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.system.java import ArtifactPlace, DuplicateArtifact, JavaArchive, JavaArchives
from layerscope.rules.system.conflicting_artifact import ConflictingArtifact
from support.cases import flags, ignores

GUAVA = DuplicateArtifact(
    evidence=Evidence(1, "app/lib/guava-9.0.jar"),
    name="com.google.guava:guava",
    folder="app/lib",
    places=(
        ArtifactPlace("9.0", "app/lib/guava-9.0.jar", 1),
        ArtifactPlace("31.1-jre", "app/lib/guava-31.1-jre.jar", 2),
    ),
    locked="",
    build_tools=("maven",),
)


def test_flags_two_versions_in_one_folder() -> None:
    """The newer one is kept, and Maven shows who asks for the other."""
    (finding,) = flags(ConflictingArtifact, GUAVA)
    assert finding.message == (
        "com.google.guava:guava is there in 2 versions: 9.0 (/app/lib/guava-9.0.jar) and "
        "31.1-jre (/app/lib/guava-31.1-jre.jar)"
    )
    steps = finding.fixes[0].steps
    assert steps[0] == "RUN rm /app/lib/guava-9.0.jar   (in the step that brings them)"
    assert steps[1].startswith("mvn dependency:tree -Dverbose -Dincludes=com.google.guava:guava")


def test_a_lock_file_says_which_version_to_keep() -> None:
    """And Gradle's own commands are named."""
    (finding,) = flags(ConflictingArtifact, replace(GUAVA, locked="9.0", build_tools=("gradle",)))
    assert finding.message.endswith("; the lock file says 9.0")
    assert finding.fixes[0].title == "Keep com.google.guava:guava 9.0 alone"
    assert "gradle dependencyInsight --dependency guava" in finding.fixes[0].steps


def test_ignores_single_versions() -> None:
    """However many archives there are."""
    archive = JavaArchive("app/lib/guava-9.0.jar", 1, "com.google.guava", "guava", "9.0", 8)
    ignores(ConflictingArtifact, JavaArchives(Evidence(1, archive.path), (archive,)))
