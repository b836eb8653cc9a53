"""`layerscope facts` on fixture images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]


def test_facts_are_told_by_family(answer: Answer, fixture_image: ImageWriter) -> None:
    """Each family has its heading, each thing its layer and its path."""
    code, out, _ = answer("facts", fixture_image("demo", "oci-dir"))
    assert code == 0
    told = out.decode()
    assert [title in told.splitlines() for title in ("System", "Process")] == [True, False]
    assert "distribution  debian 12" in told
    assert "layer 0" in told


def test_facts_can_be_had_for_a_program(document: Callable[..., Any], fixture_image: ImageWriter) -> None:
    """Under the keys of the report, each with the layer and the instruction that brought it."""
    facts = document("facts", fixture_image("demo", "oci-dir"))["facts"]
    assert facts["system"]["os_release"]["id"] == "debian"
    (release,) = facts["system"]["observed"]["os_release"]
    assert (release["path"], release["layer"], release["origin"]) == ("/etc/os-release", 0, "unknown")
    assert release["created_by"]


def test_one_family_is_enough(document: Callable[..., Any], fixture_image: ImageWriter) -> None:
    """Families that are not asked for are null."""
    facts = document("facts", fixture_image("demo", "oci-dir"), "--only", "elf")["facts"]
    assert (facts["system"], facts["python"], facts["cuda"]) == (None, None, None)
    assert facts["elf"] is not None


def test_damage_is_exit_code_4(answer: Answer, fixture_image: ImageWriter) -> None:
    """Facts of a damaged image are told, and the exit code warns."""
    code, out, _ = answer("facts", fixture_image("damaged", "oci-dir"))
    assert code == 4
    assert b"Not known" in out
