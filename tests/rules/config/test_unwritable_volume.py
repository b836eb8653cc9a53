"""CONF014 unwritable-volume: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.config.mount_points import MountPoint, MountPurpose
from layerscope.facts.fact import Evidence
from layerscope.rules.config.unwritable_volume import UnwritableVolume
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, IDENTITY

VOLUME = MountPoint(
    evidence=Evidence(1, "data"),
    purpose=MountPurpose.VOLUME,
    path="/data",
    what="",
    told="declared by VOLUME",
    exists=True,
    is_folder=True,
    is_empty=True,
    uid=0,
    mode=0o755,
    is_writable=False,
)


def test_flags_a_volume_that_belongs_to_root() -> None:
    """The fix names the numbers of the image's own user."""
    (finding,) = flags(UnwritableVolume, VOLUME, IDENTITY)
    assert finding.message == (
        "The volume /data cannot be written to by user 1000: it belongs to user 0 with mode 0755"
    )
    assert finding.severity is Severity.LOW
    assert finding.fixes[0].steps[0] == "RUN install -d -o 1000 -g 1000 /data   above VOLUME and USER"


def test_flags_a_cache_that_nobody_may_make() -> None:
    """With a path that no shell takes for something else."""
    cache = replace(VOLUME, purpose=MountPurpose.HUB, what="a/b", path="/x y/$(id)", exists=False, is_folder=False)
    (finding,) = flags(UnwritableVolume, cache, IDENTITY)
    assert "/x y/$(id), into which a/b is fetched," in finding.message
    assert "'/x y/$(id)'" in finding.fixes[0].steps[0]


def test_flags_a_volume_below_a_file() -> None:
    """Of which nobody can make the folder."""
    place = replace(VOLUME, path="/app/main.py/data", exists=False, is_folder=False, file_above="/app/main.py")
    (finding,) = flags(UnwritableVolume, place, IDENTITY)
    assert finding.message.endswith("it lies below /app/main.py, which is no folder")
    assert finding.fixes[0].title == "Take another folder than /app/main.py/data"


def test_ignores_what_the_user_may_write_to_or_only_reads() -> None:
    """Nearest neighbours: its own folder, a model that is mounted, an unread layer, and a user who is not known."""
    ignores(UnwritableVolume, replace(VOLUME, is_writable=True), IDENTITY)
    ignores(UnwritableVolume, replace(VOLUME, purpose=MountPurpose.MODEL), IDENTITY)
    ignores(UnwritableVolume, VOLUME, IDENTITY, DAMAGED)
    ignores(UnwritableVolume, VOLUME, replace(IDENTITY, uid=None))
