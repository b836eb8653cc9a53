"""Ways through a layer's own symlinks are what they are at that moment, and cost a bounded amount of work."""

import pytest

from layerscope.layers import own_symlinks
from layerscope.layers.own_symlinks import MAX_LINKS, OwnSymlinks, Steps, TooManyStepsError


def links_of(targets: dict[str, str]) -> OwnSymlinks:
    """Symlinks by path."""
    links = OwnSymlinks()
    for path, target in targets.items():
        links.put(path, target)
    return links


def test_links_are_followed_inside_the_root() -> None:
    """Relative ones from where they lie, absolute ones from the root, which is its own parent."""
    links = links_of({"a": "../../d", "d/s": "/e", "e/up": ".."})
    assert links.resolve_directory("a/s/up/x") == "x"
    assert links.resolve_parent("a/s") == "d/s"
    assert links.resolve_directory("a/s") == "e"


def test_a_way_is_found_anew_once_a_link_on_it_comes_or_goes() -> None:
    """Whatever was asked before."""
    links = links_of({"a": "d"})
    assert links.resolve_directory("a/b/c") == "d/b/c"
    links.put("d/b", "/e")
    assert links.resolve_directory("a/b/c") == "e/c"
    links.put("a", "f")
    assert links.resolve_directory("a/b/c") == "f/b/c"
    links.drop("a")
    assert links.resolve_directory("a/b/c") == "a/b/c"


def test_as_many_links_are_followed_as_containerd_follows() -> None:
    """One more leads nowhere, and so does a loop."""
    links = links_of({f"k{number}": f"k{number + 1}" for number in range(MAX_LINKS + 1)})
    assert links.resolve_directory("k1/x") == f"k{MAX_LINKS + 1}/x"
    assert links.resolve_directory("k0/x") is None
    assert links.follow("k0/x").is_round


def test_a_way_that_is_too_long_for_any_path_leads_nowhere() -> None:
    """Links that each make it longer are not followed to their end: it takes the work of some paths."""
    links = links_of({f"k{number}": f"k{number + 1}/" + "/".join(["p"] * 2000) for number in range(254)})
    before = links.steps.left
    assert links.resolve_directory("k0/1") is None
    assert not links.follow("k0/1").is_round
    assert before - links.steps.left < 10_000_000


def test_ways_that_are_not_kept_are_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the ceiling of memory they take more work, and follow what changes."""
    monkeypatch.setattr(own_symlinks, "MOST_KEPT", 0)
    links = links_of({"a": "d"})
    assert links.resolve_directory("a/b/c") == "d/b/c"
    links.put("d/b", "/e")
    assert links.resolve_directory("a/b/c") == "e/c"


def test_work_ends_at_its_ceiling() -> None:
    """Links that lead up and down for ever are not followed to the end each time."""
    links = OwnSymlinks(Steps(1_000_000))
    for number in range(200):
        links.put(f"k{number}", "p/../" * 800 + f"k{number + 1}")
    with pytest.raises(TooManyStepsError):
        links.resolve_directory("k0/x")
