"""Findings before and after a change: what is graver is told like what is new."""

from msgspec.structs import replace

from layerscope.diff.findings import Graver, compare_findings, tell_added, tell_apart
from layerscope.rules.finding import Location
from layerscope.rules.severity import Severity
from support.results import make_finding

PLACED = make_finding("CONF019", (1, "opt/hub"), message="it fetches again", severity=Severity.MEDIUM)
CONFIG = make_finding("CUDA041", message="is 1 there", severity=Severity.LOW)


def test_a_severity_that_rises_is_told_like_a_new_finding() -> None:
    """With both severities; the finding is not gone."""
    now = replace(PLACED, message="it does not start", severity=Severity.HIGH)
    found = compare_findings((PLACED,), (now,))
    assert (found.removed, found.added) == ((), (now,))
    assert found.graver == (Graver(now, Severity.MEDIUM),)
    told = "CONF019 is graver: medium before, high now: it does not start"
    assert tell_added(now, found.graver) == told


def test_other_words_numbers_and_a_lower_severity_are_neither_new_nor_graver() -> None:
    """Layers are numbered anew."""
    for change in ({"message": "it fetches 2 again"}, {"severity": Severity.LOW}):
        assert compare_findings((PLACED,), (replace(PLACED, **change),)) == ((), (), ())
    moved = make_finding("CONF019", (4, "opt/hub"), message=PLACED.message, severity=Severity.MEDIUM)
    assert compare_findings((PLACED,), (moved,)) == ((), (), ())


def test_a_finding_about_the_config_in_other_words_may_be_graver() -> None:
    """The same one all the same."""
    now = replace(CONFIG, message="is nothing there", severity=Severity.HIGH)
    assert compare_findings((CONFIG,), (now,)) == ((), (now,), (Graver(now, Severity.LOW),))
    assert compare_findings((now,), (CONFIG,)) == ((), (), ())


def test_of_several_that_look_alike_the_gravest_are_compared() -> None:
    """One that went does not make another graver."""
    grave = replace(PLACED, severity=Severity.HIGH)
    assert compare_findings((PLACED, grave), (grave, PLACED)) == ((), (), ())
    assert compare_findings((PLACED, grave), (grave, grave)).graver == (Graver(grave, Severity.MEDIUM),)
    assert compare_findings((PLACED,), (PLACED, grave)).added == (grave,)


def test_the_same_bytes_in_a_smaller_image_are_not_graver() -> None:
    """Their share of it rose, as the rest of it was cured; more bytes are."""
    waste = make_finding("LAY103", (1, "opt/a"), severity=Severity.LOW, wasted=50_000_000)
    assert compare_findings((waste,), (replace(waste, severity=Severity.MEDIUM),)) == ((), (), ())
    more = replace(waste, severity=Severity.MEDIUM, wasted=200_000_000)
    assert compare_findings((waste,), (more,)).graver == (Graver(more, Severity.LOW),)


def test_what_is_left_of_a_finding_and_graver_is_new() -> None:
    """At fewer places, and worse there."""
    both = make_finding("SYS002", (1, "a"), (1, "b"), severity=Severity.LOW)
    one = make_finding("SYS002", (1, "a"), severity=Severity.LOW)
    assert compare_findings((both,), (one,)).added == ()
    worse = replace(one, severity=Severity.HIGH)
    assert compare_findings((both,), (worse,)).added == (worse,)


def test_a_number_is_no_part_of_what_a_finding_is_but_a_name_is() -> None:
    """Of findings about the image as a whole."""

    def tell(message: str) -> object:
        return tell_apart(replace(CONFIG, message=message, locations=(Location(),)))

    assert tell("2 of 1,001 layers, 3.5 MB, sm_90") == tell("17 of 9 layers, 0.2 MB, sm_90")
    assert tell("HUB1_TOKEN is a token") != tell("HUB2_TOKEN is a token")
