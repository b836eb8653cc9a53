"""SYS001 expired-release: what it flags and what it lets pass."""

from datetime import date

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.system.distribution import DistributionRelease
from layerscope.rules.system.expired_release import ExpiredRelease
from support.cases import flags, ignores

RELEASE = DistributionRelease(
    evidence=Evidence(0, "etc/os-release"),
    id="ubuntu",
    version="20.04",
    name="Ubuntu 20.04.6 LTS",
    libc="glibc",
    libc_version="2.31",
    end_of_life=date(2025, 5, 29),
    checked=date(2026, 11, 26),
    is_expired=True,
    was_expired=False,
    successor="ubuntu 26.04",
)


def test_flags_a_release_whose_support_has_ended() -> None:
    """With the date of the table by which that is so."""
    (finding,) = flags(ExpiredRelease, RELEASE)
    assert finding.message == "Support of Ubuntu 20.04.6 LTS ended on 2025-05-29 (by the table of 2026-11-26)"
    assert finding.fixes[0].steps[0].startswith("FROM ubuntu:26.04")


def test_tells_where_it_had_ended_before_the_build() -> None:
    """Nobody can say it came as a surprise."""
    (finding,) = flags(ExpiredRelease, replace(RELEASE, was_expired=True, successor=""))
    assert "ended on 2025-05-29, before this image was built" in finding.message


def test_ignores_a_release_with_support() -> None:
    """So is one that the table does not know."""
    ignores(ExpiredRelease, replace(RELEASE, end_of_life=date(2029, 5, 31), is_expired=False))
    ignores(ExpiredRelease, replace(RELEASE, end_of_life=None, is_expired=False))
