"""Symlinks that lead nowhere are told by what they are for."""

import pytest

from layerscope.facts.layers.links import EXAMPLES, DanglingLink, DanglingLinkCollector, DanglingLinks, classify_link
from support.contexts import collect, make_context
from support.tar_member import TarMember, directory, file, symlink, whiteout


def dangling(*layers: tuple[TarMember, ...]) -> dict[str, tuple[DanglingLink, ...]]:
    """The dangling links of these layers by kind."""
    context = make_context(*layers)
    return {fact.kind: fact.links for fact in collect(DanglingLinkCollector, context).of(DanglingLinks)}


def test_finds_a_link_without_its_target() -> None:
    """As written, and told that no layer ever had it."""
    links = (symlink("opt/venv/bin/python", "/usr/local/bin/python3.12"),)
    assert dangling(links) == {"program": (DanglingLink("opt/venv/bin/python", "/usr/local/bin/python3.12", None),)}


def test_names_the_layer_that_removed_the_target() -> None:
    """A deletion took too much."""
    lower = (file("usr/lib/libx.so.1.2", b"x"), symlink("usr/lib/libx.so.1", "libx.so.1.2"))
    assert dangling(lower, (whiteout("usr/lib/libx.so.1.2"),)) == {
        "library": (DanglingLink("usr/lib/libx.so.1", "libx.so.1.2", 1),)
    }


@pytest.mark.parametrize(
    "members",
    [
        (directory("usr/bin"), file("usr/bin/python3.11"), symlink("usr/bin/python3", "python3.11")),
        (directory("usr/lib"), symlink("lib", "usr/lib"), file("usr/lib/x"), symlink("usr/bin/x", "../../lib/x")),
        (symlink("a", "b"), symlink("b", "c"), file("c")),
        (directory("empty"), symlink("dir", "/empty/")),
    ],
)
def test_follows_links_inside_the_image(members: tuple[TarMember, ...]) -> None:
    """Relative, absolute, through other links, to directories."""
    assert dangling(members) == {}


@pytest.mark.parametrize(
    "target",
    ["/proc/mounts", "/dev/stdout", "/run/x.sock", "../../../proc/self/fd/1", "/mnt/x", "/var/run/x", "libcuda.so.1",
     "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"],
)  # fmt: skip
def test_leaves_out_what_a_runtime_provides(target: str) -> None:
    """Devices, processes, sockets, and the driver's libraries."""
    assert dangling((symlink("usr/lib/x", target),)) == {}


def test_a_loop_leads_nowhere() -> None:
    """The kernel gives up on it too, and what is told of it is that."""
    assert all(link.is_loop for link in dangling((symlink("a", "b"), symlink("b", "a")))["other"])
    assert not any(link.is_loop for link in dangling((symlink("a", "b"),))["other"])
    assert {link.path for link in dangling((symlink("a", "b"), symlink("b", "a")))["other"]} == {"a", "b"}


def test_a_link_that_a_later_layer_removed_is_left_out() -> None:
    """Nobody can follow it."""
    assert dangling((symlink("a", "nowhere"),), (whiteout("a"),)) == {}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("opt/venv/bin/python", "program"),
        ("usr/lib/x86_64-linux-gnu/libfoo.so.1", "library"),
        ("models/models--org--name/snapshots/0a1b2c3d/config.json", "model"),
        ("usr/share/man/man1/x.1.gz", "documentation"),
        ("etc/alternatives/awk", "alternative"),
        ("vmlinuz", "boot"),
        ("app/current", "other"),
    ],
)
def test_tells_what_a_link_is_for(path: str, kind: str) -> None:
    """By where it lies."""
    assert classify_link(path) == kind


def test_names_the_first_of_very_many() -> None:
    """The others are counted."""
    context = make_context([symlink(f"app/l{number:03}", "nowhere") for number in range(EXAMPLES + 7)])
    (fact,) = collect(DanglingLinkCollector, context).of(DanglingLinks)
    assert (fact.count, len(fact.links)) == (EXAMPLES + 7, EXAMPLES)
