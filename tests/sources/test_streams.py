"""Which IMAGE is a stream, however it is spelled."""

import pytest

from layerscope.sources.archive_image import ArchiveForm
from layerscope.sources.schemes import split_scheme
from layerscope.sources.streams import is_passing, is_standard_input


@pytest.mark.parametrize(
    "text",
    [
        "-",
        "docker-archive:-",
        "docker-archive://-",
        "oci-archive:-:app:1",
        "archive://-:@0",
        "/dev/stdin",
        "/dev/stdin:app",
        "/dev/fd/0",
        "/proc/self/fd/0",
        "oci-archive:/proc/thread-self/fd/0",
    ],
)
def test_standard_input_has_many_spellings(text: str) -> None:
    """And passes by once."""
    assert is_standard_input(text)
    assert is_passing(text)


@pytest.mark.parametrize(
    "text",
    [
        "/dev/fd/63",
        "/dev/fd/63:app:1",
        "docker-archive:/dev/fd/3",
        "archive:///dev/fd/3",
        "oci-dir:/dev/fd/0",
        "/proc/self/fd/63",
        "/proc/4711/fd/0",
    ],
)
def test_what_one_process_has_open_passes_by_as_well(text: str) -> None:
    """It is not standard input."""
    assert not is_standard_input(text)
    assert is_passing(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-:app",
        "-a",
        "docker:-",
        "registry:/dev/stdin",
        "container:-",
        "oci-dir:-",
        "/dev/stdin2",
        "/dev/fd/63.tar",
        "/dev/fd",
        "./-",
        "team/dev/fd/0",
        "app.tar",
    ],
)
def test_everything_else_can_be_read_again(text: str) -> None:
    """Names, paths, and what nothing can be read from."""
    assert not is_standard_input(text)
    assert not is_passing(text)


@pytest.mark.parametrize("form", list(ArchiveForm))
def test_every_form_of_an_archive_is_read_from_standard_input(form: ArchiveForm) -> None:
    """By its own scheme."""
    text = f"{form}://-"
    assert split_scheme(text) == (form, "-")
    assert is_standard_input(text)
