"""Native add-ons of npm packages: for which Node.js they were compiled."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.objects import find_objects
from layerscope.facts.elf.roots import has_export
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.node import find_node_runtimes
from layerscope.formats.elf_object import ElfObject

_BUILT_HERE: Final = "/build/Release/"
"""Where node-gyp puts what it compiled for one Node.js; other places hold builds for several, of which one is taken."""

VERSIONS: Final = range(46, 200)
"""NODE_MODULE_VERSION since Node.js 4: https://github.com/nodejs/node/blob/main/doc/abi_version_registry.json"""

ADDON_LIMIT: Final = 200
"""Add-ons that are told of; an application has a few."""


class ForeignNodeAddon(Fact, frozen=True):
    """An add-on that was compiled for another NODE_MODULE_VERSION than the image's Node.js has."""

    path: str
    layer: int
    instruction: str
    package: str
    built_for: int
    wanted: int
    node_version: str


class NodeAddonCollector(Collector):
    """Asks the add-ons' exported names: `node_register_module_v108`; those of Node-API fit every version."""

    name = "elf.node-addons"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the add-ons that do not fit, by path."""
        runtimes = context.shared(find_node_runtimes)
        chosen = [runtime for runtime in runtimes if runtime.is_default] or runtimes
        if len(chosen) != 1 or not chosen[0].module_version:
            return
        told = 0
        for path, found in context.shared(find_objects).items():
            if not path.endswith(".node") or _BUILT_HERE not in path or told >= ADDON_LIMIT:
                continue
            versions = find_module_versions(found.elf)
            if versions and chosen[0].module_version not in versions:
                told += 1
                yield ForeignNodeAddon(
                    evidence=Evidence(layer=found.layer, path=path),
                    path=path,
                    layer=found.layer,
                    instruction=context.instruction(found.layer),
                    package=path.partition(_BUILT_HERE)[0].rpartition("node_modules/")[2],
                    built_for=versions[-1],
                    wanted=chosen[0].module_version,
                    node_version=chosen[0].version,
                )


def find_module_versions(elf: ElfObject) -> tuple[int, ...]:
    """The NODE_MODULE_VERSIONs that an add-on registers itself for; none where it uses Node-API alone."""
    return tuple(number for number in VERSIONS if has_export(elf, f"node_register_module_v{number}"))
