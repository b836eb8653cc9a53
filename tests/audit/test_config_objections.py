"""What the proof of a fix says of findings about the config alone, which no path tells apart."""

from pathlib import Path

from layerscope.audit.applied import Applied, apply_layer_fix
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.fixes.destinations.layout import LayoutDestination
from layerscope.fixes.layer_choice import choose_layer_fixes
from layerscope.fixes.surgery.config_changes import parse_changes
from layerscope.layers.cache import LayerCache
from layerscope.progress import SilentProgress
from layerscope.sources.layout import LayoutSource
from support.images import build_image, write_oci_layout
from support.tar_member import file

TOKEN = "ghp_" + "kQ3mZ8vTn2WpX7rLbY5sJcHd9uGfEa4RoNxT"
OTHER_TOKEN = TOKEN[:-1] + "U"
PASSWORD = "fR7-qLw2.Zt9x"


def apply(tmp_path: Path, *changes: str, codes: frozenset[str] = frozenset({"CONF002"}), **runtime: object) -> Applied:
    """Cure the findings of these codes in an image with this config, and change it so."""
    write_oci_layout(build_image([[file("a", b"1")]], runtime=runtime), tmp_path / "image")
    options = AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()), jobs=1)
    before = audit_image(LayoutSource(str(tmp_path / "image")), options=options)
    chosen = choose_layer_fixes(before.findings, codes=codes or {"NONE"}, reviewed=True)
    fix = LayerFix(chosen.edits, chosen.cures, changes=parse_changes(changes))
    destination = LayoutDestination(tmp_path / "new")
    return apply_layer_fix(before, fix, destination, options=options, progress=SilentProgress())


def test_a_credential_that_shows_once_others_are_gone_is_told_as_left(tmp_path: Path) -> None:
    """Those that are gone are no objection; the same value in the command was told with one of them."""
    done = apply(
        tmp_path,
        Env=[f"DB_PASSWORD={PASSWORD}", f"GH_TOKEN={TOKEN}"],
        Labels={"tok": OTHER_TOKEN},
        Cmd=["serve", f"--password={PASSWORD}"],
    )
    told = "The command password holds a password (13 characters)"
    assert done.objections == (f"CONF002 is left: {told}; it was not told before, as its value stood elsewhere, too",)
    assert len(done.removed) == 3
    assert [finding.message for finding in done.added] == [told]


def test_a_credential_that_a_change_brings_is_new(tmp_path: Path) -> None:
    """The one that was taken out is gone."""
    done = apply(tmp_path, f"ENV NEW_TOKEN={TOKEN}", Env=[f"API_TOKEN={OTHER_TOKEN}"])
    (objection,) = done.objections
    assert objection.startswith("CONF002 is new: The environment variable NEW_TOKEN ")
    assert ["API_TOKEN" in finding.message for finding in done.removed] == [True]


def test_a_credential_beside_one_that_stays_is_new(tmp_path: Path) -> None:
    """The one that nobody wanted to be gone is no objection."""
    done = apply(tmp_path, f"ENV A_TOKEN={TOKEN}", codes=frozenset(), Env=[f"API_TOKEN={OTHER_TOKEN}"])
    (objection,) = done.objections
    assert objection.startswith("CONF002 is new: The environment variable A_TOKEN ")


def test_a_finding_that_was_to_stay_may_be_told_in_other_words(tmp_path: Path) -> None:
    """As that about the user, where another one is root as well."""
    done = apply(tmp_path, "USER 0:0", codes=frozenset())
    assert (done.objections, done.removed, done.added) == ((), (), ())
