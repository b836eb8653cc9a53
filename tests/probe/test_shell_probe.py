"""The script for images without Python, under every shell that this host has, and in unpacked images."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from layerscope.cli import exit_codes
from layerscope.probe.local_run import run_here
from layerscope.probe.observation import FAILED, PASSED, SKIPPED, Observation
from layerscope.probe.program import make_input, read_script
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import judge
from layerscope.progress import SilentProgress
from probe.test_bundle import needs_namespaces, probe
from support.built_image import build_image
from support.layouts import write_oci_archive
from support.tar_writer import directory, file, symlink

SHELLS = [("dash",), ("bash",), ("bash", "--posix"), ("busybox", "sh"), ("ksh",), ("zsh", "--emulate", "sh")]


@pytest.fixture(params=[shell for shell in SHELLS if shutil.which(shell[0])], ids=" ".join)
def shell(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """One shell of this host after the other."""
    name, *arguments = request.param
    path = shutil.which(name)
    assert path is not None, "chosen for that"
    return (path, *arguments)


def run(shell: tuple[str, ...], program: str = "", about: str = "demo") -> Observation:
    """What the script tells here."""
    return run_here(ProbeSpec("", posix_shell=shell, program=program, about=about), progress=SilentProgress())


def test_each_shell_tells_the_same_records(shell: tuple[str, ...]) -> None:
    """All of them pass the checks of the protocol, and the values are those of this process."""
    seen = run(shell, sys.executable)
    assert seen.is_complete, seen
    assert not seen.strays
    assert [stage.name for stage in seen.stages] == ["env", "devices", "driver", "loader"]
    environment, loader = seen.find("env"), seen.find("loader")
    assert environment is not None
    assert loader is not None
    assert environment.values["identity"]["uid"] == os.getuid()
    assert len(environment.values["isolation"]["capabilities"]) == 16
    assert environment.values["places"]["tmp"]["writable"]
    assert loader.status == PASSED, loader


def test_a_program_that_is_not_there_is_the_root(shell: tuple[str, ...]) -> None:
    """And one without a name is nothing to look at."""
    seen = run(shell, "no-such-program")
    loader = seen.find("loader")
    assert loader is not None
    assert (loader.status, loader.kind) == (FAILED, "no-program")
    assert judge(seen).root == "loader"
    nothing = run(shell).find("loader")
    assert nothing is not None
    assert nothing.status == SKIPPED


def test_texts_with_quotes_and_control_characters_are_escaped(shell: tuple[str, ...]) -> None:
    """Whatever the image is called and starts, the records stay records."""
    seen = run(shell, "a'b\"c\\d\te\n$(id)\x01é`id`", about="x'; exit 1; '\n")
    assert seen.is_complete, seen.strays
    loader = seen.find("loader")
    assert loader is not None
    assert loader.detail.startswith("a'b\"c\\d\te\n$(id)?")
    assert loader.detail.endswith("`id` is not there")


def test_a_long_text_is_cut(shell: tuple[str, ...]) -> None:
    """A record has its bounds here as well."""
    loader = run(shell, "x" * 9_000).find("loader")
    assert loader is not None
    assert 1500 < len(loader.detail) <= 2100


def test_a_missing_library_is_named(shell: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ldd of the image says it, be it glibc's or musl's."""
    says = "\tlinux-vdso.so.1 (0x1)\n\tlibfoo.so.3 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x2)\n"
    says += "Error loading shared library libbar.so.1: No such file or directory (needed by /x)\n"
    (tmp_path / "ldd").write_text(f"#!/bin/sh\nprintf '%s' '{says}'\n")
    (tmp_path / "ldd").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    loader = run(shell, sys.executable).find("loader")
    assert loader is not None
    assert loader.kind == "missing-library"
    assert loader.detail.endswith("does not find libfoo.so.3 libbar.so.1")


ROOT = "overlay / overlay ro,relatime,lowerdir=/l 0 0\n"
OTHER = "tmpfs /run/place tmpfs rw,nosuid 0 0\n"
PIPE = 1 << 16
"""Bytes that Linux keeps in a pipe."""


def see_root(shell: tuple[str, ...], table: Path, *, has_programs: bool = False) -> str:
    """What the script says of the root by a table of mounts."""
    functions = read_script().partition("\n# Read whole")[0] + ("" if has_programs else "\nhas() { false; }")
    asked = f'{functions}\nlook_at_root "{table}"\necho "$read_only"\n'
    return subprocess.run([*shell, "-s"], input=asked, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("rows", "has_programs", "told"),
    [
        (ROOT, False, "true"),
        (OTHER * 9 + ROOT, False, "true"),
        (OTHER * 300 + ROOT, False, "null"),
        (OTHER * 300 + ROOT, True, "true"),
    ],
)
def test_the_root_is_looked_for_among_the_first_mounts(
    shell: tuple[str, ...], tmp_path: Path, rows: str, has_programs: bool, told: str
) -> None:
    """Where the table has it far behind, a program finds it, and without one nothing is claimed."""
    (tmp_path / "mounts").write_text(rows + OTHER)
    assert see_root(shell, tmp_path / "mounts", has_programs=has_programs) == told
    (tmp_path / "mounts").write_text(rows.replace(" ro,", " rw,") + OTHER)
    seen = see_root(shell, tmp_path / "mounts", has_programs=has_programs)
    assert seen == told.replace("true", "false")


@pytest.mark.parametrize(("first", "told"), [(ROOT, "true"), (OTHER, "null")])
def test_a_table_of_very_many_mounts_is_not_read_whole(
    shell: tuple[str, ...], tmp_path: Path, first: str, told: str
) -> None:
    """A shell that reads byte by byte would take minutes for it: whoever writes it is left after some rows."""
    table, written = tmp_path / "mounts", list[int]()
    os.mkfifo(table)

    def write_rows() -> None:
        with table.open("wb", buffering=0) as stream:
            try:
                for row in [first] + [OTHER] * 100_000:
                    written.append(stream.write(row.encode()))
            except BrokenPipeError:
                return

    writer = threading.Thread(target=write_rows, daemon=True)
    writer.start()
    assert see_root(shell, table) == told
    writer.join()
    assert sum(written) < PIPE + 300 * len(OTHER)


def test_a_driver_library_is_found_where_the_loader_is_led(
    shell: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing asks it without a Python, and the sentence says so."""
    (tmp_path / "libcuda.so.1").write_bytes(b"")
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/nowhere:{tmp_path}")
    driver = run(shell).find("driver")
    assert driver is not None
    assert (driver.status, driver.values["library"]) == (PASSED, f"{tmp_path}/libcuda.so.1")


def test_the_input_is_a_script_with_its_settings_quoted() -> None:
    """No setting can leave its quotes."""
    given = make_input(ProbeSpec("", posix_shell=("sh",), program="it's"), "0123456789abcdef").decode()
    assert given.startswith("NONCE=0123456789abcdef\n")
    assert "PROGRAM='it'\"'\"'s'\n" in given
    assert given.endswith(read_script())


@needs_namespaces
def test_an_image_without_python_is_probed_by_its_shell(tmp_path: Path) -> None:
    """Locked down as with Python; nothing generates, so nothing is proved."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox here")
    (tmp_path / "bin").mkdir()
    files = [
        directory("bin"),
        file("bin/busybox", Path(busybox).read_bytes(), mode=0o755),
        symlink("bin/sh", "busybox"),
    ]
    runtime = {"Cmd": ["/bin/missing"], "Env": ["PATH=/bin"]}
    write_oci_archive(build_image([files], tag="demo:1", runtime=runtime), tmp_path / "image.tar")
    code, document, talk = probe(tmp_path / "image.tar", tmp_path, path=str(tmp_path / "bin"))
    assert code == exit_codes.FINDINGS, talk
    assert document["verdict"]["root"] == "loader"
    assert document["verdict"]["reason"] == "/bin/missing is not there"
    isolation = document["observations"]["env"]["isolation"]
    assert isolation["read_only_root"]
    assert isolation["no_new_privileges"]
    assert int(isolation["capabilities"], 16) == 0


def test_an_image_without_any_shell_says_what_is_left(tmp_path: Path) -> None:
    """The files alone, or its own server."""
    image = build_image([[file("app", b"x", mode=0o755)]], tag="demo:1", runtime={"Cmd": ["/app"]})
    write_oci_archive(image, tmp_path / "image.tar")
    code, document, talk = probe(tmp_path / "image.tar", tmp_path)
    assert code == exit_codes.PROBE
    assert not document
    assert "neither a Python nor a shell was found in the image" in talk
    assert "--url" in talk
