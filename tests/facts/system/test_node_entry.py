"""What the entry script loads is resolved as Node.js does."""

import pytest

from layerscope.facts.system.node_entry import MissingImport, NodeEntry, NodeEntryCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.tar_member import TarMember, file, whiteout

START = RuntimeConfig(cmd=("node", "server.js"), working_dir="/app")
EXPRESS = file("app/node_modules/express/package.json", b'{"name": "express"}')


def entry(*members: TarMember, runtime: RuntimeConfig = START) -> list[str] | None:
    """The names that lead to nothing; None where there is no entry script."""
    facts = collect(NodeEntryCollector, make_context(members, runtime=runtime)).of(NodeEntry)
    return [each.name for each in facts[0].missing] if facts else None


def script(*names: str) -> TarMember:
    """A server.js that loads these."""
    return file("app/server.js", "".join(f"const x = require('{name}');\n" for name in names).encode())


def test_finds_built_in_modules_files_and_packages() -> None:
    """The article's example: express, crypto and a file of one's own; suffixes and folders as Node.js tries them."""
    members = (
        EXPRESS, file("node_modules/bare/index.js"), file("app/lib/database.js"), file("app/lib/index.js"),
        file("app/data.json"),
    )  # fmt: skip
    names = (
        "express",
        "express/lib/x",
        "crypto",
        "fs/promises",
        "node:test",
        "./lib/database",
        "./lib",
        "./data",
        "bare",
        "#x",
    )
    assert entry(script(*names), *members) == []
    assert entry(script("./lib/other", "express", "pg", "@s/p/q"), *members) == ["./lib/other", "pg", "@s/p/q"]


def test_tells_the_layer_that_removed_a_file() -> None:
    """With its instruction."""
    context = make_context(
        [script("./lib/database"), file("app/lib/database.js")],
        [whiteout("app/lib")],
        steps=["COPY . .", "RUN rm -rf lib"],
        runtime=START,
    )
    (fact,) = collect(NodeEntryCollector, context).of(NodeEntry)
    assert (fact.path, fact.layer, fact.imports) == ("app/server.js", 0, 1)
    assert fact.missing == (MissingImport("./lib/database", 1, "RUN rm -rf lib"),)


@pytest.mark.parametrize(
    "runtime",
    [
        RuntimeConfig(cmd=("npm", "start"), working_dir="/app"),
        RuntimeConfig(cmd=("node", "--require", "./hook.js", "server.js"), working_dir="/app"),
        RuntimeConfig(cmd=("node", "--import=tsx", "server.js"), working_dir="/app"),
        RuntimeConfig(cmd=("node", "server.js"), working_dir="/app", env=("NODE_PATH=/usr/lib/node_modules",)),
        RuntimeConfig(cmd=("node", "other.js"), working_dir="/app"),
    ],
)
def test_what_changes_the_search_is_not_judged(runtime: RuntimeConfig) -> None:
    """Loaders, hooks and search paths find what is not beside the script."""
    assert entry(script("gone"), runtime=runtime) is None


def test_switches_that_change_nothing_are_passed_over() -> None:
    """Memory limits and the like."""
    runtime = RuntimeConfig(entrypoint=("tini", "--", "node", "--max-old-space-size=4096"), cmd=("/app/server.js",))
    assert entry(script("gone"), runtime=runtime) == ["gone"]
