"""SYS101: an npm package requires what Node.js does not find, or finds in another version."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.system.node import NpmConflict
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_path

_SHOWN: Final = 5
_GROUPS: Final = (
    (("missing", "invalid"), "requirement of npm packages is not met", "requirements of npm packages are not met",
     Severity.MEDIUM),
    (("unlocked",), "npm package is not what the lock file says", "npm packages are not what the lock file says",
     Severity.MEDIUM),
    (("peer-missing", "peer-invalid"), "peer requirement of npm packages is not met",
     "peer requirements of npm packages are not met", Severity.LOW),
)  # fmt: skip


class UnmetNpmDependency(Rule):
    """An npm package requires what Node.js does not find, or finds in another version.

    What it checks: The dependencies and peer dependencies of every package in a node_modules folder, and of every
        application with such a folder beside it, resolved as Node.js does: the nearest node_modules upwards. Ranges
        are read as npm reads them. Versions are held against the lock file beside them.
    Why it matters: A missing package is "Error: Cannot find module" at the first `require`; another version than was
        asked for fails later, with "is not a function". `~1.1.0` does not accept 1.2.0, while `^1.1.0` does.
    Example: `COPY node_modules` from a machine where `npm install --force` had been run.
    Remedy: Install from the lock file: `npm ci --omit=dev`.
    Fix safety: Review: other versions come in.
    Blind spots: Optional dependencies, names that an application overrides, and requirements that are no range (tags,
        addresses) are judged by presence alone, or not at all. Bundlers and Next.js's standalone output ship
        package.json files whose dependencies they have built in: confidence is medium. NODE_PATH and loaders are not
        followed.
    References: https://docs.npmjs.com/cli/commands/npm-ls; https://github.com/npm/node-semver#ranges
    """

    code: ClassVar[str] = "SYS101"
    covers: ClassVar[tuple[int, ...]] = (25, 28, 64, 68)
    severity: ClassVar[Severity] = Severity.MEDIUM
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (NpmConflict, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for requirements, one for the lock file, one for peers."""
        if has_unread_layers(facts):
            return
        for kinds, noun, plural, severity in _GROUPS:
            conflicts = [fact for fact in facts.of(NpmConflict) if fact.kind in kinds]
            if not conflicts:
                continue
            conflicts.sort(key=lambda fact: not fact.is_application)
            told = "; ".join(map(_tell, conflicts[:_SHOWN]))
            more = f"; and {len(conflicts) - _SHOWN:,} more" if len(conflicts) > _SHOWN else ""
            message = f"{tell_count(len(conflicts), noun, plural)}: {told}{more}"
            places = list(dict.fromkeys(fact.evidence for fact in conflicts))[:SHOWN_LOCATIONS]
            yield self.finding(message, *places, severity=severity, fixes=(_suggest(conflicts),))


def _tell(conflict: NpmConflict) -> str:
    """Who requires what, and what is found: the columns required by, required, found."""
    if conflict.kind == "unlocked":
        place = tell_path(conflict.found_folder)
        return f"{conflict.name} {conflict.required} is locked, found {conflict.found} in {place}"
    by = f"{conflict.by} {conflict.by_version}".rstrip()
    found = f"{conflict.found} in {tell_path(conflict.found_folder)}" if conflict.found else "nothing"
    return f"{by} requires {conflict.name} {conflict.required}, found {found}"


def _suggest(conflicts: list[NpmConflict]) -> Fix:
    """Install anew, and pin what stays apart."""
    pins = {fact.name: fact.required for fact in conflicts if fact.kind == "invalid"}
    steps = ["RUN npm ci --omit=dev   (in place of a copied node_modules)", f"npm ls {conflicts[0].name}"]
    if pins:
        listed = ", ".join(f'"{name}": "{required}"' for name, required in list(pins.items())[:_SHOWN])
        steps.append(f'If it comes back, pin in package.json: "overrides": {{{listed}}}')
    return Fix("Install what the lock file says", tuple(steps))
