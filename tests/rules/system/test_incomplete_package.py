"""SYS003 incomplete-package: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.severity import Severity
from layerscope.rules.system.incomplete_package import IncompletePackage
from support.cases import flags, ignores
from support.elf_facts import NEED
from support.package_facts import LIBRARY
from support.sample_facts import DAMAGED, PROOF


def test_flags_a_library_that_a_layer_removed() -> None:
    """With the layer, the instruction, and what brings it back."""
    (finding,) = flags(IncompletePackage, PROOF, LIBRARY)
    assert finding.message == (
        "1 library of libgomp1 is gone, removed by layer 2 (RUN rm /usr/lib/libgomp.so.1): /usr/lib/libgomp.so.1"
    )
    assert finding.severity is Severity.HIGH
    assert "apt-get install -y --reinstall libgomp1" in finding.fixes[0].steps[1]
    assert (finding.locations[0].layer, finding.locations[0].path) == (2, "usr/lib/libgomp.so.1")


def test_programs_and_other_files_weigh_less() -> None:
    """One finding a layer and kind."""
    program = replace(LIBRARY, kind="program", paths=("usr/bin/perl",), package="perl")
    other = replace(LIBRARY, kind="other", count=30, package="perl")
    found = flags(IncompletePackage, PROOF, program, other)
    assert [finding.severity for finding in found] == [Severity.INFO, Severity.MEDIUM]
    assert found[0].message.startswith("30 files of perl are gone, removed by layer 2")


def test_what_no_layer_ever_had_is_a_hint() -> None:
    """The base was made without it."""
    (finding,) = flags(IncompletePackage, PROOF, replace(LIBRARY, removed_by=None))
    assert finding.message == "1 file of libgomp1 was never in the image, though the package database lists it"
    assert finding.severity is Severity.LOW


def test_ignores_an_image_that_was_not_read_whole() -> None:
    """What is missing may lie in the layer that could not be read; and nothing missing is nothing to tell."""
    ignores(IncompletePackage, DAMAGED, LIBRARY)
    ignores(IncompletePackage, PROOF)


def test_leaves_removed_libraries_to_the_finding_that_tells_what_fails() -> None:
    """A library that nothing misses is told here."""
    ignores(IncompletePackage, PROOF, LIBRARY, replace(NEED, removed_by=2, removed_path="usr/lib/libgomp.so.1"))
    flags(IncompletePackage, PROOF, LIBRARY, replace(NEED, removed_by=2, removed_path="usr/lib/libz.so.1"))
