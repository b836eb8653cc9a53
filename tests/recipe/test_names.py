"""Names that every engine takes."""

import pytest

from layerscope.recipe.names import LONGEST, name_application, name_once, to_name


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("acme/generate:2.4.1", "generate"),
        ("registry.example:5000/a/B_c@sha256:00", "b-c"),
        ("", "app"),
        ("__", "app"),
        ("7zip", "n7zip"),
    ],
)
def test_an_application_is_called_like_its_image(image: str, name: str) -> None:
    """By the last part of the name, without tag and digest."""
    assert name_application(image) == name


def test_names_are_short_and_given_once() -> None:
    """What has no letters is data."""
    assert len(to_name("a" * 100)) == LONGEST
    known = [first := name_once("/var/lib/data", [])]
    assert (first, name_once("/var-lib/data", known), name_once("//", known)) == (
        "var-lib-data", "var-lib-data-2", "data",
    )  # fmt: skip
