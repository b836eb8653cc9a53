"""`layerscope probe --runtime bundle`: an image of any source, unpacked and started without an engine."""

from collections.abc import Iterable, Iterator

from layerscope.audit.judge import judge_image
from layerscope.audit.read_image import ReadImage, read_image
from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.image_access import choose_source, make_options, tell_cache_notes
from layerscope.cli.image_probe import Probing, ask_image, tell_server
from layerscope.cli.options import Reading
from layerscope.cli.progress import show_progress
from layerscope.errors import ProbeError
from layerscope.layers.content import ReadContents, iter_contents
from layerscope.probe.bundle_folder import check_room, find_place, open_bundle, plan_bundle
from layerscope.probe.bundle_run import Bundle, BundleRun, run_bundle
from layerscope.probe.confinement import ALL_GPUS, NO_GPUS, Confinement
from layerscope.probe.disk_watch import OF_BUNDLE, DiskWatch
from layerscope.probe.gpu_binds import find_gpu_binds
from layerscope.probe.observation import Observation
from layerscope.probe.probed import Probed
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.variants import probe_variants
from layerscope.rules.wording import tell_size


def probe_bundle(
    image: str, probing: Probing, variant: str, *, reading: Reading, console: Console
) -> tuple[AuditResult, Probed]:
    """The audit of an image of any source, and its probe; raises ProbeError where nothing here can start it."""
    options = make_options(reading)
    with show_progress(console) as progress:
        source = choose_source(image, reading, random_access=True)
        read = read_image(source, options=options, progress=progress)
        result = judge_image(read, base=None, options=options, progress=progress)
    tell_cache_notes(options.cache, console)
    config = result.image.config.runtime
    asked = ask_image(image, result, probing, options.policies)
    plan, place = plan_bundle(read.tree), find_place()
    console.say(f"layerscope: unpacking {tell_size(check_room(plan, place))} to {place}, to be removed afterwards")
    binds = find_gpu_binds(options.policies.injected) if probing.container_gpus != NO_GPUS else []
    if binds:
        console.say(f"layerscope: giving it of this host: {', '.join(bind.source for bind in binds)}")
    elif probing.container_gpus == ALL_GPUS:
        raise ProbeError(f"probing {image}: expected a GPU to give to it, found no /dev/nvidia*")
    runs: list[BundleRun] = []
    with show_progress(console) as progress, open_bundle(plan, _open_contents(read), progress) as folder:
        bundle = Bundle(folder, config, tuple(binds), DiskWatch((folder,), OF_BUNDLE, asked.limits.disk))

        def run(spec: ProbeSpec, confinement: Confinement) -> Observation:
            runs.append(run_bundle(bundle, spec, progress=progress, confinement=confinement))
            return runs[-1].observation

        found = probe_variants(run, asked, variant=variant)
    _tell_start(runs[0], console)
    return result, tell_server(probing.judge_trials(found), result, options.policies)


def _tell_start(run: BundleRun, console: Console) -> None:
    for told in filter(None, (*run.refusals, run.lack)):
        console.say(f"layerscope: {told}")
    console.say(f"layerscope: started with {run.runtime}")


def _open_contents(read: ReadImage) -> ReadContents:
    def read_contents(layer: int, positions: Iterable[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        return iter_contents(read.image.layers[layer], read.scans[layer].index, positions)

    return read_contents
