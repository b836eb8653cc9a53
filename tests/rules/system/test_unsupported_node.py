"""SYS102 unsupported-node: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.system.node import NodeEngineMismatch, NodeRuntime
from layerscope.rules.severity import Severity
from layerscope.rules.system.unsupported_node import UnsupportedNode
from support.cases import flags, ignores

APPLICATION = NodeEngineMismatch(
    evidence=Evidence(1, "app/package.json"),
    package="demo",
    package_version="1.0.0",
    folder="app",
    layer=1,
    range=">=18",
    node_version="16.20.2",
    is_application=True,
)


def test_flags_an_application_and_its_packages() -> None:
    """Packages run on more than they say as a rule."""
    package = replace(APPLICATION, package="a", range=">=20", is_application=False)
    first, second = flags(UnsupportedNode, APPLICATION, package)
    assert first.message == "1 application leaves out the image's Node.js 16.20.2: demo 1.0.0 asks for >=18"
    assert second.message == "1 npm package leaves out the image's Node.js 16.20.2: a 1.0.0 asks for >=20"
    assert (first.severity, second.severity) == (Severity.MEDIUM, Severity.LOW)


def test_ignores_packages_that_accept_it() -> None:
    """A runtime alone is no mismatch."""
    runtime = NodeRuntime(Evidence(0, "usr/bin/node"), "20.1.0", "usr/bin/node", 0, 115, True, "", None, False)
    ignores(UnsupportedNode, runtime)
