"""SYS105 mismatched-node-addon: what it flags and what it lets pass."""

from layerscope.facts.elf.node_addons import ForeignNodeAddon
from layerscope.facts.fact import Evidence
from layerscope.rules.severity import Severity
from layerscope.rules.system.mismatched_node_addon import MismatchedNodeAddon
from support.cases import flags, ignores
from support.sample_facts import PROOF

PATH = "app/node_modules/bcrypt/build/Release/bcrypt.node"
ADDON = ForeignNodeAddon(Evidence(3, PATH), PATH, 3, "COPY node_modules .", "bcrypt", 93, 108, "18.20.4")


def test_flags_an_addon_of_another_node() -> None:
    """With both versions, and what compiles it anew."""
    (finding,) = flags(MismatchedNodeAddon, ADDON)
    assert finding.message == (
        "bcrypt of layer 3 (COPY node_modules .) is compiled for NODE_MODULE_VERSION 93, and Node.js 18.20.4 has 108"
    )
    assert finding.severity is Severity.HIGH
    assert finding.fixes[0].steps[1] == "Or in the final stage: RUN npm rebuild bcrypt"


def test_ignores_an_image_whose_addons_fit() -> None:
    """There is no fact then."""
    ignores(MismatchedNodeAddon, PROOF)
