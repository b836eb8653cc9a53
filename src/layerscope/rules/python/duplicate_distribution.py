"""PY005: a distribution is there in two versions."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import quote_requirements, tell_pip
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_layer, tell_list, tell_path


class DuplicateDistribution(Rule):
    """A distribution is there in two versions.

    What it checks: No site directory has two dist-infos, or egg-infos, of one name and different versions.
    Why it matters: It is what an upgrade leaves that did not remove the old version: `pip` and `importlib.metadata`
        answer with either of them, checks of versions go wrong, and modules of both versions may lie mixed.
    Example: `COPY --from=build /usr/local/lib/python3.11/site-packages …` onto a base that has another version of the
        same distribution.
    Remedy: Remove both and install the one that is wanted; copy a whole virtual environment instead of a directory.
    Fix safety: Review: which version is wanted, nobody but its user knows.
    Blind spots: The same name in two directories of one module path is not told: the first one counts, as designed.
    References: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """

    code: ClassVar[str] = "PY005"
    covers: ClassVar[tuple[int, ...]] = (64,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (Distribution, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a name and site directory."""
        groups: dict[tuple[str, str], list[Distribution]] = {}
        for item in facts.of(Distribution):
            groups.setdefault((item.site, item.key), []).append(item)
        for (site, _), items in sorted(groups.items()):
            if len({item.version for item in items}) > 1:
                yield self._report(facts, site, items)

    def _report(self, facts: FactSet, site: str, items: list[Distribution]) -> Finding:
        """The finding for one name."""
        versions = tell_list(
            f"{item.version or 'a remnant without metadata'} from {tell_layer(item.layer, item.instruction)}"
            for item in items
        )
        latest = max(items, key=lambda item: (item.has_metadata, item.layer))
        pip = tell_pip(facts, latest.environment)
        fix = Fix(
            f"Remove all of {latest.name}, then install the version that is wanted",
            (
                f"RUN rm -rf {' '.join(tell_path(item.evidence.path or '') for item in items)}   (the descriptions)",
                f"RUN {pip} --force-reinstall --no-deps {quote_requirements([f'{latest.name}=={latest.version}'])}",
            ),
        )
        message = f"{tell_path(site)} has {latest.name} {len(items)} times: {versions}"
        return self.finding(message, *(item.evidence for item in items[:SHOWN_LOCATIONS]), fixes=(fix,))
