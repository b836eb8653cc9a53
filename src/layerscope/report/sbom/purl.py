"""Package URLs of what was found: https://github.com/package-url/purl-spec (types: PURL-TYPES.rst)."""

from collections.abc import Mapping
from typing import Final

from packageurl import PackageURL

from layerscope.facts.python.conda_packages import InstalledCondaPackage
from layerscope.facts.system.os_release import OsRelease
from layerscope.facts.system.packages import SystemPackage
from layerscope.report.escape import escape_line

TYPES: Final = {"dpkg": "deb", "apk": "apk", "rpm": "rpm"}
"""The types of package managers."""

_VENDORS: Final = {"rhel": "redhat", "opensuse-leap": "opensuse", "opensuse-tumbleweed": "opensuse"}
"""Vendors whose purls have another name than their os-release: https://redhatproductsecurity.github.io/security-data-guidelines/purl/"""


def make_purl(kind: str, namespace: str, name: str, version: str, qualifiers: Mapping[str, str] | None = None) -> str:
    """The package URL of these parts, as the library normalises and encodes it; empty for a package without a name."""
    parts = [escape_line(part).strip("/ ") for part in (namespace, name)]
    if not parts[1]:
        return ""
    told = {key: escape_line(value) for key, value in (qualifiers or {}).items() if value.strip()}
    return PackageURL(kind, parts[0] or None, parts[1], escape_line(version) or None, told).to_string()


def make_system_purl(manager: str, package: SystemPackage, release: OsRelease | None) -> str:
    """A package of the distribution: `pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12`.

    rpm's epoch is a qualifier, dpkg's a part of the version.
    """
    kind, version, qualifiers = TYPES.get(manager, "generic"), package.version, {"arch": package.architecture}
    if kind == "rpm" and ":" in version:
        qualifiers["epoch"], _, version = version.partition(":")
    if release is not None:
        qualifiers["distro"] = f"{release.id}-{release.version_id}" if release.version_id else release.id
    vendor = _VENDORS.get(release.id, release.id) if release is not None else ""
    return make_purl(kind, vendor, package.name, version, qualifiers)


def make_conda_purl(package: InstalledCondaPackage) -> str:
    """A package of conda: the channel's name, and the platform's folder where the channel is told as an address."""
    channel, subdir = split_channel(package.channel)
    qualifiers = {"build": package.build, "channel": channel, "subdir": subdir}
    return make_purl("conda", "", package.name, package.version, qualifiers)


def split_channel(channel: str) -> tuple[str, str]:
    """A channel's name and the folder of a platform: `https://conda.anaconda.org/conda-forge/linux-64` has both."""
    parts = channel.rstrip("/").split("/")
    if len(parts) == 1:
        return channel, ""
    is_folder = parts[-1] == "noarch" or parts[-1].partition("-")[0] in {"linux", "osx", "win"}
    return (parts[-2], parts[-1]) if is_folder else (parts[-1], "")
