"""SYS103: the image's Node.js gets no security updates any more."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.node import NodeRuntime
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_path


class ExpiredNode(Rule):
    """The image's Node.js gets no security updates any more.

    What it checks: The release line of every Node.js program against a table of release lines: it ended before the
        day on which the table was last checked.
    Why it matters: Holes found since are not mended, and packages stop accepting the line: `npm install` then takes
        old versions of them, or fails.
    Example: `FROM node:16` in a Dockerfile of today.
    Remedy: Take a line with long-term support, and install the packages anew.
    Fix safety: Review: native add-ons have to be built anew for another major version.
    Blind spots: A distribution mends its own package longer than the Node.js project does, so that packages of the
        distribution are not judged. Copies under other names (inside Electron, or built into a program) are not seen.
    References: https://github.com/nodejs/Release
    """

    code: ClassVar[str] = "SYS103"
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (NodeRuntime,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a program."""
        for runtime in facts.of(NodeRuntime):
            if runtime.is_expired and not runtime.package:
                message = (
                    f"Support of Node.js {runtime.version} ({tell_path(runtime.path)}) ended on {runtime.end_of_life}"
                )
                fix = Fix("Take a line with long-term support", ("FROM node:lts-slim", "RUN npm ci --omit=dev"))
                yield self.finding(message, runtime.evidence, fixes=(fix,))
