"""`layerscope diff`: what changed between two images, and what that means."""

from dataclasses import replace
from pathlib import Path

import click

from layerscope.audit.changed_contents import compare_changed_contents, compare_shadow_files
from layerscope.audit.image_diff import PARTS, ImageDiff, Scope
from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.diff_pair import Pair
from layerscope.cli.gpu_options import ask_about, tell_unknown_branches, with_gpu_options
from layerscope.cli.image_access import make_options, tell_cache_notes
from layerscope.cli.options import Reading, Telling, policy_dir_option, with_console, with_reading, with_telling
from layerscope.cli.outputs import DIFF_FORMATS, Renderer, deliver, parse_outputs
from layerscope.cli.progress import show_progress
from layerscope.diff.noise import EXPLAINED, Noise
from layerscope.errors import UsageError
from layerscope.filesystem.globs import Glob
from layerscope.filesystem.path_match import PathMatch
from layerscope.report.diff.formats import RENDERERS

_CLASSES = tuple(noise.value for noise in Noise)


@click.command("diff", cls=Command, formats=DIFF_FORMATS)
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", required=False)
@click.option("--base", "against_base", is_flag=True, help="Compare one image, A, with the base that it was built on.")
@click.option("--semantic", is_flag=True, help="Leave out what another build of the same Dockerfile changes anyway.")
@click.option(
    "--ignore",
    type=click.Choice(_CLASSES),
    multiple=True,
    metavar="CLASS",
    help=f"Leave out one class of that: {', '.join(_CLASSES)}; repeatable.",
)
@click.option(
    "--keep", type=click.Choice(_CLASSES), multiple=True, metavar="CLASS", help="With --semantic, let this class count."
)
@click.option("--ignore-path", "ignored", multiple=True, metavar="GLOB", help="Leave out these paths; repeatable.")
@click.option("--only-path", "wanted", multiple=True, metavar="GLOB", help="Compare these paths alone; repeatable.")
@click.option(
    "--only",
    type=click.Choice(PARTS),
    multiple=True,
    metavar="PART",
    help=f"Compare this part alone: {', '.join(PARTS)}; repeatable.",
)
@click.option("-p", "--patch", is_flag=True, help="Look into files that differ: lines, keys, members of archives.")
@with_gpu_options
@policy_dir_option
@with_reading
@with_telling
@with_console
def command(
    before: str,
    after: str | None,
    *,
    against_base: bool,
    semantic: bool,
    ignore: tuple[str, ...],
    keep: tuple[str, ...],
    ignored: tuple[str, ...],
    wanted: tuple[str, ...],
    only: tuple[str, ...],
    patch: bool,
    gpus: tuple[str, ...],
    driver: str | None,
    fleet: Path | None,
    policy_dir: Path | None,
    reading: Reading,
    telling: Telling,
    console: Console,
) -> int:
    """Tell what changed between two images, and what it means.

    Risks come first, then sizes, packages, files and all else. A and B are images from anywhere, each its own way, or a
    container (container:NAME), running or stopped, which alone is compared with the image it was made from. Exit codes:
    0 no difference, 1 differences, 2 usage, 3 an image could not be had, 4 an image is damaged.
    """
    outputs = parse_outputs(telling.output, formats=DIFF_FORMATS)
    scope = _make_scope(semantic=semantic, ignore=ignore, keep=keep, paths=(ignored, wanted), only=only)
    pair = Pair(before, after, against_base)
    pair.check()
    options = make_options(reading, policy_dir=policy_dir)
    options = replace(options, **ask_about(options, gpus=gpus, driver=driver, fleet=fleet))
    tell_unknown_branches(options, console)
    with show_progress(console) as progress:
        one, other = pair.audit(reading, options, progress, random_access=patch)
        progress.note("comparing")
        difference = ImageDiff(one, other, scope)
        _check_paths(difference, wanted)
        if patch or Noise.ACCOUNTS in scope.ignored:
            compare = compare_changed_contents if patch else compare_shadow_files
            difference = difference.look_into(compare(one, other, difference.files, progress))
        is_same = difference.is_same
    tell_cache_notes(options.cache, console)
    is_intact = one.is_intact and other.is_intact
    code = exit_codes.MALFORMED if not is_intact else exit_codes.CLEAN if is_same else exit_codes.FINDINGS
    context = replace(console.render_context(), limit=telling.limit or None, exit_code=code)
    deliver(outputs, {name: _make_renderer(name, difference) for name in RENDERERS}, context=context, console=console)
    return code


def _make_scope(
    *,
    semantic: bool,
    ignore: tuple[str, ...],
    keep: tuple[str, ...],
    paths: tuple[tuple[str, ...], tuple[str, ...]],
    only: tuple[str, ...],
) -> Scope:
    """What counts; raises UsageError for options that say opposite things."""
    if keep and not semantic:
        raise UsageError("--keep takes a class out of what --semantic leaves out: expected --semantic beside it")
    if both := sorted({*ignore} & {*keep}):
        raise UsageError(f"--ignore and --keep: both name {both[0]}, expected one of them")
    classes = {Noise(each) for each in ignore} | (set(EXPLAINED) if semantic else set())
    ignored, wanted = (tuple(map(Glob.of, patterns)) for patterns in paths)
    return Scope(
        parts=frozenset(only or PARTS),
        ignored=frozenset(classes - {Noise(each) for each in keep}),
        ignored_paths=ignored,
        only_paths=wanted,
    )


def _check_paths(difference: ImageDiff, wanted: tuple[str, ...]) -> None:
    """Raise UsageError for paths of which neither image has one, if both could be read to their ends."""
    for pattern in wanted if difference.is_whole else ():
        if difference.path_matches[Glob.of(pattern)] is PathMatch.NOTHING:
            raise UsageError(
                f"--only-path {pattern}: matches nothing in either image, "
                "expected a glob over whole paths (/usr/** is all below /usr, **/*.toml has that ending anywhere)"
            )


def _make_renderer(name: str, difference: ImageDiff) -> Renderer:
    return lambda context: RENDERERS[name]()(difference, context)
