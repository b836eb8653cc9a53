"""SYS001: the distribution's release gets no security updates any more."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.distribution import DistributionRelease
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class ExpiredRelease(Rule):
    """The distribution's release gets no security updates any more.

    What it checks: The release that os-release names against a table of releases: its support ended before the day
        on which the table was last checked. The clock plays no part, so that the same image and the same layerscope
        always say the same.
    Why it matters: Holes found since are not mended, and package archives move away: `apt-get update` of an expired
        Debian fails with "404 Not Found", and so does the next build. Old releases also bring an old C library, for
        which new wheels are no longer built.
    Example: `FROM ubuntu:20.04` or `FROM debian:buster` in a Dockerfile of today.
    Remedy: Take the next release as the base: `FROM debian:12-slim`.
    Fix safety: Review: a new release brings new versions of everything, Python included.
    Blind spots: Support that is sold beyond the public end (Ubuntu Pro, ELTS, RHEL ELS) is not seen. Releases that
        the table does not know are not judged; the table's date stands in the message.
    References: the sources in the table `releases`; distro-info(1).
    """

    code: ClassVar[str] = "SYS001"
    covers: ClassVar[tuple[int, ...]] = (19,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (DistributionRelease,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for an image of an expired release."""
        release = facts.find(DistributionRelease)
        if release is None or not release.is_expired:
            return
        already = ", before this image was built" if release.was_expired else ""
        message = (
            f"Support of {release.name} ended on {release.end_of_life}{already} (by the table of {release.checked})"
        )
        yield self.finding(message, release.evidence, fixes=(_suggest(release),))


def _suggest(release: DistributionRelease) -> Fix:
    """Take a newer base."""
    if release.successor:
        title = f"Build on {release.successor}"
        return Fix(title, (f"FROM {release.successor.replace(' ', ':')}   (or an image that is built on it)",))
    return Fix("Build on a distribution that has support", ("FROM a newer release, or another distribution",))
