"""Java archives tell their coordinates, main class and class version."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats import jar_file
from layerscope.formats.jar_file import TEXT_LIMIT, Coordinate, parse_class_major, parse_jar, parse_manifest
from support.jars import application, class_file, jar, library


def test_reads_the_coordinates_of_a_library() -> None:
    """As Maven writes them; the class version is that of its classes."""
    found = parse_jar(library("com.google.guava", "guava", "31.1-jre", java=8))
    assert found.coordinates == (Coordinate("com.google.guava", "guava", "31.1-jre"),)
    assert (found.main_class, found.class_major) == ("", 52)


def test_reads_an_application_with_the_archives_inside() -> None:
    """Spring Boot's loader is old, and its start class is what counts."""
    nested = {"BOOT-INF/lib/a-1.jar": library("g", "a", "1"), "BOOT-INF/lib/b-2.jar": b"damaged"}
    found = parse_jar(application("org.boot.Launcher", java=21, start="com.Demo", nested=nested))
    assert (found.main_class, found.class_major) == ("org.boot.Launcher", 65)
    assert found.coordinates == (Coordinate("g", "a", "1", "BOOT-INF/lib/a-1.jar"),)
    assert found.nested == ("BOOT-INF/lib/a-1.jar", "BOOT-INF/lib/b-2.jar")


def test_classes_for_newer_releases_do_not_count() -> None:
    """Only a newer Java loads them; a module descriptor is not loaded by an old one either."""
    members = {
        "META-INF/versions/21/A.class": class_file(21),
        "module-info.class": class_file(9),
        "A.class": class_file(8),
    }
    assert parse_jar(jar(members)).class_major == 52


def test_reads_a_manifest_with_long_lines() -> None:
    """Lines of more than 72 bytes go on after a blank; the main section ends at an empty line."""
    content = b"Manifest-Version: 1.0\r\nMain-Class: a.very.long\r\n .Name\r\n\r\nName: x\r\nMain-Class: other\r\n"
    assert parse_manifest(content) == {"manifest-version": "1.0", "main-class": "a.very.long.Name"}


def test_what_is_no_class_file_has_no_version() -> None:
    """Nor has one that is cut short."""
    assert [parse_class_major(content) for content in (b"", b"\xca\xfe\xba\xbe", b"12345678")] == [0, 0, 0]


def test_what_is_no_archive_is_refused() -> None:
    """Whatever its name says."""
    with pytest.raises(FormatError):
        parse_jar(b"PK")


def test_many_names_for_the_same_bytes_are_read_within_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory may point to one member a hundred thousand times."""
    monkeypatch.setattr(jar_file, "READS_LIMIT", 3)
    poms = {f"META-INF/maven/g/a{n}/pom.properties": b"groupId=g\nartifactId=a\nversion=1\n" for n in range(9)}
    assert len(parse_jar(jar(poms)).coordinates) == 3


@settings(max_examples=200)
@given(changes=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), max_size=6))
def test_damage_anywhere_is_a_format_error(changes: list[tuple[int, int]]) -> None:
    """Nothing else is raised."""
    content = bytearray(application("a.B", java=17, nested={"lib/c-1.jar": library("g", "c", "1")}))
    for place, value in changes:
        if place < len(content):
            content[place] = value
    try:
        parse_jar(bytes(content))
    except FormatError:
        return


def test_an_attribute_of_many_lines_is_cut() -> None:
    """Each line once copied all before it."""
    values = parse_manifest(b"Main-Class: a\n" + b" b\n" * 20_000)
    assert len(values["main-class"]) == TEXT_LIMIT


def test_an_archive_behind_a_script_tells_its_main_class_version() -> None:
    """Spring Boot's executable archives: members lie as many bytes further as the script has."""
    content = b"#!/bin/sh\nexec java -jar $0\n" + application("a.Main", java=17)
    found = parse_jar(content)
    assert (found.main_class, found.class_major) == ("a.Main", 61)


def test_a_nested_archive_with_an_endless_name_is_left_out() -> None:
    """Its name would be repeated for each of its artifacts."""
    found = parse_jar(jar({f"BOOT-INF/lib/{'n' * 5000}.jar": library("g", "a", "1"), "BOOT-INF/lib/b.jar": b""}))
    assert found.nested == ("BOOT-INF/lib/b.jar",)
