"""Zip archives are read by their directory, each member with a ceiling."""

import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats.zip_directory import iter_zip_members, read_zip_member
from support.jars import jar


def test_reads_members_stored_and_deflated() -> None:
    """In the directory's order, by name."""
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        content = jar({"a": b"one" * 100, "b/c": b""}, compression=compression)
        first, second = iter_zip_members(content)
        assert (first.name, first.size, second.name) == ("a", 300, "b/c")
        assert read_zip_member(content, first, 1000) == b"one" * 100
        assert read_zip_member(content, first, 4) == b"oneo"


def test_an_archive_behind_a_script_is_found() -> None:
    """Spring Boot's executable archives begin with a shell script, offsets counted from the archive's own start."""
    content = b"#!/bin/sh\nexec java -jar $0\n" + jar({"a": b"x"})
    (member,) = iter_zip_members(content)
    assert (member.name, read_zip_member(content, member, 10)) == ("a", b"x")


def test_bytes_between_directory_and_end_record_shift_nothing() -> None:
    """Some writers put zip64 records there although the end record says it all."""
    content = jar({"a": b"x"})
    end = content.rindex(b"PK\x05\x06")
    content = content[:end] + bytes(76) + content[end:]
    (member,) = iter_zip_members(content)
    assert read_zip_member(content, member, 10) == b"x"


def test_a_bomb_is_inflated_as_far_as_asked() -> None:
    """A thousandfold is nothing that was asked for."""
    content = jar({"zeros": bytes(50_000_000)})
    (member,) = iter_zip_members(content)
    assert len(content) < 100_000
    assert len(read_zip_member(content, member, 1024)) == 1024


def test_what_is_no_archive_is_refused() -> None:
    """An end record is the least; encrypted members and other methods are not read."""
    for content in (b"", b"text", jar({"a": b"x"})[:-10], b"PK\x05\x06" + b"\xff" * 18):
        with pytest.raises(FormatError):
            list(iter_zip_members(content))
    content = jar({"a": b"x" * 100}, compression=zipfile.ZIP_BZIP2)
    (member,) = iter_zip_members(content)
    with pytest.raises(FormatError, match="compression method 12"):
        read_zip_member(content, member, 10)


@settings(max_examples=300)
@given(changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6), cut=st.integers(0, 500))
def test_damage_anywhere_is_a_format_error(changes: list[tuple[int, int]], cut: int) -> None:
    """Nothing else is raised."""
    content = bytearray(jar({"a": b"one" * 30, "b": b"two"}))[: cut or None]
    for place, value in changes:
        if place < len(content):
            content[place] = value
    try:
        for member in iter_zip_members(bytes(content)):
            read_zip_member(bytes(content), member, 100)
    except FormatError:
        return
