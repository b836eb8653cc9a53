"""Findings of an image and of the one that was built in its place: which are the same."""

from layerscope.audit.rebuilt_findings import compare_rebuilt
from support.results import make_finding

SCRIPT = make_finding("PY003", (2, "usr/lib/foo-1.2.dist-info"))
CACHE = make_finding("LAY104", (2, "root/.cache/pip"), (3, "root/.cache/pip"), wasted=1000)


def test_another_release_in_the_same_place_is_the_same_finding() -> None:
    """Numbers in paths do not count."""
    newer = make_finding("PY003", (5, "usr/lib/foo-1.10.dist-info"))
    found = compare_rebuilt((SCRIPT,), (newer,))
    assert (found.removed, found.added, found.kept) == ((), (), (newer,))
    assert found.list_uncured((SCRIPT,)) == (newer,)


def test_another_path_is_another_finding() -> None:
    """One is gone, and one is new."""
    other = make_finding("PY003", (5, "usr/lib/bar-1.2.dist-info"))
    found = compare_rebuilt((SCRIPT,), (other,))
    assert (found.removed, found.added, found.kept) == ((SCRIPT,), (other,), ())


def test_what_is_left_of_a_finding_is_no_failure_of_its_edit() -> None:
    """The edit was for one of its places, or for most of its bytes."""
    fewer = make_finding("LAY104", (2, "root/.cache/pip"), wasted=1000)
    smaller = make_finding("LAY104", (2, "root/.cache/pip"), (3, "root/.cache/pip"), wasted=500)
    for left in (fewer, smaller):
        found = compare_rebuilt((CACHE,), (left,))
        assert found.kept == (left,)
        assert found.list_uncured((CACHE,)) == ()
    assert compare_rebuilt((CACHE,), (CACHE,)).list_uncured((CACHE,)) == (CACHE,)


def test_a_like_finding_that_was_not_to_go_may_stay() -> None:
    """As many as there were of them."""
    one = make_finding("LAY101", (4, "opt/sdk"), (2, "opt/sdk"), message="one")
    two = make_finding("LAY101", (6, "opt/sdk"), (5, "opt/sdk"), message="two")
    assert compare_rebuilt((one, two), (two,)).list_uncured((one,)) == ()
    assert len(compare_rebuilt((one, two), (one, two)).list_uncured((one,))) == 1


def test_findings_about_the_config_go_by_their_messages() -> None:
    """The variable that an edit took out is gone, and the same value in the command is what is left."""
    variable = make_finding("CONF002", message="The environment variable A holds a password (12 characters)")
    command = make_finding("CONF002", message="The command holds a password (12 characters)")
    found = compare_rebuilt((variable,), (command,), cures=(variable,))
    assert (found.removed, found.added, found.kept) == ((variable,), (command,), ())
    assert found.list_uncured((variable,)) == ()
    assert compare_rebuilt((variable,), (variable,), cures=(variable,)).list_uncured((variable,)) == (variable,)
    longer = make_finding("CONF002", message="The environment variable A holds a password (14 characters)")
    assert compare_rebuilt((variable,), (longer,), cures=(variable,)).list_uncured((variable,)) == (longer,)


def test_a_finding_about_the_config_that_was_to_stay_may_be_told_in_other_words() -> None:
    """Nothing was promised of it."""
    one, two = (make_finding("CONF001", message=message) for message in ("names no user", "names root"))
    found = compare_rebuilt((one,), (two,))
    assert (found.removed, found.added, found.kept) == ((), (), (two,))
