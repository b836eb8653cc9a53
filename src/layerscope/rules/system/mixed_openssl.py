"""SYS005: OpenSSL is installed in several series at once."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.openssl import OpenSslLibrary
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_list, tell_path


class MixedOpenssl(Rule):
    """OpenSSL is installed in several series at once.

    What it checks: The libssl libraries in the system's own library folders: 1.0, 1.1 and 3 side by side.
    Why it matters: A process that loads two of them, one by the interpreter and one by an extension, mixes their
        state: handshakes fail, or the process dies in `SSL_CTX_new`. The old series has had no fixes since 2019 (1.0)
        and 2023 (1.1).
    Example: `dpkg -i libssl1.1_….deb` in an image of Ubuntu 22.04, so that an old binary starts.
    Remedy: Take builds for the series that the distribution has.
    Fix safety: Review: whatever was installed the old series for stops working without it.
    Blind spots: Copies elsewhere (in wheels, conda environments, vendors' tools) are not judged: they are found by
        those who bring them. Programs that link OpenSSL statically are not seen. Whether one process loads both is
        not looked at.
    References: https://www.openssl.org/policies/releasestrat.html
    """

    code: ClassVar[str] = "SYS005"
    covers: ClassVar[tuple[int, ...]] = (22,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (OpenSslLibrary,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for an image with more than one series."""
        libraries = [fact for fact in facts.of(OpenSslLibrary) if fact.is_system]
        by_series = {fact.series: fact for fact in libraries}
        if len(by_series) < 2:  # noqa: PLR2004 - one series is as it should be
            return
        named = tell_list(f"{series} ({tell_path(by_series[series].path)})" for series in sorted(by_series))
        fix = Fix(
            "Keep the distribution's series alone",
            (f"Find what needs the others: grep -rl libssl.so.{min(by_series)} /usr /opt", "Rebuild or replace it"),
        )
        places = [fact.evidence for fact in libraries][:SHOWN_LOCATIONS]
        yield self.finding(f"OpenSSL is there in {len(by_series)} series: {named}", *places, fixes=(fix,))
