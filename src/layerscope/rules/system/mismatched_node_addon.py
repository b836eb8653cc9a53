"""SYS105: a native add-on was compiled for another Node.js."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.node_addons import ForeignNodeAddon
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_layer, tell_list


class MismatchedNodeAddon(Rule):
    """A native add-on was compiled for another Node.js.

    What it checks: The NODE_MODULE_VERSION that the add-ons in `build/Release` register themselves for, by the names
        that they export, against that of the Node.js that the PATH leads to.
    Why it matters: Node.js refuses to load it: "was compiled against a different Node.js version using
        NODE_MODULE_VERSION 93. This version of Node.js requires NODE_MODULE_VERSION 108".
    Example: `COPY node_modules ./node_modules` from a build stage on node:16 into one on node:18.
    Remedy: Build and run with the same major version, or `npm rebuild` in the final stage.
    Fix safety: Review: compiling needs a compiler and Python in that stage.
    Blind spots: Add-ons that register themselves by a constructor, without a name, and those in `prebuilds`, of which
        the package takes what fits. Add-ons for Node-API fit every version. Images with several Node.js, none on the
        PATH, are not judged.
    References: https://nodejs.org/api/addons.html; https://nodejs.org/en/about/previous-releases.
    """

    code: ClassVar[str] = "SYS105"
    covers: ClassVar[tuple[int, ...]] = (24,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (ForeignNodeAddon,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the add-ons of each layer."""
        layers: dict[int, list[ForeignNodeAddon]] = {}
        for addon in facts.of(ForeignNodeAddon):
            layers.setdefault(addon.layer, []).append(addon)
        for layer, addons in sorted(layers.items()):
            first = addons[0]
            packages = list(dict.fromkeys(addon.package for addon in addons))
            series = first.node_version.partition(".")[0]
            verb = "is" if len(packages) == 1 else "are"
            message = (
                f"{tell_list(packages)} of {tell_layer(layer, first.instruction)} {verb} compiled for "
                f"NODE_MODULE_VERSION {first.built_for}, and Node.js {first.node_version} has {first.wanted}"
            )
            fix = Fix(
                "Compile the add-ons with the Node.js that runs them",
                (
                    f"FROM node:{series} AS build   (the same major version in all stages)",
                    f"Or in the final stage: RUN npm rebuild {' '.join(packages[:10])}",
                ),
            )
            places = [addon.evidence for addon in addons[:SHOWN_LOCATIONS]]
            yield self.finding(message, *places, fixes=(fix,))
