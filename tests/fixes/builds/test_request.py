"""What a person may give the builder, and the flags of several pieces of advice as one list."""

import pytest

from layerscope.errors import UsageError
from layerscope.fixes.builds.request import check_options, join_flags


def test_options_of_the_builder_pass() -> None:
    """Values, secrets and networks are the person's own."""
    check_options(("--build-arg=A=1", "--secret=id=token,src=t", "--network=none", "--ssh=default"))


@pytest.mark.parametrize("option", ["-t", "--tag=x", "-tx", "-ox", "--output=type=local", "--file=x", "--target=x"])
def test_what_layerscope_sets_itself_is_refused(option: str) -> None:
    """Else the image would end elsewhere, or be another."""
    with pytest.raises(UsageError, match="expected none that layerscope gives the builder itself"):
        check_options((option,))


def test_a_word_that_is_no_option_is_refused() -> None:
    """It would be taken for another context."""
    with pytest.raises(UsageError, match="expected an option of the builder, as --build-arg=NAME=VALUE"):
        check_options(("A=1",))


@pytest.mark.parametrize("option", ["--help", "-h", "--check", "--call=outline", "--print"])
def test_what_builds_nothing_is_refused(option: str) -> None:
    """The builder ends well, and there is no image."""
    with pytest.raises(UsageError, match="expected none with which the builder builds no image"):
        check_options((option,))


def test_flags_are_joined() -> None:
    """Each stands once, and no stage is named where all is built anew."""
    a, b, pull, everything = ("--no-cache-filter", "a"), ("--no-cache-filter", "b"), ("--pull",), ("--no-cache",)
    assert join_flags([a, pull, a, b]) == (*a, *pull, *b)
    assert join_flags([a, everything, pull]) == ("--no-cache", "--pull")
    assert join_flags([]) == ()
