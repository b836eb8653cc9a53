"""Builds the benchmark's images, each in every form, unless they are there already."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.engine import Engine, start_engine, tag
from benchmarks.host_settings import debian_mirror, write_build_secrets
from benchmarks.store import GIGABYTE, Form, StoredImage, image_store, require_room, stored
from benchmarks.synthetic import SYNTHETIC

RECIPES = Path(__file__).parent / "images"
BASE = "base"
PARENTS = {"small": BASE, "medium": "small", "large": "small"}
# GB of the engine's copy and all forms together.
ROOM = {
    BASE: 1,
    "small": 2,
    "medium": 14,
    "large": 32,
    "million": 3,
    "twenty": 4,
}
DEFAULT_IMAGES = ("small", "medium")


def build_image(name: str) -> None:
    """Build an image in every form it has."""
    if name in SYNTHETIC:
        _publish(stored(name, Form.OCI_GZIP), SYNTHETIC[name], room=ROOM[name] * GIGABYTE)
        return
    archive = stored(name, Form.DOCKER_ARCHIVE)
    if not archive.exists():
        engine = start_engine()
        build_in_engine(engine, name)
        _publish(archive, partial(_save, engine, name), room=ROOM[name] * GIGABYTE // 3)
    for form in (Form.OCI_GZIP, Form.OCI_ZSTD):
        _publish(stored(name, form), partial(_convert, archive, form), room=archive.size)


def build_in_engine(engine: Engine, name: str) -> None:
    """Build an image, and those it stands on, in the engine."""
    if engine.has(name):
        return
    require_room(image_store(), ROOM[name] * GIGABYTE, what=f"building {name}")
    if name == BASE:
        _import_base(engine)
        return
    build_in_engine(engine, PARENTS[name])
    _say(f"building {name}")
    with tempfile.TemporaryDirectory(prefix="layerscope-bench-") as folder:
        secrets, context = Path(folder, "secrets"), Path(folder, "context")
        secrets.mkdir(mode=0o700)
        context.mkdir()
        recipe = RECIPES / f"{name}.Dockerfile"
        engine.build(name, recipe, base=tag(PARENTS[name]), secrets=write_build_secrets(secrets), context=context)


def _import_base(engine: Engine) -> None:
    """Bring a minimal Debian root into the engine; no registry is asked."""
    _say("building base")
    with tempfile.TemporaryDirectory(prefix="layerscope-bench-") as folder:
        root = Path(folder, "root.tar")
        mirror = debian_mirror()
        options = ["--quiet", "--variant=minbase", "--include=ca-certificates"]
        _run("mmdebstrap", *options, "bookworm", str(root), *([mirror] if mirror else []))
        engine.run("import", str(root), tag(BASE))


def _save(engine: Engine, name: str, path: Path) -> None:
    engine.run("save", "--output", str(path), tag(name))


def _convert(archive: StoredImage, form: Form, path: Path) -> None:
    """Copy an archive's image into an OCI layout, compressed."""
    kind = "zstd" if form is Form.OCI_ZSTD else "gzip"
    source, target = f"docker-archive:{archive.path}", f"oci:{path}:1"
    _run("skopeo", "copy", "--quiet", "--insecure-policy", "--dest-compress-format", kind, source, target)


def _publish(image: StoredImage, write: Callable[[Path], object], *, room: int) -> None:
    """Write an image under a passing name, and under its own once it is whole."""
    if image.exists():
        return
    require_room(image.path.parent, room, what=f"writing {image.path.name}")
    _say(f"writing {image.path.name}")
    passing = image.path.with_name(f".{image.path.name}.{os.getpid()}")
    try:
        write(passing)
        passing.rename(image.path)
    finally:
        _remove(passing)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr)


def main() -> None:
    """Build the images named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="*", default=DEFAULT_IMAGES, help="small medium large million twenty")
    parser.add_argument("--large", action="store_true", help="also the CUDA PyTorch image: 32 GB of disk")
    parser.add_argument("--memory", action="store_true", help="also the two images that measure peak memory")
    options = parser.parse_args()
    names = [*options.images, *(["large"] if options.large else []), *(SYNTHETIC if options.memory else [])]
    for name in dict.fromkeys(names):
        build_image(name)


if __name__ == "__main__":
    main()
