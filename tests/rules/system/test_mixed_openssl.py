"""SYS005 mixed-openssl: what it flags and what it lets pass."""

from layerscope.facts.fact import Evidence
from layerscope.facts.system.openssl import OpenSslLibrary
from layerscope.rules.system.mixed_openssl import MixedOpenssl
from support.cases import flags, ignores


def openssl(series: str, path: str, *, is_system: bool = True) -> OpenSslLibrary:
    """A libssl of layer 1."""
    return OpenSslLibrary(Evidence(1, path), series, path, 1, is_system)


NEW = openssl("3", "usr/lib/libssl.so.3")


def test_flags_two_series_in_the_systems_folders() -> None:
    """Both are named."""
    (finding,) = flags(MixedOpenssl, NEW, openssl("1.1", "usr/lib/libssl.so.1.1"))
    assert finding.message == (
        "OpenSSL is there in 2 series: 1.1 (/usr/lib/libssl.so.1.1) and 3 (/usr/lib/libssl.so.3)"
    )


def test_ignores_copies_of_one_series_and_those_of_vendors() -> None:
    """A vendor's tool finds its own copy."""
    ignores(
        MixedOpenssl, NEW, openssl("3", "usr/lib64/libssl.so.3"), openssl("1.1", "opt/x/libssl.so.1.1", is_system=False)
    )
