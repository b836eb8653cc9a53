"""From IMAGE and its options to a source, a cache and an image that was read."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from layerscope.audit.doubts import iter_doubts
from layerscope.audit.options import AuditOptions, default_jobs
from layerscope.audit.read_image import ReadImage, cache_fingerprint, read_documents, read_image
from layerscope.cli import exit_codes
from layerscope.cli.console import Console
from layerscope.cli.options import Reading
from layerscope.cli.progress import show_progress
from layerscope.errors import SourceError, UsageError
from layerscope.image.image import Image
from layerscope.image.platform import Platform
from layerscope.layers.cache import LayerCache
from layerscope.layers.cache_usage import default_cache_dir
from layerscope.layers.limits import Limits
from layerscope.layers.scan import Proof
from layerscope.policies.policies import Policies
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.select import (
    SourceOptions,
    find_registry,
    is_container,
    select_source,
    select_started,
)
from layerscope.sources.source import Source
from layerscope.sources.streams import is_standard_input

SHOWN_NOTES: Final = 3
"""Remarks on the cache that are told one by one."""

MAX_PASSWORD: Final = 65536
"""Characters of a password: tokens of cloud registries run to some thousands."""


def choose_source(image: str, reading: Reading, *, random_access: bool = False) -> Source:
    """The source that IMAGE names; with `random_access`, one whose layers can be opened again."""
    options = _make_source_options(reading, read_credential(image, reading))
    return _open_source(image, replace(options, random_access=random_access))


def choose_sources(
    image: str, base: str | None, reading: Reading, credential: Credential | None = None, *, random_access: bool = False
) -> tuple[Source, Source | None]:
    """The sources of IMAGE and of the base image, if there is one; with `random_access`, IMAGE's layers open again.

    Standard input is read once, here or by whoever gives the `credential` on it. That password, and the leave to ask in
    the clear, are for IMAGE's registry: a base image of another one is asked for as if neither had been given.
    """
    options = _make_source_options(
        reading, read_only_credential((image, base), reading) if credential is None else credential
    )
    below = _choose_base(base, image, options) if base else None
    return _open_source(image, replace(options, random_access=random_access)), below


def choose_pair(before: str, after: str, reading: Reading, *, random_access: bool = False) -> tuple[Source, Source]:
    """The sources of two images that are compared; raises UsageError where both are to come from standard input.

    A password, and the leave to ask in the clear, are for the registry of the first that is in one, and for the other
    where that is in the same.
    """
    open_image = choose_opener((before, after), reading, random_access=random_access)
    return open_image(before), open_image(after)


def choose_opener(images: Sequence[str], reading: Reading, *, random_access: bool = False) -> Callable[[str], Source]:
    """What gives the source of each of several images; raises UsageError where two are to come from standard input.

    A password, and the leave to ask in the clear, are for the registry of the first that is in one, and for the others
    that are in the same.
    """
    credential = read_only_credential(images, reading)
    options = replace(_make_source_options(reading, credential), random_access=random_access)
    meant = next(filter(None, map(find_registry, images)), None)

    def open_image(image: str) -> Source:
        is_meant = meant is not None and find_registry(image) == meant
        return _open_source(image, options if is_meant else _without_credential(options))

    return open_image


def choose_started(container: str, reading: Reading, *, random_access: bool = False) -> Source:
    """The source of the image that a container was made from."""
    options = replace(_make_source_options(reading, None), random_access=random_access)
    return select_started(container, options=options)


def refuse_container(image: str, what: str) -> str:
    """Return IMAGE; raises UsageError for a container, of which no image is made and in which nothing is started."""
    if is_container(image):
        raise UsageError(
            f"{what} {image[:200]}: expected an image, found a container; it can be compared (diff {image[:200]}), "
            "audited and looked into (audit, facts, inspect, layers, tree, cat, extract); name its image instead"
        )
    return image


def _without_credential(options: SourceOptions) -> SourceOptions:
    """For a registry that nobody gave a password for, and no leave to ask in the clear."""
    return replace(options, insecure=False, credential=None)


def _make_source_options(reading: Reading, credential: Credential | None) -> SourceOptions:
    return SourceOptions(
        in_place=reading.in_place, insecure=reading.insecure, offline=reading.offline, credential=credential
    )


def _open_source(image: str, options: SourceOptions) -> Source:
    if is_standard_input(image) and sys.stdin.isatty():
        raise UsageError(f"opening {image}: expected an archive on standard input, found a terminal")
    return select_source(image, stdin=sys.stdin.buffer, options=options)


def choose_credential(image: str, to: str | None, credential: Credential | None) -> Credential | None:
    """The credential with which the registry that is written to is entered: IMAGE's, where that is in it or in none.

    A registry is told no password that is another one's: without this, its own login is looked for.
    """
    registry = find_registry(image)
    return credential if to is not None and registry in {None, find_registry(to)} else None


def read_only_credential(images: Sequence[str | None], reading: Reading) -> Credential | None:
    """The name and password that were given for one of several images; raises UsageError for two on standard input."""
    named = [image for image in images if image is not None]
    streamed = [image for image in named if is_standard_input(image)]
    if len(streamed) > 1:
        raise UsageError(f"two images on standard input ({' and '.join(streamed[:2])}): expected at most one there")
    return read_credential(next(iter([*streamed, *named]), ""), reading)


def read_credential(image: str, reading: Reading) -> Credential | None:
    """The name and password that were given for the registry; raises UsageError for one without the other."""
    if reading.username is None and not reading.password_stdin:
        return None
    if reading.username is None or not reading.password_stdin:
        raise UsageError("--username and --password-stdin: expected both or neither")
    if is_standard_input(image):
        raise UsageError("--password-stdin: expected an image from elsewhere, standard input cannot be both")
    password = sys.stdin.readline(MAX_PASSWORD).removesuffix("\n").removesuffix("\r")
    if not password:
        raise UsageError("--password-stdin: expected a password on standard input, found nothing")
    return Credential(reading.username, password, "", "--username")


def make_options(
    reading: Reading, *, base: Source | None = None, by_table: bool = False, policy_dir: Path | None = None
) -> AuditOptions:
    """How the image is read, as the options say."""
    if reading.offline and reading.no_cache_read:
        raise UsageError("--offline answers from the cache alone: expected it without --no-cache-read")
    limits = make_limits(reading)
    return AuditOptions(
        cache=LayerCache(
            reading.cache_dir or default_cache_dir(),
            fingerprint=cache_fingerprint(),
            read=not reading.no_cache_read,
            limits=limits,
        ),
        platform=Platform.parse(reading.platform) if reading.platform else None,
        jobs=reading.jobs or default_jobs(),
        base=base,
        limits=limits,
        policies=Policies(policy_dir),
        by_table=by_table,
    )


def _choose_base(base: str, image: str, options: SourceOptions) -> Source:
    """The source of the base image; an error says that it is about that one, which may be set in a file."""
    registry = find_registry(base)
    if registry is None or registry != find_registry(image):
        options = _without_credential(options)
    try:
        return _open_source(base, options)
    except SourceError as error:
        raise SourceError(f"the base image (--base): {error}") from error
    except UsageError as error:
        raise UsageError(f"the base image (--base): {error}") from error


def make_limits(reading: Reading) -> Limits:
    """The ceilings of the layer pass, as the options say."""
    limits = Limits()
    return Limits(
        layer_size=reading.max_layer_size or limits.layer_size,
        layer_entries=reading.max_layer_entries or limits.layer_entries,
    )


def read(
    image: str, reading: Reading, *, console: Console, random_access: bool = False, by_table: bool = False
) -> ReadImage:
    """Read IMAGE with progress shown, and say what went wrong with the cache."""
    options = make_options(reading, by_table=by_table)
    source = choose_source(image, reading, random_access=random_access)
    with show_progress(console) as progress:
        found = read_image(source, options=options, progress=progress)
    tell_cache_notes(options.cache, console)
    if by_table:
        _tell_layers_without_table(found, console)
    return found


def _tell_layers_without_table(found: ReadImage, console: Console) -> None:
    """Say which layers were read although nobody wanted to wait for that."""
    numbers = [number for number, scan in enumerate(found.scans) if scan.proof is Proof.READ]
    if numbers:
        console.say(f"layerscope: {_name_layers(numbers)}: no table of contents that could be used, read whole instead")


def _name_layers(numbers: Sequence[int]) -> str:
    return f"layer{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def tell_cache_notes(cache: LayerCache, console: Console) -> None:
    """Say what went wrong with the cache: it costs time, and no report is another one for it."""
    notes = cache.notes
    for note in notes[:SHOWN_NOTES]:
        console.say(f"layerscope: {note}")
    if len(notes) > SHOWN_NOTES:
        console.say(f"layerscope: and {len(notes) - SHOWN_NOTES} more of the kind (layerscope cache verify mends it)")


def tell_doubts(found: ReadImage, console: Console) -> int:
    """Say which layers are not proved before anything of them is shown; returns the exit code that this means."""
    doubts = list(iter_doubts(found))
    for reason in dict.fromkeys(doubt.reason for doubt in doubts):
        numbers = [doubt.layer for doubt in doubts if doubt.reason == reason]
        console.complain(f"warning: {_name_layers(numbers)} of {found.image.reference}: {reason}")
    return exit_codes.MALFORMED if any(doubt.is_damage for doubt in doubts) else exit_codes.CLEAN


def read_image_documents(image: str, reading: Reading, *, console: Console) -> Image:
    """Read the documents of IMAGE alone, with progress shown."""
    options = make_options(reading)
    source = choose_source(image, reading)
    with show_progress(console) as progress:
        return read_documents(source, options=options, progress=progress)
