"""Platform: parsed, printed and matched as containerd does."""

import platform

import pytest

from layerscope.errors import DocumentError, ReferenceSyntaxError
from layerscope.image.platform import Platform, host_platform, parse_platform


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("Linux/AMD64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v3", "linux/amd64/v3"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/i386", "linux/386"),
        ("linux/riscv64", "linux/riscv64"),
        ("windows/amd64", "windows/amd64"),
    ],
)
def test_platforms_parse_to_one_spelling(text: str, canonical: str) -> None:
    """Aliases of a processor and implied variants have one normal form."""
    assert str(Platform.parse(text)) == canonical


@pytest.mark.parametrize("text", ["", "linux", "/", "linux/", "/amd64", "linux/arm/v7/x", "linux/am d64", "linux/a\n"])
def test_other_spellings_are_refused(text: str) -> None:
    """A lone word, empty parts and blanks are no platform."""
    with pytest.raises(ReferenceSyntaxError, match="expected OS/ARCHITECTURE"):
        Platform.parse(text)


@pytest.mark.parametrize(
    ("wanted", "offered", "matches"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/amd64", "linux/amd64/v3", True),
        ("linux/amd64/v3", "linux/amd64", False),
        ("linux/arm/v7", "linux/arm", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/amd64", "windows/amd64", False),
        ("linux/amd64", "linux/arm64", False),
    ],
)
def test_a_platform_matches_what_offers_all_that_it_asks_for(wanted: str, offered: str, matches: bool) -> None:
    """What is not asked for does not matter; what is asked for must be there."""
    assert Platform.parse(wanted).matches(Platform.parse(offered)) is matches


def test_an_os_version_is_compared_where_it_is_asked_for() -> None:
    """A Windows build number decides only when the question names one."""
    offered = Platform("windows", "amd64", os_version="10.0.20348.1")
    assert Platform("windows", "amd64").matches(offered)
    assert not Platform("windows", "amd64", os_version="10.0.17763.1").matches(offered)


def test_a_descriptor_without_platform_names_is_unknown() -> None:
    """Missing names read as builders write them for attestations."""
    assert parse_platform({}, where="x") == Platform("unknown", "unknown")
    assert not parse_platform({"os": "", "architecture": None}, where="x").is_known


def test_a_descriptor_platform_is_read_whole() -> None:
    """Variant and OS version are kept as written."""
    raw = {"os": "windows", "architecture": "amd64", "variant": "v1", "os.version": "10.0", "os.features": ["win32k"]}
    assert parse_platform(raw, where="x") == Platform("windows", "amd64", "v1", "10.0")


def test_a_descriptor_platform_of_the_wrong_type_is_refused() -> None:
    """A number for an operating system is an error with its place."""
    with pytest.raises(DocumentError, match="reading x: os: expected a string, found the number 5"):
        parse_platform({"os": 5}, where="x")


def test_the_host_platform_is_linux_on_its_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run Linux, whatever the host runs."""
    monkeypatch.setattr(platform, "machine", lambda: "AARCH64")
    assert str(host_platform()) == "linux/arm64"
