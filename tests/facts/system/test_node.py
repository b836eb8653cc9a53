"""npm's requirements are resolved as Node.js does, and runtimes are found."""

import json

import pytest

from layerscope.facts.system.node import NodeCollector, NodeEngineMismatch, NodeRuntime, NpmConflict, NpmPackages
from layerscope.facts.system.node_extractors import NodeProgramExtractor, is_package_place
from layerscope.image.config import RuntimeConfig
from layerscope.layers.extractor_set import open_reading
from support.contexts import collect, make_context
from support.debian import list_file, paragraph, status_file
from support.tar_member import TarMember, directory, file, symlink

MARK = b"\0https://nodejs.org/download/release/v%s/node-v%s-headers.tar.gz\0"


def package(folder: str, version: object = "1.0.0", **fields: object) -> TarMember:
    """A package.json, named after its folder."""
    name = folder.partition("node_modules/")[2].rpartition("node_modules/")[2] or folder
    return file(f"{folder}/package.json", json.dumps({"name": name, "version": version, **fields}).encode())


def node(path: str, version: str) -> TarMember:
    """A Node.js program."""
    return file(path, b"\x7fELF" + MARK % (version.encode(), version.encode()), mode=0o755)


def conflicts(*members: TarMember) -> list[tuple[str, str, str, str, str]]:
    """What does not fit: kind, who requires, what, in which range, what is found."""
    found = collect(NodeCollector, make_context(members)).of(NpmConflict)
    return [(each.kind, each.by, each.name, each.required, each.found) for each in found]


def test_the_nearest_folder_upwards_wins() -> None:
    """The copy below `a` is its own; what `b` sees is the one at the top."""
    assert conflicts(
        package("app", dependencies={"a": "^1.0.0", "b": "^1.0.0"}),
        package("app/node_modules/a", dependencies={"c": "~1.1.0"}),
        package("app/node_modules/a/node_modules/c", "1.1.9"),
        package("app/node_modules/b", dependencies={"c": "~1.1.0"}),
        package("app/node_modules/c", "1.2.0"),
    ) == [("invalid", "b", "c", "~1.1.0", "1.2.0")]


def test_finds_what_is_missing() -> None:
    """Optional dependencies may be; peers are told apart, and those that may be absent are not told."""
    assert conflicts(
        package("app", dependencies={"a": "*", "gone": "^2"}, optionalDependencies={"fsevents": "*"}),
        package("app/node_modules/a", peerDependencies={"react": ">=17", "vue": "3"},
                peerDependenciesMeta={"vue": {"optional": True}}),
    ) == [("missing", "app", "gone", "^2", ""), ("peer-missing", "a", "react", ">=17", "")]  # fmt: skip


def test_follows_the_links_of_a_store() -> None:
    """Pnpm links every package to one folder beside its dependencies."""
    store = "app/node_modules/.pnpm/a@1.0.0/node_modules"
    assert conflicts(
        package("app", dependencies={"a": "^1.0.0"}),
        directory("app/node_modules"), symlink("app/node_modules/a", ".pnpm/a@1.0.0/node_modules/a"),
        package(f"{store}/a", dependencies={"@s/b": "^2.0.0"}),
        symlink(f"{store}/@s/b", "../../../@s+b@2.1.0/node_modules/@s/b"),
        package("app/node_modules/.pnpm/@s+b@2.1.0/node_modules/@s/b", "2.1.0"),
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"dependencies": {"a": "latest"}},
        {"dependencies": {"a": "git+https://example.org/a.git"}},
        {"dependencies": {"a": "npm:b@^1.0.0"}},
        {"dependencies": {"a": "^2.0.0"}, "overrides": {"a": "1.0.0"}},
        {"dependencies": {"a": "^2.0.0"}, "workspaces": ["packages/*"]},
        {"devDependencies": {"gone": "1"}},
    ],
)
def test_what_is_no_range_or_was_overridden_is_not_judged(fields: dict[str, object]) -> None:
    """Presence is enough there; what only development needs is not looked at."""
    assert conflicts(package("app", **fields), package("app/node_modules/a")) == []


def test_an_application_without_modules_is_a_bundle() -> None:
    """Its dependencies are built in, or it is a source folder that nobody runs."""
    assert conflicts(package("app/dist", dependencies={"a": "1"}), package("app/node_modules/b")) == []


def test_holds_versions_against_the_lock_file() -> None:
    """The hidden lock file inside node_modules says what is there and is not asked."""
    lock = {"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1.2.0"}}}
    content = json.dumps(lock).encode()
    members = (package("app"), package("app/node_modules/a"), file("app/node_modules/.package-lock.json", content))
    assert conflicts(*members) == []
    assert conflicts(*members, file("app/package-lock.json", content)) == [("unlocked", "app", "a", "1.2.0", "1.0.0")]


def test_lists_installed_packages() -> None:
    """Sorted by folder, with their layers; an application is none of them."""
    context = make_context([package("app"), package("app/node_modules/@s/b")], [package("app/node_modules/a", "2.0.0")])
    (rows,) = collect(NodeCollector, context).of(NpmPackages)
    assert [(row.name, row.version, row.folder, row.layer) for row in rows.packages] == [
        ("@s/b", "1.0.0", "app/node_modules/@s/b", 0),
        ("a", "2.0.0", "app/node_modules/a", 1),
    ]


def test_finds_the_runtime_by_what_it_says() -> None:
    """The one on the PATH is the default; the header beside it gives the module version."""
    header = b"".join(
        b"#define NODE_%s_VERSION %d\n" % pair
        for pair in ((b"MAJOR", 22), (b"MINOR", 1), (b"PATCH", 0), (b"MODULE", 127))
    )
    context = make_context(
        [node("usr/local/bin/node", "22.1.0"), file("usr/local/include/node/node_version.h", header)],
        [node("opt/tool/node", "16.20.2")],
    )
    other, default = collect(NodeCollector, context).of(NodeRuntime)
    assert (default.version, default.layer, default.is_default, default.module_version) == ("22.1.0", 0, True, 127)
    assert (other.version, other.is_default, other.module_version, other.is_expired) == ("16.20.2", False, 93, True)


def test_finds_a_distributions_runtime_by_its_package() -> None:
    """Debian's program is small and loads libnode."""
    context = make_context(
        [
            file("usr/bin/node", b"\x7fELF", mode=0o755),
            status_file(paragraph("nodejs", "18.20.4+dfsg-1~deb12u1")),
            list_file("nodejs", "usr/bin/node"),
        ]
    )
    (runtime,) = collect(NodeCollector, context).of(NodeRuntime)
    assert (runtime.version, runtime.package, runtime.module_version) == ("18.20.4", "nodejs", 108)


def test_the_mark_is_found_across_pieces() -> None:
    """A program passes in pieces, and the mark may be cut anywhere."""
    content = b"x" * 1000 + MARK % (b"20.11.1", b"20.11.1") + b"y" * 1000
    for size in (1, 7, 64, 5000):
        reading = open_reading(NodeProgramExtractor(), "usr/bin/node", size=len(content), mode=0o755)
        for place in range(0, len(content), size):
            reading.feed(memoryview(content)[place : place + size])
        assert reading.finish() == "20.11.1"


def test_finds_packages_for_another_node() -> None:
    """Applications are marked."""
    context = make_context(
        [
            node("usr/local/bin/node", "16.20.2"),
            package("app", engines={"node": ">=18"}),
            package("app/node_modules/a", engines={"node": "^14 || ^16"}),
            package("app/node_modules/b", engines={"node": ">=20"}),
        ],
        runtime=RuntimeConfig(working_dir="/app"),
    )
    found = collect(NodeCollector, context).of(NodeEngineMismatch)
    assert [(each.package, each.range, each.node_version, each.is_application) for each in found] == [
        ("app", ">=18", "16.20.2", True),
        ("b", ">=20", "16.20.2", False),
    ]


def test_knows_the_place_of_a_package() -> None:
    """Deeper files only mark module formats."""
    places = {
        "package.json": True, "app/package.json": True, "app/node_modules/a/package.json": True,
        "app/node_modules/@s/a/package.json": True, "app/node_modules/a/dist/esm/package.json": False,
        "app/node_modules/package.json": False, "app/node_modules/@s/package.json": False,
    }  # fmt: skip
    assert {path: is_package_place(path) for path in places} == places
