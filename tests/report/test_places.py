"""A place that a message names is not told twice."""

import pytest

from layerscope.report.places import find_engine_name, root_path, select_unnamed, tell_familiar, unroot_path
from layerscope.rules.finding import Location
from support.results import ResultRecipe, make_result


@pytest.mark.parametrize(
    ("reference", "source", "name"),
    [
        ("oci-dir:/images/x", "oci-dir", ""),
        ("./images/x.tar", "docker-archive", ""),
        ("images/x", "oci-archive", ""),
        ("docker:acme/x:1", "docker (overlay2 read in place)", "acme/x:1"),
        ("registry:ghcr.io/acme/x:1", "registry", "ghcr.io/acme/x:1"),
        ("python:3.12-slim", "docker", "python:3.12-slim"),
        ("-", "docker-archive", ""),
    ],
)
def test_an_engine_knows_names_and_no_files(reference: str, source: str, name: str) -> None:
    """A path in a command for an engine would name nothing."""
    assert find_engine_name(make_result(ResultRecipe(reference=reference, source=source)).image) == name


def test_a_path_starts_with_one_slash() -> None:
    """Also where the layer's tar wrote an absolute name."""
    assert root_path("etc/passwd") == root_path("/etc/passwd") == "/etc/passwd"


def test_what_the_message_names_is_left_out() -> None:
    """The layer and the path stand in the sentence already."""
    assert select_unnamed([Location(2, "app/x")], "Layer 2 (COPY) brings /app/x") == []


def test_what_the_message_leaves_out_is_told() -> None:
    """Layer 12 does not name layer 1, and another path is not this one."""
    assert select_unnamed([Location(1, "app/x")], "Layer 12 brings /app/y") == [Location(1, "app/x")]


def test_the_guilty_layer_stands_beside_the_one_that_suffers() -> None:
    """The message names the first of two, and without it the second would look guilty."""
    places = [Location(3, "opt/old/liba.so"), Location(1, "app/x"), Location(1, "app/y")]
    message = "/app/x gets /opt/old/liba.so of layer 3"
    assert select_unnamed(places, message) == [Location(3), Location(1), Location(1, "app/y")]


def test_a_named_layer_with_an_unnamed_path_keeps_the_path() -> None:
    """Only what was said is dropped."""
    assert select_unnamed([Location(2, "app/x")], "Layer 2 brings 1 file") == [Location(None, "app/x")]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("usr/bin/x", "usr/bin/x"),
        ("/etc/passwd", "etc/passwd"),
        ("../../etc/../x", "x"),
        ("//", "."),
        ("a/..b", "a/..b"),
    ],
)
def test_no_path_leads_out_of_the_image(path: str, told: str) -> None:
    """A file that a viewer opens lies below what it is told to be relative to."""
    assert unroot_path(path) == told


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("docker.io/library/python:3.12", "python:3.12"),
        ("docker.io/team/llm:1.5", "team/llm:1.5"),
        ("nvcr.io/nvidia/cuda:13.0", "nvcr.io/nvidia/cuda:13.0"),
        ("oci-dir:/srv/library", "oci-dir:/srv/library"),
        ("oci-dir:library", "oci-dir:library"),
        ("oci-archive:-", "standard input (oci-archive)"),
        ("-", "standard input"),
        ("/dev/stdin", "standard input"),
        ("/dev/fd/0", "standard input"),
        ("/proc/self/fd/0:1.5", "standard input (1.5)"),
        ("docker-archive:/dev/stdin", "standard input (docker-archive)"),
        ("docker-archive:-:llm:1.5", "standard input (docker-archive, llm:1.5)"),
        ("oci-archive:-:@1", "standard input (oci-archive, @1)"),
        ("archive://-", "standard input"),
        ("archive://-:llm:1.5", "standard input (llm:1.5)"),
        ("archive:///dev/stdin", "standard input"),
        ("/dev/stdin.tar", "/dev/stdin.tar"),
        ("oci-dir:-", "oci-dir:-"),
        ("/dev/fd/63", "/dev/fd/63"),
        ("the lowest 2 layers of x", "the lowest 2 layers of x"),
    ],
)
def test_a_name_is_told_as_people_type_it(reference: str, told: str) -> None:
    """What is a place and no name stays as it is."""
    assert tell_familiar(reference) == told
