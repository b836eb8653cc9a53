"""Reference: Docker's familiar names, completed and shortened as distribution/reference does.

Most cases are those of https://github.com/distribution/reference/blob/main/normalize_test.go.
"""

import pytest

from layerscope.errors import ReferenceSyntaxError
from layerscope.image.digest import Digest
from layerscope.image.reference import MAX_LENGTH, MAX_NAME_LENGTH, Reference

HEX = "86e0e091d0da6bde2456dbb48306f3956bbeb2eae1b5b9a43045843f69fe4aaa"


@pytest.mark.parametrize(
    ("text", "name", "familiar"),
    [
        ("python", "docker.io/library/python", "python"),
        ("fooo/bar", "docker.io/fooo/bar", "fooo/bar"),
        ("index.docker.io/fooo/bar", "docker.io/fooo/bar", "fooo/bar"),
        ("library/ubuntu", "docker.io/library/ubuntu", "ubuntu"),
        ("docker.io/foo", "docker.io/library/foo", "foo"),
        ("docker.io/library/foo", "docker.io/library/foo", "foo"),
        ("index.docker.io/foo", "docker.io/library/foo", "foo"),
        ("library/foo/bar", "docker.io/library/foo/bar", "library/foo/bar"),
        ("other/library", "docker.io/other/library", "other/library"),
        ("127.0.0.1:8000/privatebase", "127.0.0.1:8000/privatebase", "127.0.0.1:8000/privatebase"),
        ("example.com/private/moonbase", "example.com/private/moonbase", "example.com/private/moonbase"),
        ("localhost/x", "localhost/x", "localhost/x"),
        ("Foo/bar", "Foo/bar", "Foo/bar"),
        ("test_com/foo", "docker.io/test_com/foo", "test_com/foo"),
        ("test-com:8080/foo", "test-com:8080/foo", "test-com:8080/foo"),
        ("[fc00::1]:5000/docker", "[fc00::1]:5000/docker", "[fc00::1]:5000/docker"),
        ("xn--n3h.com/foo", "xn--n3h.com/foo", "xn--n3h.com/foo"),
        (f"docker.io/{HEX}", f"docker.io/library/{HEX}", HEX),
    ],
)
def test_names_are_completed_and_shortened_as_docker_does(text: str, name: str, familiar: str) -> None:
    """The registry is Docker Hub and the namespace `library` where none is written."""
    reference = Reference.parse(text)
    assert (reference.name, reference.familiar) == (name, f"{familiar}:latest")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        (f"busybox@sha256:{HEX}", f"docker.io/library/busybox@sha256:{HEX}"),
        (f"busybox:1.36@sha256:{HEX}", f"docker.io/library/busybox:1.36@sha256:{HEX}"),
        ("localhost:5000/a/b:x", "localhost:5000/a/b:x"),
        ("localhost:5000/a", "localhost:5000/a:latest"),
        ("192.168.0.1:80", "docker.io/library/192.168.0.1:80"),
    ],
)
def test_tags_and_digests_are_read(text: str, canonical: str) -> None:
    """A tag comes after the last slash, `latest` stands in only where there is no digest either."""
    assert str(Reference.parse(text)) == canonical


def test_the_parts_are_kept_apart() -> None:
    """Registry, repository, tag and digest are four things."""
    assert Reference.parse(f"r.io/a/b:t@sha256:{HEX}") == Reference("r.io", "a/b", "t", Digest("sha256", HEX))


@pytest.mark.parametrize("text", ["python:3.12-slim", f"a/b@sha256:{HEX}", "r.io:5/a:t", "library/foo/bar:x"])
def test_both_spellings_parse_back(text: str) -> None:
    """The canonical and the familiar form name the same image."""
    reference = Reference.parse(text)
    assert Reference.parse(str(reference)) == Reference.parse(reference.familiar) == reference


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":tag",
        "@",
        "a@",
        f"@sha256:{HEX}",
        "https://github.com/docker/docker",
        "docker/Docker",
        "FOO",
        "-docker",
        "-docker/docker",
        "docker-/docker",
        "docker///docker",
        "docker/",
        "/docker",
        "dock..er/docker",
        "dock_.er/docker",
        "dock-.er/docker",
        "____/____",
        "_docker/_docker",
        "[fc00::1]",
        "[fc00::1]:5000",
        "fc00::1:5000/debian",
        "[fe80::1%eth0]:5000/debian",
        "localhost:/a",
        "localhost:port/a",
        "a:",
        "a:b:c",
        "a:-x",
        "a:" + "t" * 129,
        "a:caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        "a b",
        "a\n",
        "a@sha256:abc",
        "a@md5:" + "a" * 32,
        f"a@sha256:{HEX}@sha256:{HEX}",
        HEX,
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    """What Docker refuses is refused, with what was expected."""
    with pytest.raises(ReferenceSyntaxError):
        Reference.parse(text)


def test_an_image_id_is_told_to_be_one() -> None:
    """64 hexadecimal digits name no repository."""
    with pytest.raises(ReferenceSyntaxError, match="64 hexadecimal digits are an image ID"):
        Reference.parse(HEX)


def test_upper_case_is_said_to_be_the_fault() -> None:
    """The commonest mistake has its own message."""
    with pytest.raises(ReferenceSyntaxError, match="'library/FOO': expected lower case"):
        Reference.parse("FOO")


def test_a_name_has_at_most_255_characters() -> None:
    """Registry and repository together are bounded."""
    longest = "a" * (MAX_NAME_LENGTH - len("docker.io/library/"))
    assert Reference.parse(longest).repository == f"library/{longest}"
    with pytest.raises(ReferenceSyntaxError, match="longer than 255"):
        Reference.parse(longest + "a")


def test_an_endless_reference_is_refused_before_it_is_matched() -> None:
    """No pattern is tried on a megabyte."""
    with pytest.raises(ReferenceSyntaxError, match=f"limit {MAX_LENGTH}"):
        Reference.parse("a" * 1_000_000)
