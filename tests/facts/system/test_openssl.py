"""Copies of OpenSSL are found by their names."""

from layerscope.facts.system.openssl import OpenSslCollector, OpenSslLibrary
from support.contexts import collect, make_context
from support.tar_member import file, symlink


def test_tells_series_and_places_apart() -> None:
    """Links are no copies, and a folder of a vendor's is not the system's."""
    context = make_context(
        [
            file("usr/lib/x86_64-linux-gnu/libssl.so.3"),
            symlink("usr/lib/x86_64-linux-gnu/libssl.so", "libssl.so.3"),
            file("usr/lib64/libssl.so.1.1.1k"),
            file("lib64/libssl.so.10"),
            file("opt/nvidia/nsight/libssl.so.1.1"),
            file("opt/x/libssl.so.9"),
        ]
    )
    found = collect(OpenSslCollector, context).of(OpenSslLibrary)
    assert [(each.path, each.series, each.is_system) for each in found] == [
        ("lib64/libssl.so.10", "1.0", True),
        ("opt/nvidia/nsight/libssl.so.1.1", "1.1", False),
        ("usr/lib/x86_64-linux-gnu/libssl.so.3", "3", True),
        ("usr/lib64/libssl.so.1.1.1k", "1.1", True),
    ]
