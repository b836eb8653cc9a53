"""npm's files are read field by field, whatever types they have."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats.npm_package import (
    FOLDER_LIMIT,
    FOLDERS_SIZE_LIMIT,
    LockedPackage,
    parse_npm_lock,
    parse_npm_package,
)


def test_reads_what_a_package_requires() -> None:
    """Fields of other types count as absent."""
    package = parse_npm_package(
        json.dumps(
            {
                "name": "a",
                "version": "1.0.0",
                "engines": {"node": ">=18", "npm": 8},
                "dependencies": {"b": "^1", "c": 5},
                "optionalDependencies": {"d": "*"},
                "peerDependencies": {"e": "2", "f": "3"},
                "peerDependenciesMeta": {"f": {"optional": True}, "e": 1},
                "overrides": {"g@1": "1.0.1", "h": {"@s/i": "2"}},
                "resolutions": {"**/j": "1"},
                "bundledDependencies": ["k"],
            }
        ).encode()
    )
    assert (package.name, package.version, package.node_range) == ("a", "1.0.0", ">=18")
    assert (package.dependencies, package.optional) == ({"b": "^1"}, {"d": "*"})
    assert (package.peers, package.optional_peers) == ({"e": "2", "f": "3"}, ("f",))
    assert package.overrides == ("@s/i", "g", "h", "j")


def test_reads_old_and_new_lock_files() -> None:
    """Version 1 nests, versions 2 and 3 list folders; links and the project itself are left out."""
    old = {
        "lockfileVersion": 1,
        "dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}},
    }
    expected = (
        LockedPackage("node_modules/a", "1.0.0", is_optional=False, is_development=False),
        LockedPackage("node_modules/a/node_modules/b", "2.0.0", is_optional=False, is_development=False),
    )
    assert parse_npm_lock(json.dumps(old).encode()) == expected
    new = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "demo"},
            "node_modules/a": {"version": "1.0.0"},
            "node_modules/a/node_modules/b": {"version": "2.0.0"},
            "node_modules/w": {"resolved": "w", "link": True},
            "node_modules/t": {"version": "3.0.0", "dev": True, "optional": True},
        },
    }
    found = parse_npm_lock(json.dumps(new).encode())
    assert found[:2] == expected
    assert found[2:] == (LockedPackage("node_modules/t", "3.0.0", is_optional=True, is_development=True),)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_object_is_refused(content: bytes) -> None:
    """Depth included."""
    for parse in (parse_npm_package, parse_npm_lock):
        with pytest.raises(FormatError):
            parse(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["dependencies", "packages", "overrides", "engines", "node", "a", "", "@", "@/", "version"]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["dependencies", "packages", "overrides", "resolutions", "peerDependenciesMeta",
                                        "bundleDependencies", "engines"]), JSON))  # fmt: skip
def test_takes_any_object(value: dict[str, object]) -> None:
    """Types may be anything."""
    content = json.dumps(value).encode()
    parse_npm_package(content)
    parse_npm_lock(content)


def test_a_lock_file_does_not_repeat_its_folders_without_end() -> None:
    """A megabyte of version 1, nested and then wide, once told of gigabytes of folders."""
    wide: dict[str, object] = {f"p{number}": {"version": "1"} for number in range(50_000)}
    for _ in range(3):
        wide = {"n" * 1000: {"version": "1", "dependencies": wide}}
    found = parse_npm_lock(json.dumps({"dependencies": wide}).encode())
    assert sum(len(each.folder) for each in found) <= FOLDERS_SIZE_LIMIT
    for _ in range(8):
        wide = {"n" * 1000: {"version": "1", "dependencies": wide}}
    found = parse_npm_lock(json.dumps({"dependencies": wide}).encode())
    assert max(len(each.folder) for each in found) <= FOLDER_LIMIT + 20
