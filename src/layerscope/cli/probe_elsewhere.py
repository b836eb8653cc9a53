"""`layerscope probe --emit` and `--read`: a probe that runs where layerscope does not, and the report of it."""

import re
import sys
from pathlib import Path
from typing import BinaryIO, Final

from msgspec.structs import replace

from layerscope.audit.pipeline import audit_image
from layerscope.cli import exit_codes
from layerscope.cli.console import Console
from layerscope.cli.image_access import choose_source, make_options, tell_cache_notes
from layerscope.cli.image_probe import Probing, ask_image
from layerscope.cli.options import Reading
from layerscope.cli.progress import show_progress
from layerscope.errors import ProbeError, UsageError
from layerscope.probe.confinement import ALL_GPUS, Confinement
from layerscope.probe.emit import EMITTERS
from layerscope.probe.observation import Observation
from layerscope.probe.read_log import LogReading, read_log
from layerscope.probe.spec import GENERATORS, ProbeSpec, make_nonce

_NAMED: Final = re.compile(r"(?:docker|podman|registry):(?!//)(.+)|docker://(.+)")
_NAMELESS: Final = re.compile(r"(?:oci-dir|oci-archive|docker-archive|oci):|-$|[./~]")


def emit(
    image: str | None, form: str, probing: Probing, *, python: str | None, reading: Reading, console: Console
) -> int:
    """Print the document that runs the probe; the Python is the one that is named, or what an audit finds."""
    if image is None:
        raise UsageError("--emit: expected IMAGE")
    if probing.api_key_env is not None:
        raise UsageError("--emit and --api-key-env: the key would stand in what is printed, for everybody to read")
    name = _find_name(image)
    if python:
        asked = replace(probing.make_spec(), interpreter=python, modules=GENERATORS, looks=True)
    else:
        asked = _ask_audit(image, probing, reading, console)
    asked = replace(asked, about=name)
    if asked.posix_shell:
        raise ProbeError(f"emitting a probe of {image}: no Python was found in the image (--python names one)")
    gpus = probing.container_gpus == ALL_GPUS
    sys.stdout.write(EMITTERS[form](name, asked, Confinement(limits=asked.limits), make_nonce(), gpus=gpus))
    return exit_codes.CLEAN


def _find_name(image: str) -> str:
    """The name by which another engine has the image."""
    if image.startswith("-") and image != "-":
        raise UsageError(
            f"emitting a probe of {image}: expected an image's name, found what an engine takes for an option"
        )
    match = _NAMED.fullmatch(image)
    if match is not None:
        return str(match[1] or match[2])
    if _NAMELESS.match(image):
        raise UsageError(
            f"emitting a probe of {image}: expected a name that the engine elsewhere knows, as REGISTRY/NAME:TAG"
        )
    return image


def _ask_audit(image: str, probing: Probing, reading: Reading, console: Console) -> ProbeSpec:
    """What is asked of the image, its server included, which its own entrypoint starts there as well."""
    options = make_options(reading)
    with show_progress(console) as progress:
        result = audit_image(choose_source(image, reading), options=options, progress=progress)
    tell_cache_notes(options.cache, console)
    return ask_image(image, result, probing, options.policies)


def read_probe(place: str, nonce: str) -> tuple[str, Observation]:
    """What was probed and what it told, out of a file, or of standard input for `-`."""
    if place == "-":
        if sys.stdin.isatty():
            raise UsageError("reading -: expected a probe's log on standard input, found a terminal")
        return _unpack(read_log(sys.stdin.buffer, "standard input", nonce=nonce))
    with _open_log(place) as stream:
        try:
            return _unpack(read_log(stream, place, nonce=nonce))
        except OSError as error:
            raise ProbeError(f"reading {place}: {error.strerror}") from error


def check_log(place: str) -> None:
    """Raise UsageError where a log cannot be opened, before an image is read for it."""
    if place != "-" and not Path(place).is_fifo():  # which can be read once
        _open_log(place).close()


def _open_log(place: str) -> BinaryIO:
    try:
        return Path(place).open("rb")
    except OSError as error:
        raise UsageError(f"--read: reading {place}: {error.strerror}; expected the log of a probe") from error


def _unpack(reading: LogReading) -> tuple[str, Observation]:
    return reading.about or "an image", reading.observation
