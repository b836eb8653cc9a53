"""SYS104: the entry script loads a module that is not in the image."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.system.node_entry import MissingImport, NodeEntry
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_layer, tell_list, tell_path


class UnresolvedRequire(Rule):
    """The entry script loads a module that is not in the image.

    What it checks: Every `require` and `import` at the top level of the script that the config starts with `node`:
        built-in modules, files beside it, and packages in the nearest node_modules upwards.
    Why it matters: Node.js loads them before anything else and stops at the first that it does not find:
        "Error: Cannot find module './lib/database'".
    Example: `COPY server.js package.json ./` without the folder `lib`, or `npm install` in another stage whose
        node_modules was not copied.
    Remedy: Copy the files, install the packages.
    Fix safety: Review: what is missing may have been left out by .dockerignore on purpose.
    Blind spots: Only scripts with an entry's usual name (index, server, app, main, …) that `node` is given directly;
        not `npm start`, bundles over 256 kB, loaders, or NODE_PATH. Statements that do not begin a line count as
        optional. Whether a package exports the file that is asked for is not looked at, nor what the loaded files
        load in turn. Nothing is said where a layer could not be read.
    References: https://nodejs.org/api/modules.html#all-together
    """

    code: ClassVar[str] = "SYS104"
    covers: ClassVar[tuple[int, ...]] = (27,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (NodeEntry, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the entry script."""
        if has_unread_layers(facts):
            return
        for entry in facts.of(NodeEntry):
            if entry.missing:
                named = tell_list(map(_tell, entry.missing), shown=5)
                message = f"The entry script {tell_path(entry.path)} loads what is not in the image: {named}"
                yield self.finding(message, entry.evidence, fixes=(_suggest(entry),))


def _tell(missing: MissingImport) -> str:
    """A name, and who removed it."""
    if missing.removed_by is None:
        return missing.name
    return f"{missing.name} (removed by {tell_layer(missing.removed_by, missing.instruction)})"


def _suggest(entry: NodeEntry) -> Fix:
    """Install packages, copy files."""
    files = [each.name for each in entry.missing if each.name.startswith((".", "/"))]
    packages = [each.name for each in entry.missing if each.name not in files]
    steps = []
    if packages:
        steps.append("COPY package.json package-lock.json ./")
        steps.append(f"RUN npm ci --omit=dev   (and name {tell_list(packages)} in package.json's dependencies)")
    if files:
        steps.append(f"COPY the source of {tell_list(files)}; see whether .dockerignore leaves it out")
    return Fix("Bring along what the entry script loads", tuple(steps))
