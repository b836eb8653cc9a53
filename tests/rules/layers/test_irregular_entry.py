"""LAY009 irregular-entry: what it flags and what it lets pass."""

import pytest

from layerscope.layers.anomaly import MEANINGS
from layerscope.rules.layers.irregular_entry import OTHER_RULES, SEVERITIES, IrregularEntry
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import anomaly


def test_flags_names_that_deceive_a_reader() -> None:
    """Control characters in a name are worse than other oddities."""
    (finding,) = flags(IrregularEntry, anomaly("control-character-name", "lib/a\x1b[2K", meaning="control characters"))
    assert finding.message.startswith("1 irregularity in layer 2 (ADD rootfs.tar /): control characters (/lib/a")
    assert finding.severity is Severity.MEDIUM


def test_tells_what_every_reader_agrees_on_as_information() -> None:
    """A missing trailer harms nobody."""
    (finding,) = flags(IrregularEntry, anomaly("missing-trailer"))
    assert finding.severity is Severity.INFO


def test_flags_names_that_climb_above_the_root() -> None:
    """Runtimes stop at the root; tools that do not are attacked so."""
    (finding,) = flags(IrregularEntry, anomaly("escaping-name", "../a"))
    assert finding.severity is Severity.MEDIUM


def test_counts_all_that_are_irregular() -> None:
    """Also those that are not named."""
    (finding,) = flags(IrregularEntry, anomaly("absolute-name", "a", "b", "c", "d", count=1200))
    assert finding.message.startswith("1,200 irregularities in layer 2 ")
    assert finding.message.endswith(" (/a, /b, /c and 1,197 more)")


@pytest.mark.parametrize("kind", sorted(OTHER_RULES))
def test_ignores_what_other_rules_report(kind: str) -> None:
    """One anomaly is one finding."""
    ignores(IrregularEntry, anomaly(kind, "a"))


def test_ignores_entries_that_runtimes_refuse() -> None:
    """Those are LAY007's."""
    ignores(IrregularEntry, anomaly("dangling-hardlink", "a", is_refused=True))


def test_names_kinds_that_exist() -> None:
    """The severities are about anomalies that the reader of layers knows."""
    assert set(SEVERITIES) | OTHER_RULES <= set(MEANINGS)
