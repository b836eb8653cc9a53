"""Which of several images is meant."""

import pytest

from layerscope.errors import UsageError
from layerscope.sources.selector import Selector, list_names, parse_selector, spell_choice

DIGEST = "sha256:" + "a" * 64


def named(text: str) -> Selector:
    """A selector by name."""
    selector = parse_selector(text)
    assert selector is not None
    assert selector.name is not None
    return selector


@pytest.mark.parametrize("text", ["", ":"])
def test_nothing_selects_nothing(text: str) -> None:
    """A path alone, or with an empty reference as skopeo allows."""
    assert parse_selector(text) is None


def test_digest_and_position_are_told_from_names() -> None:
    """Digests after `@`, skopeo's positions after `:@`."""
    by_digest, by_position = parse_selector(f"@{DIGEST}"), parse_selector(":@12")
    assert by_digest is not None
    assert by_position is not None
    assert str(by_digest.digest) == DIGEST
    assert by_position.position == 12
    assert (by_digest.label, by_position.label) == (f"@{DIGEST}", "@12")


@pytest.mark.parametrize("text", ["@nonsense", ":@sha256:short", "name"])
def test_broken_digest_is_a_usage_error(text: str) -> None:
    """What is neither digest nor name is not searched for."""
    with pytest.raises(UsageError):
        parse_selector(text)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (":app:1", "app:1"),
        (":app:1", "docker.io/library/app:1"),
        (":docker.io/library/app:1", "app:1"),
        (":app", "app:latest"),
        (":1", "app:1"),
        (":1.0-rc", "registry.local:5000/team/app:1.0-rc"),
        (":app:1", "localhost/app:1"),
        (":any name", "any name"),
        (":1", "1"),
    ],
)
def test_names_meet(wanted: str, name: str) -> None:
    """In full, in Docker's short form, by tag alone, or as written."""
    assert named(wanted).is_named([name])


@pytest.mark.parametrize(
    ("wanted", "name"),
    [(":app:1", "app:2"), (":app", "app:1"), (":latest", "app"), (":1", "app:11"), (":APP:1", "app:1")],
)
def test_names_differ(wanted: str, name: str) -> None:
    """Nothing is guessed."""
    assert not named(wanted).is_named([name])


def test_list_of_names_is_short_sorted_and_printable() -> None:
    """An archive of a thousand images, and names that would colour a terminal."""
    listed = list_names([f"image:{number:03}" for number in range(30)] + ["\x1b[31mred"])
    assert listed.startswith("'\\x1b[31mred', image:000, image:001")
    assert listed.endswith("and 11 more")


@pytest.mark.parametrize(
    ("reference", "choice"),
    [
        ("-", "oci-archive:-:NAME"),
        ("docker-archive:-", "oci-archive:-:NAME"),
        ("/dev/stdin", "oci-archive:-:NAME"),
        ("-:app", "PATH:NAME"),
        ("docker:-", "PATH:NAME"),
        ("app.tar", "PATH:NAME"),
    ],
)
def test_a_choice_is_spelled_as_it_can_be_typed(reference: str, choice: str) -> None:
    """Behind a dash alone nothing is selected; a path has its own place for it."""
    assert spell_choice(reference, "oci-archive") == choice
