"""Java runtimes and archives are found, and held against each other."""

from layerscope.facts.system.java import (
    ClassVersionMismatch,
    DuplicateArtifact,
    JavaArchives,
    JavaCollector,
    JavaRuntime,
)
from layerscope.facts.system.java_archives import name_artifact
from layerscope.facts.system.java_extractors import JAR_LIMIT, JarExtractor
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, collect_gaps, make_context
from support.jars import application, jar, library
from support.tar_member import TarMember, file, symlink

HOME = "opt/java/openjdk"
JAVA_17 = (
    file(f"{HOME}/release", b'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_VERSION="17.0.9"\n'),
    file(f"{HOME}/bin/java", b"\x7fELF", mode=0o755),
    symlink("usr/bin/java", f"/{HOME}/bin/java"),
)
START = RuntimeConfig(entrypoint=("java", "-Xmx1g", "-jar", "app.jar"), working_dir="/srv")


def test_finds_the_runtime_that_the_path_leads_to() -> None:
    """Other files are called release, too."""
    (runtime,) = collect(JavaCollector, make_context([*JAVA_17, file("etc/release", b"x=1\n")])).of(JavaRuntime)
    assert (runtime.version, runtime.feature, runtime.path) == ("17.0.9", 17, HOME)
    assert (runtime.implementor, runtime.is_default) == ("Eclipse Adoptium", True)


def test_finds_a_main_archive_for_a_newer_java() -> None:
    """Spring Boot's start class counts, and other archives are told apart."""
    members = (
        *JAVA_17,
        file("srv/app.jar", application("org.boot.Launcher", start="com.Demo", java=21)),
        file("srv/lib/old-1.jar", library("g", "old", "1", java=17)),
        file("srv/lib/new-1.jar", library("g", "new", "1", java=22)),
    )
    main, others = collect(JavaCollector, make_context(members, runtime=START)).of(ClassVersionMismatch)
    assert (main.java, main.runtime_feature, main.is_main, main.paths) == (21, 17, True, ("srv/app.jar",))
    assert (others.java, others.is_main, others.paths) == (22, False, ("srv/lib/new-1.jar",))


def test_an_archive_that_fits_is_no_mismatch() -> None:
    """Nor is any, where there is no Java to hold it against."""
    for members in ((*JAVA_17, file("srv/app.jar", application("a.B", java=17))),
                    (file("srv/app.jar", application("a.B", java=21)),)):  # fmt: skip
        assert collect(JavaCollector, make_context(members, runtime=START)).of(ClassVersionMismatch) == ()


def test_the_java_that_the_config_names_is_the_one_that_counts() -> None:
    """Another one may be on the PATH."""
    members = (
        *JAVA_17, file("opt/jdk-21/release", b'JAVA_VERSION="21"\n'), file("opt/jdk-21/bin/java", b"x", mode=0o755),
        file("srv/app.jar", application("a.B", java=21)),
    )  # fmt: skip
    start = RuntimeConfig(cmd=("/opt/jdk-21/bin/java", "-jar", "/srv/app.jar"))
    assert collect(JavaCollector, make_context(members, runtime=start)).of(ClassVersionMismatch) == ()


def duplicates(*members: TarMember) -> list[tuple[str, list[str]]]:
    """Artifacts in several versions, oldest first."""
    found = collect(JavaCollector, make_context(members)).of(DuplicateArtifact)
    return [(each.name, [place.version for place in each.places]) for each in found]


def test_finds_an_artifact_in_two_versions_in_one_folder() -> None:
    """By coordinates, whatever the files are called; versions have Maven's order."""
    assert duplicates(
        file("app/lib/guava.jar", library("com.google.guava", "guava", "31.1-jre")),
        file("app/lib/guava-9.0.jar", library("com.google.guava", "guava", "9.0")),
        file("app/lib/gson-2.8.9.jar", jar({"a": b""})),
        file("app/lib/gson-2.10.jar", jar({"a": b""})),
        file("app/other/guava-30.jar", library("com.google.guava", "guava", "30")),
    ) == [("gson", ["2.8.9", "2.10"]), ("com.google.guava:guava", ["9.0", "31.1-jre"])]


def test_platforms_other_groups_and_folders_are_no_duplicates() -> None:
    """One version for two platforms, one name of two makers."""
    assert duplicates(
        file("app/lib/epoll-4.1.100.Final-linux-x86_64.jar", jar({"a": b""})),
        file("app/lib/epoll-4.1.100.Final-linux-aarch_64.jar", jar({"a": b""})),
        file("app/lib/x-core-1.jar", library("org.x", "core", "1")),
        file("app/lib/y-core-2.jar", library("org.y", "core", "2")),
    ) == []  # fmt: skip


def test_looks_into_archives_that_carry_others() -> None:
    """Spring Boot and web archives load all that lies in their folder."""
    nested = {
        "BOOT-INF/lib/a-1.0.jar": library("g", "a", "1.0"),
        "BOOT-INF/lib/a-1.1.jar": library("g", "a", "1.1"),
    }
    context = make_context(
        [file("app.jar", application("b.C", java=8, nested=nested)), file("gradle.lockfile", b"g:a:1.1=x\n")]
    )
    facts = collect(JavaCollector, context)
    (duplicate,) = facts.of(DuplicateArtifact)
    assert (duplicate.name, duplicate.folder, duplicate.locked) == ("g:a", "app.jar!/BOOT-INF/lib", "1.1")
    assert duplicate.build_tools == ("gradle",)
    (archives,) = facts.of(JavaArchives)
    assert [archive.path for archive in archives.archives] == [
        "app.jar",
        "app.jar!/BOOT-INF/lib/a-1.0.jar",
        "app.jar!/BOOT-INF/lib/a-1.1.jar",
    ]


def test_a_shaded_archive_is_what_it_is_named_after() -> None:
    """The coordinates of what was shaded into it come along."""
    rows = [["org.x", "shaded", "2.0", ""], ["org.app", "app-core", "1.0", ""], ["org.app", "app", "9", ""]]
    artifact = name_artifact("lib/app-core-1.0.jar", 0, rows)
    assert artifact is not None
    assert (artifact.group, artifact.name, artifact.version) == ("org.app", "app-core", "1.0")
    assert name_artifact("lib/tool.jar", 0, rows) is None


def test_an_archive_that_cannot_be_read_is_a_gap() -> None:
    """So is one beyond the limit, which is not even held."""
    (gap,) = collect_gaps(JavaCollector, make_context([file("app.jar", b"no archive")]))
    assert (gap.what, gap.where) == ("Java archive", "/app.jar")
    reading = JarExtractor().open_file("app.jar", size=JAR_LIMIT + 1, mode=0o644)
    reading.feed(memoryview(b"PK"))
    assert reading.finish() == {"problem": f"{JAR_LIMIT + 1:,} bytes, limit {JAR_LIMIT:,}"}
