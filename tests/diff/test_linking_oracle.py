"""What links this host's own programs otherwise is what readelf says of them."""

import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest

from layerscope.audit.image_diff import ImageDiff
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.diff.linking import LinkChange
from layerscope.layers.cache import LayerCache
from layerscope.sources.select import select_source
from support.built_image import build_image
from support.images import write_image
from support.tar_writer import file

PROGRAMS: Final = [
    path for name in ("bash", "ls", "tar", "git", "gpg") if (path := shutil.which(name)) and Path(path).is_file()
]
PLACE: Final = "usr/bin/tool"


def read_needs(path: str) -> tuple[set[str], dict[str, tuple[int, ...]]]:
    """The libraries that a program needs, and the newest version of each family, weak ones apart."""
    told = subprocess.run(["readelf", "-dVW", path], capture_output=True, text=True, check=True).stdout
    newest: dict[str, tuple[int, ...]] = {}
    for version, flags in re.findall(r"Name: (\S+)\s+Flags: (\S+)", told.partition("Version needs section")[2]):
        match = re.fullmatch(r"(.+)_([\d.]+)", version)
        if match and "WEAK" not in flags:
            newest[match[1]] = max(newest.get(match[1], ()), tuple(map(int, match[2].split("."))))
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", told)), newest


def compare(folder: Path, *programs: str) -> LinkChange | None:
    """How one program links otherwise than another in its place."""
    options = AuditOptions(LayerCache(folder / "cache", fingerprint=cache_fingerprint()), jobs=1)
    results = []
    for number, program in enumerate(programs):
        place = folder / str(number)
        write_image(build_image([[file(PLACE, Path(program).read_bytes(), mode=0o755)]]), place, "oci-dir")
        results.append(audit_image(select_source(f"oci-dir:{place}"), options=options))
    before, after = results
    return next(iter(ImageDiff(before, after).linking), None)


@pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf (binutils)")
@pytest.mark.parametrize("pair", list(combinations(PROGRAMS, 2)), ids=lambda pair: " ".join(map(str, pair)))
def test_links_differ_as_readelf_says(tmp_path: Path, pair: tuple[str, str]) -> None:
    """Needed libraries, and the newest symbol version of each family."""
    (needed, newest), (other_needed, other_newest) = map(read_needs, pair)
    change = compare(tmp_path, *pair) or LinkChange(PLACE, PLACE)
    assert set(change.needed_added) == other_needed - needed
    assert set(change.needed_removed) == needed - other_needed
    spelled = {each.name: (each.before, each.after) for each in change.needs}
    expected = {
        family: tuple(".".join(map(str, side[family])) if family in side else None for side in (newest, other_newest))
        for family in newest.keys() | other_newest.keys()
        if newest.get(family) != other_newest.get(family)
    }
    assert spelled == expected
