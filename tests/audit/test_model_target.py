"""The image's own model, found in what an audit has read."""

from pathlib import Path

from layerscope.audit.model_target import choose_model
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult
from layerscope.layers.cache import LayerCache
from layerscope.sources.select import select_source
from support.built_image import build_image
from support.images import write_oci_layout
from support.tar_writer import TarMember, directory, file, symlink

REVISION = "4d" * 20
CACHE = "home/app/.cache/huggingface/hub/models--acme--tiny"
MEMBERS = [
    *map(directory, ("etc", "srv", "srv/model")),
    file("etc/passwd", b"app:x:1000:1000::/home/app:/bin/sh\n"),
    file("srv/model/config.json", b"{}"),
    file("srv/model/model.safetensors", bytes(100)),
    *map(
        directory, ("home", "home/app", CACHE, f"{CACHE}/blobs", f"{CACHE}/snapshots", f"{CACHE}/snapshots/{REVISION}")
    ),
    file(f"{CACHE}/blobs/aa", b"{}"),
    file(f"{CACHE}/blobs/bb", bytes(200)),
    symlink(f"{CACHE}/snapshots/{REVISION}/config.json", "../../blobs/aa"),
    symlink(f"{CACHE}/snapshots/{REVISION}/model.safetensors", "../../blobs/bb"),
]


def audit(tmp_path: Path, *further: TarMember, **runtime: object) -> AuditResult:
    """The audit of an image with these files, further ones, and this config."""
    tmp_path.mkdir(exist_ok=True)
    write_oci_layout(
        build_image([[*MEMBERS, *further]], tag="layerscope/model:one", runtime=runtime), tmp_path / "layout"
    )
    options = AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()), jobs=1)
    return audit_image(select_source(f"oci-dir:{tmp_path / 'layout'}"), options=options)


def test_a_folder_that_the_command_names(tmp_path: Path) -> None:
    """From the working directory."""
    target = choose_model(audit(tmp_path, Cmd=["serve", "--model", "model"], WorkingDir="/srv")).target
    assert target is not None
    assert (target.folder, target.size) == ("/srv/model", 100)


def test_a_name_of_the_hub_is_found_in_the_home_of_the_user(tmp_path: Path) -> None:
    """Through the links of its snapshot, which count with what they lead to."""
    target = choose_model(audit(tmp_path, Entrypoint=["vllm", "serve", "acme/tiny"], User="app")).target
    assert target is not None
    assert (target.folder, target.name, target.size) == (f"/{CACHE}/snapshots/{REVISION}", "acme/tiny", 200)


def test_the_largest_is_taken_where_none_is_named(tmp_path: Path) -> None:
    """And said to be that."""
    target = choose_model(audit(tmp_path, Cmd=["python3", "app.py"])).target
    assert target is not None
    assert (target.size, target.evidence) == (200, "the largest of 2 models in the image")


def test_a_home_is_closed_to_others_and_not_to_its_owner_or_root(tmp_path: Path) -> None:
    """By the user's id and the folder's owner, wherever the home is; the image's version names the command."""
    site = "usr/lib/python3.12/site-packages"
    metadata = b"Metadata-Version: 2.1\nName: huggingface_hub\nVersion: 0.30.0\n"
    folders = ("usr", "usr/lib", "usr/lib/python3.12", site, f"{site}/huggingface_hub-0.30.0.dist-info")
    further = (
        *map(directory, folders),
        file(f"{site}/huggingface_hub-0.30.0.dist-info/METADATA", metadata),
        directory("home/app", mode=0o700, uid=1000),
    )
    for user, is_closed in (("app", False), ("", False), ("0", False), ("65534", True)):
        settings = {"Entrypoint": ["vllm", "serve", "acme/tiny"], "Env": ["HOME=/app"], "User": user}
        hub = choose_model(audit(tmp_path / f"u{user}", *further, **settings)).hub
        assert hub is not None
        assert (hub.kind, hub.values["client"]) == ("hub-elsewhere", "0.30.0")
        assert any("chmod a+x /home/app " in each for each in hub.cures) is is_closed
