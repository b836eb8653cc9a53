"""CONF015 model-outside-image: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.config.mount_points import MountPoint, MountPurpose
from layerscope.facts.fact import Evidence
from layerscope.rules.config.model_outside_image import ModelOutsideImage
from layerscope.rules.fix import FixKind
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import DAMAGED

MODEL = MountPoint(
    evidence=Evidence(),
    purpose=MountPurpose.MODEL,
    path="/models/m",
    what="/models/m",
    told="named by --model in the image's command",
    exists=False,
    is_folder=False,
    is_empty=True,
    uid=None,
    mode=0,
    is_writable=True,
)
HUB = replace(MODEL, purpose=MountPurpose.HUB, path="/root/.cache/huggingface/hub", what="acme/tiny")


def test_flags_a_path_that_no_layer_has() -> None:
    """It is mounted, read only."""
    (finding,) = flags(ModelOutsideImage, MODEL)
    assert finding.message == "/models/m, named by --model in the image's command, is not in the image"
    assert finding.severity is Severity.LOW
    (fix,) = finding.fixes
    assert fix.kind is FixKind.RUN_FLAGS
    assert fix.steps[0].startswith("docker run -v model:/models/m:ro …")


def test_flags_a_repository_that_is_fetched_at_each_start() -> None:
    """And says where the client may not."""
    (finding,) = flags(ModelOutsideImage, HUB)
    assert finding.message.endswith("is not in the image's caches of the hub: every new container fetches it")
    (offline,) = flags(ModelOutsideImage, replace(HUB, is_offline=True))
    assert offline.message.endswith("and its client may ask nobody")


def test_ignores_volumes_and_images_that_are_not_read_whole() -> None:
    """A declared volume names no model, and an unread layer may have it."""
    ignores(ModelOutsideImage, replace(MODEL, purpose=MountPurpose.VOLUME))
    ignores(ModelOutsideImage, MODEL, DAMAGED)
