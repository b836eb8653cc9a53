"""SYS102: an npm package asks for another Node.js than the image has."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.node import NodeEngineMismatch
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_list


class UnsupportedNode(Rule):
    """An npm package asks for another Node.js than the image has.

    What it checks: engines.node of every installed npm package, and of applications with a node_modules folder,
        against the Node.js that the PATH leads to.
    Why it matters: npm only warns about it. The package then uses syntax or functions that this Node.js does not
        have, and stops with a SyntaxError or "is not a function", at start or much later.
    Example: `FROM node:16` and a package with `"engines": {"node": ">=18"}`.
    Remedy: Take the Node.js that all packages accept, or versions of the packages that accept this one.
    Fix safety: Review: native add-ons have to be built anew for another major version.
    Blind spots: Ranges are what authors wrote; many packages run on more than they say, so that dependencies are a
        smaller matter than the application itself. Images with several Node.js, none of them on the PATH, are not
        judged.
    References: https://docs.npmjs.com/cli/configuring-npm/package-json#engines
    """

    code: ClassVar[str] = "SYS102"
    covers: ClassVar[tuple[int, ...]] = (24,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (NodeEngineMismatch,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for applications, one for the packages below them."""
        mismatches = facts.of(NodeEngineMismatch)
        for is_application, severity in ((True, Severity.MEDIUM), (False, Severity.LOW)):
            members = [fact for fact in mismatches if fact.is_application is is_application]
            if not members:
                continue
            told = tell_list(f"{fact.package} {fact.package_version} asks for {fact.range}" for fact in members)
            noun = "application" if is_application else "npm package"
            verb = "leaves" if len(members) == 1 else "leave"
            message = (
                f"{tell_count(len(members), noun)} {verb} out the image's Node.js {members[0].node_version}: {told}"
            )
            places = [fact.evidence for fact in members][:SHOWN_LOCATIONS]
            fix = Fix(
                "Take a Node.js that all packages accept",
                ("FROM node:MAJOR   (see the ranges above)", "RUN npm ci --omit=dev   (builds native add-ons anew)"),
            )
            yield self.finding(message, *places, severity=severity, fixes=(fix,))
