"""A finding is known again in an image that was built anew, and told from all others of its audit."""

from dataclasses import replace

import msgspec

from layerscope.report.fingerprint import fingerprint_findings
from layerscope.rules.finding import Finding
from support.example_results import WASTEFUL
from support.results import ResultRecipe, make_finding, make_result
from support.tar_writer import file


def print_of(finding: Finding, recipe: ResultRecipe = WASTEFUL) -> str:
    """The fingerprint of a finding alone."""
    ((_, found),) = fingerprint_findings([finding], make_result(recipe))
    return found.text


def test_the_number_of_a_layer_has_no_part() -> None:
    """A base image with one layer more moves all layers up."""
    placed = make_finding("LAY104", (2, "var/cache/apt"), message="1.9 MB in layer 2")
    moved = make_finding("LAY104", (3, "var/cache/apt"), message="2.1 MB in layer 3")
    assert print_of(placed) == print_of(moved)


def test_a_layer_without_a_path_is_known_by_its_instruction() -> None:
    """Wherever it lies in the stack, and told from other layers with the same fault."""
    upper = replace(
        WASTEFUL,
        layers=[[file("etc/new")], *WASTEFUL.layers],
        instructions=["ADD file:0123456789abcdef in / ", *WASTEFUL.instructions],
    )
    assert print_of(make_finding("LAY103", (3, None))) == print_of(make_finding("LAY103", (4, None)), upper)
    assert print_of(make_finding("LAY103", (3, None))) != print_of(make_finding("LAY103", (2, None)))


def test_the_bytes_that_a_classic_builder_copied_have_no_part() -> None:
    """It notes their hash in the history, which is another one in the next version."""
    first, second = (
        ResultRecipe(layers=[[file("a")]], instructions=[f"/bin/sh -c #(nop) COPY file:{sign * 64} in /a "])
        for sign in "ab"
    )
    finding = make_finding("LAY006", (0, None))
    assert print_of(finding, first) == print_of(finding, second)


def test_sizes_and_counts_have_no_part_where_the_message_tells_findings_apart() -> None:
    """Those about the config alone have nothing else."""
    assert print_of(make_finding("CONF013", message="64 MiB for 8 processes")) == print_of(
        make_finding("CONF013", message="128 MiB for 16 processes")
    )
    assert print_of(make_finding("CONF013", message="A")) != print_of(make_finding("CONF013", message="B"))


def test_rules_and_paths_tell_findings_apart() -> None:
    """Two rules at one path, one rule at two paths."""
    prints = {
        print_of(make_finding(code, (0, path))) for code in ("ELF001", "ELF002") for path in ("usr/lib/a", "usr/lib/b")
    }
    assert len(prints) == 4


def test_findings_that_look_alike_are_numbered() -> None:
    """One object lacks two libraries: GitLab drops what has another one's fingerprint."""
    finding = make_finding("ELF001", (0, "usr/bin/a"), message="libx.so is missing")
    other = msgspec.structs.replace(finding, message="liby.so is missing")
    found = [each for _, each in fingerprint_findings([finding, other], make_result(WASTEFUL))]
    assert found[0].hash == found[1].hash
    assert found[0].text != found[1].text
    assert [each.counted.partition(":")[2] for each in found] == ["1", "2"]


def test_names_that_are_not_unicode_have_fingerprints_too() -> None:
    """Bytes and halves of pairs are told apart like all else."""
    prints = {print_of(make_finding("LAY009", (0, path))) for path in ("a\udcff", "a\udcfe", "a\ud800")}
    assert len(prints) == 3
