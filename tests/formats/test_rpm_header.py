"""rpm headers are read tag by tag, and lying ones are refused."""

import struct

import pytest

from layerscope.errors import FormatError
from layerscope.formats import rpm_header
from layerscope.formats.rpm_header import parse_rpm_header
from support.rpm_databases import DIRECTORY, REGULAR, header


def test_reads_a_package_with_its_files() -> None:
    """Folders are named once, and files point to them; what is a directory, ghost or left out is marked."""
    blob = header(
        t1000="bash", t1001="5.2", t1002="3.el9", t1003=[2], t1022="x86_64", t1044="bash-5.2-3.src.rpm",
        t1049=["libc.so.6()(64bit)", "filesystem"], t1050=["", "3"],
        t1118=["/usr/bin/", "/etc/", "/"], t1117=["bash", "bashrc", "run"], t1116=[0, 1, 2],
        t1030=[REGULAR, REGULAR, DIRECTORY], t1037=[0, 1, 64], t1029=[0, 2, 0],
        t1035=["ab" * 32, "cd" * 32, ""], t5011=[8],
    )  # fmt: skip
    package = parse_rpm_header(blob)
    assert (package.name, package.full_version, package.architecture) == ("bash", "2:5.2-3.el9", "x86_64")
    assert package.source == "bash-5.2-3.src.rpm"
    shell, config, folder = package.files
    assert (shell.path, shell.sha256, shell.is_installed) == ("usr/bin/bash", "ab" * 32, True)
    assert (config.path, config.is_config, config.is_installed) == ("etc/bashrc", True, False)
    assert (folder.path, folder.is_directory, folder.is_ghost) == ("run", True, True)


def test_digests_of_another_algorithm_are_unknown() -> None:
    """Old packages have MD5, and do not say so."""
    blob = header(t1000="old", t1118=["/usr/bin/"], t1117=["x"], t1116=[0], t1035=["ab" * 16])
    assert parse_rpm_header(blob).files[0].sha256 == ""


def test_a_digest_without_a_file_is_passed_over() -> None:
    """A column may be longer than that of the names."""
    assert parse_rpm_header(header(t1000="x", t1035="ab" * 32, t5011=[8])).files == ()


def test_a_header_without_a_name_or_behind_its_end_is_refused() -> None:
    """So is one whose counts pass what rpm accepts."""
    for blob in (b"", b"\0" * 7, header(t1001="1"), header(t1000="x")[:-3], struct.pack(">II", 1 << 20, 0)):
        with pytest.raises(FormatError):
            parse_rpm_header(blob)


def test_tags_that_run_out_of_the_data_count_as_absent() -> None:
    """A count or an offset may say anything."""
    blob = bytearray(header(t1000="x", t1003=[1]))
    blob[8 + 16 + 12 : 8 + 16 + 16] = b"\xff\xff\xff\xff"
    assert parse_rpm_header(bytes(blob)).epoch is None


def test_a_long_folder_is_not_repeated_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is named once in the file and once a file in memory."""
    monkeypatch.setattr(rpm_header, "PATHS_SIZE_LIMIT", 1000)
    blob = header(t1000="x", t1118=["/" + "a" * 400 + "/"], t1117=["b"] * 3, t1116=[0] * 3)
    with pytest.raises(FormatError, match="pass 1,000 characters"):
        parse_rpm_header(blob)
