"""Package URLs are those that the specification's types ask for."""

import msgspec
import pytest

from layerscope.facts.fact import Evidence
from layerscope.facts.system.os_release import OsRelease
from layerscope.facts.system.packages import SystemPackage
from layerscope.report.sbom.purl import make_conda_purl, make_purl, make_system_purl, split_channel
from support.example_packages import DEBIAN, make_conda


def release(name: str, version: str) -> OsRelease:
    """A distribution by the words of its os-release."""
    return OsRelease(Evidence(0, "etc/os-release"), name, version, "", "", ())


@pytest.mark.parametrize(
    ("manager", "package", "found", "purl"),
    [
        (
            "dpkg",
            ("curl", "7.88.1-10+deb12u8", "amd64"),
            DEBIAN,
            "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u8?arch=amd64&distro=debian-12",
        ),
        (
            "dpkg",
            ("perl-base", "1:5.36.0-7", "arm64"),
            release("ubuntu", "24.04"),
            "pkg:deb/ubuntu/perl-base@1:5.36.0-7?arch=arm64&distro=ubuntu-24.04",
        ),
        (
            "rpm",
            ("openssl-libs", "1:3.0.7-27.el9", "x86_64"),
            release("rhel", "9.4"),
            "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rhel-9.4&epoch=1",
        ),
        (
            "rpm",
            ("bash", "5.2.26-3.fc40", "x86_64"),
            release("fedora", "40"),
            "pkg:rpm/fedora/bash@5.2.26-3.fc40?arch=x86_64&distro=fedora-40",
        ),
        (
            "apk",
            ("musl", "1.2.5-r0", "x86_64"),
            release("alpine", "3.20.1"),
            "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1",
        ),
        ("apk", ("musl", "1.2.5-r0", ""), release("wolfi", ""), "pkg:apk/wolfi/musl@1.2.5-r0?distro=wolfi"),
        ("dpkg", ("libc6", "2.36", "amd64"), None, "pkg:deb/libc6@2.36?arch=amd64"),
    ],
)
def test_packages_of_distributions(
    manager: str, package: tuple[str, str, str], found: OsRelease | None, purl: str
) -> None:
    """With the vendor's name, the architecture and the release; rpm's epoch is a qualifier."""
    assert make_system_purl(manager, SystemPackage(*package, source="", layer=0), found) == purl


@pytest.mark.parametrize(
    ("parts", "purl"),
    [
        (("pypi", "", "jinja-2-ext", "3.1.4"), "pkg:pypi/jinja-2-ext@3.1.4"),
        (("npm", "@angular", "core", "17.0.0"), "pkg:npm/%40angular/core@17.0.0"),
        (("npm", "", "left-pad", ""), "pkg:npm/left-pad"),
        (("maven", "org.apache.commons", "commons-lang3", "3.14"), "pkg:maven/org.apache.commons/commons-lang3@3.14"),
        (("npm", "", " / ", "1"), ""),
    ],
)
def test_packages_of_languages(parts: tuple[str, str, str, str], purl: str) -> None:
    """Names are normalised and scopes encoded; what has no name has no purl."""
    assert make_purl(*parts) == purl


@pytest.mark.parametrize(
    ("channel", "parts"),
    [
        ("conda-forge", ("conda-forge", "")),
        ("https://conda.anaconda.org/conda-forge/linux-64", ("conda-forge", "linux-64")),
        ("https://repo.anaconda.com/pkgs/main/noarch", ("main", "noarch")),
        ("https://conda.anaconda.org/t/tk-1234/private/linux-64", ("private", "linux-64")),
        ("https://conda.anaconda.org/bioconda/", ("bioconda", "")),
        ("", ("", "")),
    ],
)
def test_channels_of_conda(channel: str, parts: tuple[str, str]) -> None:
    """The name alone, which has no token in it."""
    assert split_channel(channel) == parts


def test_packages_of_conda() -> None:
    """Build, channel and platform are qualifiers."""
    package = make_conda("numpy", "1.26.4", "https://conda.anaconda.org/conda-forge/linux-64")
    assert make_conda_purl(package) == "pkg:conda/numpy@1.26.4?build=py311h0&channel=conda-forge&subdir=linux-64"
    bare = msgspec.structs.replace(package, build="", channel="")
    assert make_conda_purl(bare) == "pkg:conda/numpy@1.26.4"
