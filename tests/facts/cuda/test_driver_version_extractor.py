"""The driver's version is found in a library that is named without it."""

import pytest

from layerscope.facts.cuda.driver_version_extractor import DriverVersionExtractor

PROFILE = b"\x7fELF" + bytes(300) + b"/usr/share/nvidia/nvidia-application-profiles-535.261.03-rc:" + bytes(300)
PART = bytes(300) + b"\0libnvidia-pkcs11-openssl3.so.580.65.06\0" + bytes(300)


def extract(content: bytes, chunk: int) -> object:
    """What is kept of a file."""
    reading = DriverVersionExtractor().open_file("libcuda.so.1", size=len(content), mode=0o644)
    for start in range(0, len(content), chunk):
        reading.feed(memoryview(content)[start : start + chunk])
    return reading.finish()


@pytest.mark.parametrize("chunk", [1, 7, 100, 1 << 20])
def test_the_names_of_its_own_files_tell_the_version(chunk: int) -> None:
    """However the file is cut into pieces."""
    assert extract(PROFILE, chunk) == "535.261.03"
    assert extract(PART, chunk) == "580.65.06"


@pytest.mark.parametrize("content", [b"", b"450.36.05\0", b"libnvidia-ml.so.1\0", b"\xff" * 1000])
def test_other_versions_are_not_the_library_s(content: bytes) -> None:
    """It holds those of the releases from which on something holds."""
    assert extract(content, 100) is None
