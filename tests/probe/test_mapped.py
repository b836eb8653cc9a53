"""What a process tells of the libraries in its memory."""

import shutil
import subprocess
from pathlib import Path

import pytest

from layerscope.probe.payload.mapped import MappedLibraries, list_libraries, read_soname, with_mapped

MAPS = """\
7f00-7f01 r-xp 00000000 fe:00 11 /usr/lib/libz.so.1.3
7f01-7f02 r--p 00001000 fe:00 11 /usr/lib/libz.so.1.3
7f02-7f03 r-xp 00000000 fe:00 12 /opt/my folder/gone.so (deleted)
7f03-7f04 rw-p 00000000 00:00 0
7f04-7f05 rw-s 00000000 00:01 13 /memfd:x.so (deleted)
7f05-7f06 r--p 00000000 fe:00 14 /usr/lib/locale/C.utf8/LC_CTYPE
7ffe-7fff rw-p 00000000 00:00 0 [stack]
"""


def test_each_library_is_listed_once() -> None:
    """Files that are no libraries, and memory that is no file, are left out."""
    assert list_libraries(MAPS) == ["/usr/lib/libz.so.1.3", "/opt/my folder/gone.so (deleted)"]


def test_a_library_is_told_once_and_by_its_soname() -> None:
    """The C library is in every process."""
    libraries = MappedLibraries()
    told = libraries.describe()
    names = {name: soname for files in told["folders"].values() for name, soname in files.items()}
    assert any(soname.startswith("libc.") for soname in names.values()) or "libc" in " ".join(names)
    assert libraries.describe() == {"folders": {}, "deleted": [], "left_out": 0}


def test_sonames_are_those_that_readelf_shows(tmp_path: Path) -> None:
    """A file that is no ELF object, or is cut, has none."""
    if shutil.which("readelf") is None:
        pytest.skip("readelf is not here")
    compared = 0
    for path in list_libraries(Path("/proc/self/maps").read_text()):
        shown = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=False).stdout
        line = next((line for line in shown.splitlines() if "(SONAME)" in line), None)
        assert read_soname(path) == (line.partition("[")[2].rstrip("]") if line else None)
        compared += line is not None
        cut = tmp_path / "cut.so"
        cut.write_bytes(Path(path).read_bytes()[:100])
        assert read_soname(str(cut)) is None
    assert compared
    assert read_soname(str(tmp_path / "none.so")) is None


def test_a_stage_tells_what_came_by_it() -> None:
    """Beside what it says itself."""
    detail, values = with_mapped(lambda: ("well", {"own": 1}))()
    assert detail == "well"
    assert values["own"] == 1
    assert set(values["mapped"]) == {"folders", "deleted", "left_out"}
