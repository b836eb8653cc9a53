"""Builds the images of `fixtures/images` from their recipes; also a command: `python -m support.images NAME OUT`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from support.built_image import BuiltImage, BuiltLayer, Variant, build_image
from support.compression import Packing
from support.damage import Damage, Place
from support.docker_archives import Style, write_docker_archive
from support.layouts import write_oci_archive, write_oci_layout
from support.recipe import ImageRecipe, load_recipe
from support.recipe_entries import RecipeError

__all__ = [
    "FIXTURES",
    "BuiltImage",
    "BuiltLayer",
    "Damage",
    "ImageRecipe",
    "Packing",
    "Place",
    "RecipeError",
    "Style",
    "Variant",
    "build_image",
    "list_recipes",
    "load_fixture",
    "load_recipe",
    "write_docker_archive",
    "write_image",
    "write_oci_archive",
    "write_oci_layout",
]

FIXTURES: Final = Path(__file__).parents[2] / "fixtures" / "images"
FORMATS: Final = ("oci-dir", "oci-archive", *(f"docker-archive:{style}" for style in Style))


def list_recipes() -> list[str]:
    """The names of all fixture images."""
    return sorted(path.parent.name for path in FIXTURES.glob("*/image.toml"))


def load_fixture(name: str) -> BuiltImage:
    """The fixture image of that name, built."""
    return load_recipe(FIXTURES / name).build()


def write_image(image: BuiltImage, path: Path, layout: str, *, packing: Packing = Packing.GZIP) -> None:
    """Write the image in the layout that FORMATS names."""
    if layout == "oci-dir":
        write_oci_layout(image, path, packing=packing)
    elif layout == "oci-archive":
        write_oci_archive(image, path, packing=packing)
    else:
        write_docker_archive(image, path, style=Style(layout.partition(":")[2]))


def main(arguments: Sequence[str]) -> None:
    """Build one recipe, or every recipe below a folder, into `out`."""
    parser = argparse.ArgumentParser(prog="python -m support.images", description="Build an image from its recipe.")
    parser.add_argument("recipe", type=Path, help="an image.toml, its folder, or a folder of such folders")
    parser.add_argument("out", type=Path, help="what is written; a folder where there are several recipes")
    parser.add_argument("--format", choices=FORMATS, default="oci-dir")
    parser.add_argument("--packing", choices=list(Packing), default=Packing.GZIP, type=Packing)
    options = parser.parse_args(arguments)
    several = sorted(options.recipe.glob("*/image.toml"))
    for recipe in several or [options.recipe]:
        loaded = load_recipe(recipe)
        target = options.out / loaded.name if several else options.out
        target.parent.mkdir(parents=True, exist_ok=True)
        write_image(loaded.build(), target, options.format, packing=options.packing)
        sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
