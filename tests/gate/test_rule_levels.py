"""A finding fails by its rule, else by its family, else by its severity."""

from datetime import date

import pytest

from layerscope.errors import SettingsError
from layerscope.gate.rule_levels import RuleLevels
from layerscope.gate.setting import Setting
from layerscope.gate.suppression import Suppression
from layerscope.rules.severity import Severity
from layerscope.sources.identity import list_spellings
from support.results import make_finding


def read(fail_on: str = "high", **rules: str) -> RuleLevels:
    """The levels of a policy."""
    return RuleLevels.read(Setting("fail-on", fail_on), Setting("rules", rules))


@pytest.mark.parametrize(
    ("fail_on", "rules", "level"),
    [
        ("high", {}, None),
        ("medium", {}, "fail"),
        ("never", {}, None),
        ("high", {"LAY101": "fail"}, "fail"),
        ("high", {"deleted-in-later-layer": "warn"}, "warn"),
        ("high", {"LAY": "medium"}, "fail"),
        ("high", {"LAY": "high"}, None),
        ("low", {"LAY": "ignore"}, "ignore"),
        ("low", {"LAY": "ignore", "lay101": "low"}, "fail"),
        ("low", {"PY": "ignore"}, "fail"),
    ],
)
def test_the_nearest_level_decides(fail_on: str, rules: dict[str, str], level: str | None) -> None:
    """Of a finding of LAY101, whose severity is medium."""
    assert read(fail_on, **rules).find_level(make_finding("LAY101", severity=Severity.MEDIUM)) == level


def test_damage_always_fails() -> None:
    """No level of the family, and no threshold, lets it pass."""
    assert read("never", LAY="ignore").find_level(make_finding("LAY001")) == "fail"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"LAY999": "warn"}, r"rules: no rule or family is called 'LAY999'; did you mean 'LAY"),
        ({"deleted-in-latter-layer": "warn"}, "did you mean 'deleted-in-later-layer'"),
        ({"LAY101": "off"}, "rules.LAY101: expected one of ignore, warn, fail, critical"),
        ({"LAY002": "ignore"}, "LAY002 says that an image is damaged"),
    ],
)
def test_what_is_no_rule_or_level_is_told(rules: dict[str, str], message: str) -> None:
    """With the nearest name."""
    with pytest.raises(SettingsError, match=message):
        read(**rules)


def suppress(**table: object) -> Suppression:
    """The suppression that a table says."""
    return Suppression.read(Setting("check.suppress[0]", {"rule": "LAY101", "reason": "for now", **table}))


@pytest.mark.parametrize(
    ("table", "is_covered"),
    [
        ({}, True),
        ({"rule": "LAY"}, True),
        ({"rule": "deleted-in-later-layer"}, True),
        ({"rule": "LAY102"}, False),
        ({"path": "/app/**"}, True),
        ({"path": "*.pem"}, True),
        ({"path": "/app/*.key"}, False),
        ({"image": "team/*"}, True),
        ({"image": "other/*"}, False),
    ],
)
def test_a_suppression_is_about_a_rule_a_place_and_an_image(table: dict[str, str], is_covered: bool) -> None:
    """All that it says has to be so."""
    finding = make_finding("LAY101", (2, "app/a.pem"), (2, "app/b.pem"))
    assert suppress(**table).covers(finding, ("team/llm:dev",)) is is_covered


@pytest.mark.parametrize(
    ("glob", "name", "is_about"),
    [
        ("team/*", "docker:team/llm:1.5", True),
        ("team/*", "docker.io/team/llm:1.4", True),
        ("team/llm", "team/llm:1.5", True),
        ("team/llm:1.*", "docker://team/llm:1.5", True),
        ("docker.io/team/llm:*", "team/llm:1.5", True),
        ("docker:team/*", "docker:team/llm:1.5", True),
        ("python", "docker.io/library/python:3.12-slim", True),
        ("docker.io/library/python", "python:3.12-slim", True),
        ("python:latest", "python", True),
        ("team/llm:1.5", "team/llm:1.5@sha256:" + "0" * 64, True),
        ("team/*", "registry.example/team/llm:1.5", False),
        ("registry.example/team/*", "registry:registry.example/team/llm:1.5", True),
        ("team/llm:1.4", "team/llm:1.5", False),
        ("team", "team/llm:1.5", False),
    ],
)
def test_a_suppression_goes_by_any_spelling_of_an_image(glob: str, name: str, is_about: bool) -> None:
    """As it is written in the policy, as Docker tells it, in full, and without its tag."""
    assert suppress(image=glob).is_about(list_spellings(name)) is is_about


def test_a_path_has_to_cover_all_of_a_finding() -> None:
    """One more path is something that nobody has accepted; a finding without a path is at none."""
    wanted = suppress(path="/app/*.pem")
    assert not wanted.covers(make_finding("LAY101", (2, "app/a.pem"), (2, "etc/b.pem")), ("team/llm:dev",))
    assert not wanted.covers(make_finding("LAY101", (2, None)), ("team/llm:dev",))


def test_damage_is_not_suppressed_by_its_family() -> None:
    """A policy may live with all of LAY, and not with a layer that differs from its digest."""
    assert not suppress(rule="LAY").covers(make_finding("LAY001", (2, None)), ("team/llm:dev",))


@pytest.mark.parametrize("day", ["2026-12-31", date(2026, 12, 31)])
def test_a_suppression_holds_on_its_last_day(day: object) -> None:
    """And no longer."""
    wanted = suppress(expires=day)
    assert not wanted.is_expired(date(2026, 12, 31))
    assert wanted.is_expired(date(2027, 1, 1))
    assert not suppress().is_expired(date(2999, 1, 1))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"reason": ""}, "reason: expected a string"),
        ({"expires": "soon"}, "expires: expected a date, such as 2026-12-31"),
        ({"expire": "2026-12-31"}, "expire: unknown key; did you mean 'expires'"),
        ({"rule": "LAY003"}, "cannot be suppressed"),
    ],
)
def test_a_suppression_has_to_make_sense(table: dict[str, object], message: str) -> None:
    """Where it stands is told, too."""
    with pytest.raises(SettingsError, match=message) as caught:
        suppress(**table)
    assert "check.suppress[0]" in str(caught.value)


def test_a_suppression_has_a_reason() -> None:
    """Without one it is an error."""
    with pytest.raises(SettingsError, match="expected a reason"):
        Suppression.read(Setting("check.suppress[0]", {"rule": "LAY101"}))
