"""Findings are new, fixed or kept by what they are about."""

from msgspec.structs import replace

from layerscope.diff.finding_changes import compare_image_findings
from layerscope.rules.config.root_user import RootUser
from layerscope.rules.finding import Finding, Location
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags
from support.sample_facts import IDENTITY


def make(
    code: str, *paths: str | None, message: str = "", severity: Severity = Severity.LOW, wasted: int = 0
) -> Finding:
    """A finding at some paths."""
    places = tuple(Location(0, path) for path in paths) or (Location(),)
    return Finding(code, code.lower(), "title", message, severity, Confidence.HIGH, places, wasted=wasted)


def see(before: list[Finding], after: list[Finding]) -> tuple[list[str], list[str], list[str]]:
    """The messages of new, fixed and kept findings."""
    found = compare_image_findings(before, after)
    new, fixed, kept = ([each.message for each in part] for part in (found.new, found.fixed, found.kept))
    return new, fixed, kept


def test_a_path_more_is_new_and_fixes_nothing() -> None:
    """What was there is there still."""
    one, both = make("X1", "a", message="one"), make("X1", "a", "b", message="both")
    assert see([one], [both]) == (["both"], [], [])


def test_a_path_less_is_kept() -> None:
    """The rest of it is no news."""
    one, both = make("X1", "a", message="one"), make("X1", "a", "b", message="both")
    assert see([both], [one]) == ([], [], ["one"])


def test_all_paths_gone_is_fixed() -> None:
    """And another path is new."""
    assert see([make("X1", "a", message="a")], [make("X1", "b", message="b")]) == (["b"], ["a"], [])


def test_a_graver_finding_is_new() -> None:
    """A milder one is not."""
    mild, grave = make("X1", "a", message="mild"), make("X1", "a", message="grave", severity=Severity.HIGH)
    assert see([mild], [grave]) == (["grave"], [], [])
    assert see([grave], [mild]) == ([], [], ["mild"])


def test_findings_about_the_config_go_by_their_words() -> None:
    """Numbers apart, which may be other ones."""
    before = [make("X1", message="3 variables"), make("X1", message="a variable A")]
    after = [make("X1", message="4 variables"), make("X1", message="a variable B")]
    assert see(before, after) == (["a variable B"], ["a variable A"], ["4 variables"])


def test_no_more_wasted_bytes_are_not_graver() -> None:
    """They are a greater part of a smaller image, as a baseline knows; the other way round, they are not lesser."""
    before, after = make("X1", "a", wasted=30), make("X1", "a", severity=Severity.MEDIUM, wasted=30)
    there, back = compare_image_findings([before], [after]), compare_image_findings([after], [before])
    assert (there.new, there.kept, there.graver, there.lesser) == ((), (after,), (), ())
    assert (back.new, back.kept, back.graver, back.lesser) == ((), (before,), (), ())


def test_more_wasted_bytes_are_graver_and_fewer_are_lesser() -> None:
    """What fell is kept, and told with what it was."""
    less, more = make("X1", "a", wasted=30), make("X1", "a", severity=Severity.MEDIUM, wasted=90)
    there, back = compare_image_findings([less], [more]), compare_image_findings([more], [less])
    assert (there.new, there.graver, there.lesser) == ((more,), ((more, Severity.LOW),), ())
    assert (back.kept, back.lesser, back.count) == ((less,), ((less, Severity.MEDIUM),), 1)


def test_an_instruction_that_is_another_makes_no_other_finding() -> None:
    """What it says of a variable is the same; another variable is another finding."""
    one, other, third = (
        make("X1", message=f"{name}=1{said} lacks it")
        for name, said in (("A", " (ENV A=1)"), ("A", " (ENV A=1 B=2)"), ("C", ""))
    )
    assert see([one], [other]) == ([], [], [other.message])
    assert see([one], [third]) == ([third.message], [one.message], [])


def test_another_way_to_be_root_is_the_same_finding() -> None:
    """The user that is named is told as what it is: a change of the config."""
    identities = (replace(IDENTITY, specification=text, uid=0) for text in ("", "root", "0:0"))
    unnamed, named, numbered = (flags(RootUser, each) for each in identities)
    for before, after in ((unnamed, named), (named, numbered), (numbered, unnamed)):
        assert before[0].message != after[0].message
        assert see([*before], [*after]) == ([], [], [after[0].message])
