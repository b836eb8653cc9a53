"""Mirrors of registries.conf: which name is asked for where, and what happens where one fails."""

from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.audit.result import AuditResult
from layerscope.errors import ConfigurationError, ImageNotFoundError, SourceError
from layerscope.image.reference import Reference
from layerscope.sources.registry.mirrors import Place, find_places
from support.registry_server import Registry, always, serve_registry

Audit = Callable[..., AuditResult]

CONF = """
unqualified-search-registries = ["docker.io"]

[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "mirror.corp/hub"
[[registry.mirror]]
location = "other.corp:5000"
insecure = true
pull-from-mirror = "digest-only"

[[registry]]
prefix = "docker.io/team"
location = "registry.corp/team-images"

[[registry]]
prefix = "*.blocked.example"
blocked = true
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment whose registries.conf is the one above."""
    path = tmp_path / "registries.conf"
    path.write_text(CONF)
    return {"CONTAINERS_REGISTRIES_CONF": str(path), "HOME": str(tmp_path)}


@pytest.mark.parametrize(
    ("name", "places"),
    [
        (
            "python:3.12",
            (Place("mirror.corp", "hub/library/python", is_mirror=True), Place("docker.io", "library/python")),
        ),
        (
            "python@sha256:" + "a" * 64,
            (
                Place("mirror.corp", "hub/library/python", is_mirror=True),
                Place("other.corp:5000", "library/python", insecure=True, is_mirror=True),
                Place("docker.io", "library/python"),
            ),
        ),
        ("team/llm:1", (Place("registry.corp", "team-images/llm"),)),
        (
            "teamwork/llm:1",
            (Place("mirror.corp", "hub/teamwork/llm", is_mirror=True), Place("docker.io", "teamwork/llm")),
        ),
        ("ghcr.io/a/b:1", (Place("ghcr.io", "a/b"),)),
    ],
)
def test_the_longest_prefix_decides(name: str, places: tuple[Place, ...], environment: dict[str, str]) -> None:
    """At the boundary of a part; mirrors come first, those for digests only for digests."""
    assert find_places(Reference.parse(name), environment) == places


def test_a_wildcard_without_a_location_leaves_names_as_they_stand(tmp_path: Path) -> None:
    """What else its entry says holds for them; mirrors have locations of their own."""
    (tmp_path / "registries.conf").write_text(
        '[[registry]]\nprefix = "*.example"\ninsecure = true\n[[registry.mirror]]\nlocation = "m.corp/x"\n'
    )
    environment = {"CONTAINERS_REGISTRIES_CONF": str(tmp_path / "registries.conf"), "HOME": str(tmp_path)}
    assert find_places(Reference.parse("eu.example:5000/a/b:1"), environment) == (
        Place("m.corp", "x/a/b", is_mirror=True),
        Place("eu.example:5000", "a/b", insecure=True),
    )


def test_a_blocked_registry_is_not_asked(environment: dict[str, str]) -> None:
    """The file is named as the reason."""
    with pytest.raises(SourceError, match=r"registries\.conf blocks \*\.blocked\.example"):
        find_places(Reference.parse("eu.blocked.example/a:1"), environment)


def test_pieces_beside_the_file_are_read_too(environment: dict[str, str], tmp_path: Path) -> None:
    """In order of their names."""
    folder = tmp_path / "registries.conf.d"
    folder.mkdir()
    piece = '[[registry]]\nlocation = "ghcr.io"\n[[registry.mirror]]\nlocation = "m.corp"\n'
    (folder / "10-ghcr.conf").write_text(piece)
    assert find_places(Reference.parse("ghcr.io/a/b:1"), environment)[0] == Place("m.corp", "a/b", is_mirror=True)


def test_a_file_that_cannot_be_read_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    """What it would have said is not guessed."""
    (tmp_path / "registries.conf").write_text("[[registry")
    with pytest.raises(ConfigurationError, match=r"reading mirrors in .*registries\.conf"):
        find_places(Reference.parse("python:3"), environment)


@pytest.mark.parametrize("answers", ["right", "nothing", "wrong"])
def test_a_mirror_is_asked_first_and_the_origin_where_it_fails(
    answers: str, audit: Audit, demo: Registry, tmp_path: Path
) -> None:
    """The image is the same, and the report says where it came from."""
    with serve_registry() as mirror:
        mirror.blobs, mirror.manifests = dict(demo.blobs), dict(demo.manifests)
        if answers == "nothing":
            mirror.fault = always("/v2/", 404)
        elif answers == "wrong":
            mirror.manifests["1"] = ("text/html", b"<html>log in here</html>")
        (tmp_path / "registries.conf").write_text(
            f'[[registry]]\nlocation = "{demo.address}"\n[[registry.mirror]]\nlocation = "{mirror.address}"\n'
        )
        environment = {"CONTAINERS_REGISTRIES_CONF": str(tmp_path / "registries.conf"), "HOME": str(tmp_path)}
        result = audit(demo, environment=environment)
        assert result.is_intact
        assert result.image.reference.startswith(f"{demo.address}/")
        assert result.image.source == f"registry ({mirror.address if answers == 'right' else demo.address})"
        assert bool(demo.requests) == (answers != "right")


def test_mirrors_for_digests_decide_no_tag(tmp_path: Path) -> None:
    """`mirror-by-digest-only` is for all mirrors of an entry; what is no text or table is passed over."""
    (tmp_path / "registries.conf").write_text(
        '[[registry]]\nlocation = "ghcr.io"\nmirror-by-digest-only = true\n'
        '[[registry.mirror]]\nlocation = "m.corp"\n[[registry.mirror]]\nlocation = "n.corp"\npull-from-mirror = ["x"]\n'
        "[[registry]]\nlocation = 5\n"
    )
    environment = {"CONTAINERS_REGISTRIES_CONF": str(tmp_path / "registries.conf"), "HOME": str(tmp_path)}
    assert find_places(Reference.parse("ghcr.io/a/b:1"), environment) == (Place("ghcr.io", "a/b"),)
    pinned = find_places(Reference.parse("ghcr.io/a/b@sha256:" + "a" * 64), environment)
    assert [place.registry for place in pinned] == ["m.corp", "ghcr.io"]


def test_a_later_file_has_the_last_word(environment: dict[str, str], tmp_path: Path) -> None:
    """A piece may block what the main file allows."""
    folder = tmp_path / "registries.conf.d"
    folder.mkdir()
    (folder / "10.conf").write_text('[[registry]]\nlocation = "docker.io"\nblocked = true\n')
    with pytest.raises(SourceError, match=r"blocks docker\.io"):
        find_places(Reference.parse("python:3"), environment)


def test_why_the_mirrors_did_not_serve_is_told_with_the_origin_s_error(
    audit: Audit, demo: Registry, tmp_path: Path
) -> None:
    """Nobody needs to have watched."""
    demo.fault = always("/manifests/", 404)
    with serve_registry() as mirror:
        mirror.fault = always("/v2/", 410)
        (tmp_path / "registries.conf").write_text(
            f'[[registry]]\nlocation = "{demo.address}"\n[[registry.mirror]]\nlocation = "{mirror.address}"\n'
        )
        environment = {"CONTAINERS_REGISTRIES_CONF": str(tmp_path / "registries.conf"), "HOME": str(tmp_path)}
        with pytest.raises(ImageNotFoundError, match=rf"there is none.*; .* mirror {mirror.address}: .*answered 410"):
            audit(demo, environment=environment)
