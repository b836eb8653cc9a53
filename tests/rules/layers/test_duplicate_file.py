"""LAY105 duplicate-file: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.layers.folders import Folder
from layerscope.facts.layers.repeated_files import Copy, RepeatedFiles
from layerscope.rules.layers.duplicate_file import DuplicateFile
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import SITE, collect_cuda, toolkit, torch, wheels
from support.sample_facts import MB, ended, weight

MODEL = Copy("srv/model/weights.bin", 400 * MB, 0, "opt/model/weights.bin")


def repeated(layer: int, size: int) -> RepeatedFiles:
    """Copies of one file in one layer."""
    return RepeatedFiles(
        evidence=Evidence(layer, "srv/model"),
        layer=layer,
        instruction="RUN cp -r /opt/model /srv/model",
        files=1,
        size=size,
        folders=(Folder(layer, "srv/model", 1, size),),
        largest=(Copy("srv/model/weights.bin", size, 0, "opt/model/weights.bin"),),
    )


def test_flags_content_that_the_image_has_already() -> None:
    """The message names a copy and the file that it equals."""
    (finding,) = flags(DuplicateFile, repeated(2, 500 * MB), weight(2000 * MB))
    assert finding.message == (
        "Layer 2 (RUN cp -r /opt/model /srv/model) holds 1 file (500.0 MB, 25% of the image) whose content the "
        "image has already: /srv/model 500.0 MB; /srv/model/weights.bin (500.0 MB) equals /opt/model/weights.bin of "
        "layer 0"
    )
    assert finding.severity is Severity.MEDIUM
    assert finding.wasted == 500 * MB


def test_locates_folders_and_the_copies_beside_them() -> None:
    """A copy below a folder that is named already is not named again."""
    beside = Copy("etc/copy", 5, 0, "etc/first")
    fact = repeated(2, 500 * MB)
    (finding,) = flags(DuplicateFile, replace(fact, largest=(*fact.largest, beside)), weight(2000 * MB))
    assert [place.path for place in finding.locations] == ["srv/model", "etc/copy"]


def test_tells_what_packages_repeat_among_themselves_together() -> None:
    """A few megabytes of equal files in several layers are ordinary."""
    (finding,) = flags(DuplicateFile, repeated(1, 3 * MB), repeated(2, 4 * MB), weight(2000 * MB))
    assert finding.message == (
        "2 layers hold copies of other files: 2 files, 7.0 MB; packages often ship the same files"
    )
    assert finding.severity is Severity.INFO


def test_names_one_layer_of_small_copies() -> None:
    """The verb agrees."""
    (finding,) = flags(DuplicateFile, repeated(3, 3 * MB), weight(2000 * MB))
    assert finding.message.startswith("1 layer holds copies of other files: 1 file, 3.0 MB")


def test_takes_the_share_of_the_image_into_account() -> None:
    """Four megabytes are much where the image has twenty."""
    (finding,) = flags(DuplicateFile, repeated(1, 4 * MB), weight(20 * MB))
    assert finding.severity is Severity.MEDIUM


def test_ignores_an_image_without_copies() -> None:
    """What lies hidden below is no copy that a container has."""
    ignores(DuplicateFile, ended("metadata", 40 * MB), weight(1000 * MB))


def test_leaves_copies_of_cuda_to_the_rule_that_says_which_to_drop() -> None:
    """Links to the copy that should go would break the one that is used."""
    steps = ("RUN apt-get install -y cuda-libraries-12-4", "RUN pip install torch")
    facts = collect_cuda(toolkit(size=50 * MB), [*torch(), *wheels(size=100 * MB)], steps=steps)
    own, other = f"{SITE}/nvidia/cublas/lib/libcublas.so.12", "usr/local/cuda-12.4/lib64/libcublas.so.12"
    fact = replace(
        repeated(1, 500 * MB),
        folders=(Folder(1, f"{SITE}/nvidia/cublas", 1, 500 * MB),),
        largest=(Copy(own, 500 * MB, 0, other),),
    )
    ignores(DuplicateFile, *facts, fact, weight(2000 * MB))
    mixed = replace(
        fact, files=2, size=900 * MB, folders=(*fact.folders, *repeated(1, 400 * MB).folders), largest=fact.largest
    )
    (finding,) = flags(DuplicateFile, *facts, replace(mixed, largest=(*fact.largest, MODEL)), weight(2000 * MB))
    assert finding.wasted == 400 * MB
    flags(DuplicateFile, fact, weight(2000 * MB))


def test_what_packages_of_one_environment_repeat_is_for_information() -> None:
    """Nobody links files of wheels."""
    pair = Copy(f"{SITE}/triton/a.so", 60 * MB, 1, f"{SITE}/nvidia/a.so")
    (finding,) = flags(DuplicateFile, replace(repeated(1, 60 * MB), largest=(pair,)), weight(2000 * MB))
    assert (finding.severity, finding.fixes) == (Severity.INFO, ())
    other = replace(pair, first_path="opt/venv/lib/python3.12/site-packages/triton/a.so")
    (finding,) = flags(DuplicateFile, replace(repeated(1, 60 * MB), largest=(other,)), weight(2000 * MB))
    assert finding.fixes
