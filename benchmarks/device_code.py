"""Compares the device code that layerscope lists with what NVIDIA's cuobjdump lists, library by library.

    python benchmarks/device_code.py --cuobjdump PATH [--cuobjdump OLDER] FOLDER...

Those of CUDA 13 refuse files with code for architectures that CUDA 13 has dropped; what one refuses, the next is asked.
cuobjdump comes with the CUDA toolkit, inside Triton's wheels (triton/backends/nvidia/bin) and as the package
nvidia-cuda-cuobjdump. It lists the section `.nv_fatbin` alone, prints no `f` for cubins, and an `a` for some of sm_50
to sm_61 in libcublas 12.1, whose entries have none and which are no architectures: none of that is compared.
"""

import argparse
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.formats.device_code import CodeKind, DeviceCode
from layerscope.formats.fatbinary import LOADED_SECTION

PIECE: Final = 1 << 18
LISTED: Final = re.compile(r"^(?:ELF|PTX) file\s+\d+: .*?\.sm_(\d+)(a?)f?\.(?:[^.]*\.)?(cubin|ptx)$", re.MULTILINE)
FIRST_SPECIFIC: Final = 90
"""The first architecture with a variant `a`."""
KINDS: Final = {"cubin": CodeKind.SASS, "ptx": CodeKind.PTX}

Listing = Counter[tuple[CodeKind, int, str]]
"""How many entries there are of a kind, an architecture and its suffix `a`."""


@dataclass(frozen=True)
class Comparison:
    """One library: both listings, and the seconds that they took."""

    path: Path
    size: int
    ours: Listing
    theirs: Listing | None
    our_seconds: float
    their_seconds: float


def main() -> int:
    """Compare every library with device code below the folders; 1 where a listing differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--cuobjdump", required=True, type=Path, action="append")
    arguments = parser.parse_args()
    paths = sorted({path for folder in arguments.folders for path in folder.rglob("*.so*") if _is_elf(path)})
    scanned_bytes, scanned_seconds, compared = 0, 0.0, []
    for path in paths:
        code, seconds = scan(path)
        scanned_bytes += path.stat().st_size
        scanned_seconds += seconds
        ours = list_code(code)
        if ours or code.damaged or code.unread:
            compared.append(compare(path, ours, seconds, arguments.cuobjdump))
            _show(compared[-1])
    refused = [each for each in compared if each.theirs is None]
    different = [each for each in compared if each.theirs not in (None, each.ours)]
    equal = len(compared) - len(refused) - len(different)
    ours, theirs = (sum(getattr(each, name) for each in compared) for name in ("our_seconds", "their_seconds"))
    print(f"{len(paths)} objects, {scanned_bytes / 1e9:.2f} GB, read in {scanned_seconds:.1f} s")
    print(f"{len(compared)} with loaded device code: {equal} equal, {len(different)} different, {len(refused)} refused")
    print(f"those alone: {ours:.1f} s here, {theirs:.1f} s by cuobjdump")
    return 1 if different else 0


def scan(path: Path) -> tuple[DeviceCode, float]:
    """The device code of a file as the layer pass finds it, piece by piece, and the seconds it took."""
    started = time.perf_counter()
    reading = ElfObjectExtractor().open_file(str(path), size=path.stat().st_size, mode=0o755)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            reading.feed(memoryview(piece))
    kept = reading.finish()
    code = kept.get("code") if isinstance(kept, dict) else None
    found = msgspec.convert(code, DeviceCode) if code else DeviceCode(())
    return found, time.perf_counter() - started


def list_code(code: DeviceCode) -> Listing:
    """What is in the section that cuobjdump lists."""
    return Counter(
        {
            key: count
            for key, count in sum(
                (
                    Counter({(target.kind, target.arch, target.suffix.replace("f", "")): group.count})
                    for group in code.groups
                    for target in group.targets
                    if group.section == LOADED_SECTION and target.kind in KINDS.values()
                ),
                Counter[tuple[CodeKind, int, str]](),
            ).items()
            if count
        }
    )


def compare(path: Path, ours: Listing, seconds: float, programs: Sequence[Path]) -> Comparison:
    """Ask cuobjdump for the same file, and an older one where it refuses."""
    started = time.perf_counter()
    theirs = next((listing for program in programs if (listing := _ask(program, path)) is not None), None)
    return Comparison(path, path.stat().st_size, ours, theirs, seconds, time.perf_counter() - started)


def _ask(program: Path, path: Path) -> Listing | None:
    command = [str(program), "--list-elf", "--list-ptx", str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if "cuobjdump fatal" in answer.stderr:
        return None
    return Counter(
        (KINDS[kind], int(arch), suffix if int(arch) >= FIRST_SPECIFIC else "")
        for arch, suffix, kind in LISTED.findall(answer.stdout)
    )


def _is_elf(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(6) == b"\x7fELF\2\1"


def _show(each: Comparison) -> None:
    verdict = "refused" if each.theirs is None else "equal" if each.theirs == each.ours else "DIFFERENT"
    print(
        f"{verdict:10}{sum(each.ours.values()):7,} entries  {each.size / 1e6:8.1f} MB"
        f"  {each.our_seconds:6.2f} s  {each.their_seconds:6.2f} s  {each.path.name}"
    )
    if each.theirs not in (None, each.ours):
        print(f"          here {dict(each.ours - each.theirs)}\n          there {dict(each.theirs - each.ours)}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
