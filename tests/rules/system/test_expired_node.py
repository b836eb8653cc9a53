"""SYS103 expired-node: what it flags and what it lets pass."""

from datetime import date

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.system.node import NodeRuntime
from layerscope.rules.system.expired_node import ExpiredNode
from support.cases import flags, ignores

RUNTIME = NodeRuntime(
    evidence=Evidence(1, "usr/local/bin/node"),
    version="16.20.2",
    path="usr/local/bin/node",
    layer=1,
    module_version=93,
    is_default=True,
    package="",
    end_of_life=date(2023, 9, 11),
    is_expired=True,
)


def test_flags_a_line_without_support() -> None:
    """With its end."""
    (finding,) = flags(ExpiredNode, RUNTIME)
    assert finding.message == "Support of Node.js 16.20.2 (/usr/local/bin/node) ended on 2023-09-11"


def test_ignores_lines_with_support_and_a_distributions_own() -> None:
    """Debian mends its Node.js 18 as long as its release."""
    ignores(ExpiredNode, replace(RUNTIME, is_expired=False), replace(RUNTIME, package="nodejs"))
