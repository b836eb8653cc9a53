"""Native add-ons are held against the Node.js that loads them."""

import pytest

from layerscope.facts.elf.node_addons import ForeignNodeAddon, NodeAddonCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.elf_writer import ElfPlan, write_elf
from support.tar_member import file

RUNTIME = RuntimeConfig(env=("PATH=/usr/local/bin",))
MARK = b"\x7fELF\0https://nodejs.org/download/release/v18.20.4/node-v18.20.4-headers.tar.gz\0"
ADDON = "app/node_modules/bcrypt/build/Release/bcrypt.node"


def addons(path: str, *exports: str) -> list[ForeignNodeAddon]:
    """What is told of one add-on beside Node.js 18, whose NODE_MODULE_VERSION is 108."""
    members = [
        file("usr/local/bin/node", MARK, mode=0o755),
        file(path, write_elf(ElfPlan(soname="bcrypt.node", exports=exports))),
    ]
    return list(collect(NodeAddonCollector, make_context(members, runtime=RUNTIME)).of(ForeignNodeAddon))


def test_tells_an_addon_for_another_node() -> None:
    """By the name that it exports."""
    (addon,) = addons(ADDON, "node_register_module_v93")
    assert (addon.package, addon.built_for, addon.wanted, addon.node_version) == ("bcrypt", 93, 108, "18.20.4")


@pytest.mark.parametrize(
    ("path", "export"),
    [
        (ADDON, "node_register_module_v108"),
        (ADDON, "napi_register_module_v1"),
        ("app/node_modules/bcrypt/prebuilds/linux-x64/node.abi93.node", "node_register_module_v93"),
    ],
)
def test_passes_over_what_fits_or_may_not_be_taken(path: str, export: str) -> None:
    """Node-API fits every version, and of prebuilt add-ons the package takes its own."""
    assert addons(path, export) == []
