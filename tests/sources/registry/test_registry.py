"""Images straight from a registry: the same as from anywhere else, fetched once, and only what is not known."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult
from layerscope.errors import ConfigurationError, DigestMismatchError, ImageNotFoundError, LoginError, SourceError
from layerscope.image.digest import Digest
from layerscope.layers.cache import LayerCache
from layerscope.layers.scan import Proof
from layerscope.sources.select import select_source
from support.images import load_fixture, write_oci_layout
from support.registry_server import Registry, RegistryHandler, pack_password, write_docker_config

Audit = Callable[..., AuditResult]


def test_an_image_is_the_same_as_in_its_layout(audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """Digests, ChainIDs, weight and findings."""
    options = AuditOptions(LayerCache(tmp_path / "other", fingerprint=cache_fingerprint()), jobs=1)
    there = audit_image(select_source(f"oci-dir:{tmp_path / 'demo'}"), options=options)
    here = audit(demo)
    assert here.is_intact
    assert [layer.chain_id for layer in here.layers] == [layer.chain_id for layer in there.layers]
    assert [layer.digest for layer in here.layers] == [layer.digest for layer in there.layers]
    assert (here.image.manifest_digest, here.weight, here.findings) == (
        there.image.manifest_digest,
        there.weight,
        there.findings,
    )
    assert all(layer.verified for layer in here.layers)


def test_known_layers_are_not_fetched(audit: Audit, demo: Registry) -> None:
    """A second audit asks for the manifest alone, and says that no layer was read."""
    first = audit(demo)
    fetched = demo.sent
    second = audit(demo)
    assert fetched > 0
    assert demo.sent == fetched
    assert {layer.scan.proof for layer in second.layers if layer.scan} == {Proof.CACHED}
    assert second.findings == first.findings


def test_an_image_on_the_same_base_fetches_its_own_layers(audit: Audit, demo: Registry) -> None:
    """Layers are known by their blobs, whatever image brings them."""
    whole = json.loads(demo.manifests["1"][1])
    audit(demo)
    fetched = demo.sent
    config = json.loads(demo.blobs[whole["config"]["digest"]])
    del config["history"]
    config["rootfs"]["diff_ids"] = config["rootfs"]["diff_ids"][:3]
    content = json.dumps(config).encode()
    digest = str(Digest.of(content))
    demo.blobs[digest] = content
    below = {
        **whole,
        "layers": whole["layers"][:3],
        "config": {**whole["config"], "digest": digest, "size": len(content)},
    }
    demo.manifests["base"] = (whole["mediaType"], json.dumps(below).encode())
    assert audit(demo, "team/demo:base").is_intact
    assert demo.sent - fetched == len(content)


def test_a_platform_is_chosen_from_an_index(audit: Audit, registry: Registry, tmp_path: Path) -> None:
    """The index, the manifest and the config are told apart."""
    write_oci_layout(load_fixture("multi-platform"), tmp_path / "layout")
    top = registry.add_layout(tmp_path / "layout")
    result = audit(registry)
    assert result.image.index_digest == top
    assert result.image.manifest_digest not in {None, top}


def test_a_digest_is_held_against_the_bytes(audit: Audit, demo: Registry) -> None:
    """Whatever the registry answers to it."""
    digest = Digest.of(demo.manifests["1"][1])
    assert audit(demo, f"team/demo@{digest}").is_intact
    demo.manifests[str(digest)] = (demo.manifests["1"][0], demo.manifests["1"][1] + b"\n")
    with pytest.raises(DigestMismatchError, match="manifest"):
        audit(demo, f"team/demo@{digest}")


def test_a_tag_that_is_not_there_is_told(audit: Audit, demo: Registry) -> None:
    """With the registry's own words."""
    with pytest.raises(ImageNotFoundError, match=r"the manifest 2: there is none \(manifest unknown\)"):
        audit(demo, "team/demo:2")


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_what_docker_login_wrote_lets_us_in(scheme: str, audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """With a name and a password, straight or for a token."""
    demo.user, demo.scheme = "tester", scheme
    packed = pack_password("tester", "s3cret")
    assert audit(demo, environment=write_docker_config(tmp_path / "docker", demo, auth=packed)).is_intact
    assert demo.count("/token") == (scheme == "bearer")


def test_the_last_refusal_is_answered_by_no_token(audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """There is no request left that it would be for."""
    demo.user, demo.scheme = "tester", "bearer"

    def refuse(handler: RegistryHandler, path: str) -> bool:
        if "/manifests/" not in path:
            return False
        handler.challenge()
        return True

    demo.fault = refuse
    environment = write_docker_config(tmp_path / "docker", demo, auth=pack_password("tester", "s3cret"))
    with pytest.raises(LoginError, match="refused, as tester"):
        audit(demo, environment=environment)
    assert (demo.count("/manifests/"), demo.count("/token")) == (3, 2)


def test_an_identity_token_lets_us_in(audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """It is exchanged, never sent as a password."""
    demo.user, demo.scheme = "tester", "bearer"
    assert audit(demo, environment=write_docker_config(tmp_path / "docker", demo, identitytoken="identity")).is_intact
    assert not any("identity" in (sent or "") for sent in demo.authorizations)


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_a_refusal_says_who_asked_and_never_the_password(
    scheme: str, audit: Audit, demo: Registry, tmp_path: Path
) -> None:
    """The file that the credentials came from is named."""
    demo.user, demo.scheme = "tester", scheme
    packed = pack_password("tester", "hunter2")
    with pytest.raises(LoginError) as raised:
        audit(demo, environment=write_docker_config(tmp_path / "docker", demo, auth=packed))
    assert f"as tester, from {tmp_path / 'docker' / 'config.json'}" in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert packed not in str(raised.value)


def test_without_credentials_the_way_to_get_some_is_told(audit: Audit, demo: Registry) -> None:
    """Nothing was tried but to ask."""
    demo.user = "tester"
    with pytest.raises(LoginError, match="without credentials; `docker login`"):
        audit(demo)


def test_a_helper_is_asked(audit: Audit, demo: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the registry's name on its standard input."""
    demo.user = "tester"
    helper = tmp_path / "docker-credential-test"
    helper.write_text(
        f'#!/bin/sh\nread name\n[ "$name" = "{demo.address}" ] && echo \'{{"Username":"tester","Secret":"s3cret"}}\'\n'
    )
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {demo.address: "test"}}))
    assert audit(demo, environment={"DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path)}).is_intact


def test_a_broken_auth_file_is_named(audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """Going on without it would end in a refusal that tells nothing."""
    demo.user = "tester"
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"reading credentials in .*config\.json: expected JSON"):
        audit(demo, environment={"DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path)})


def test_offline_the_cache_answers(audit: Audit, demo: Registry) -> None:
    """After one audit the name, its documents and its layers are known, and nobody is asked."""
    first = audit(demo)
    asked = len(demo.requests)
    second = audit(demo, offline=True)
    assert len(demo.requests) == asked
    assert second.findings == first.findings
    assert second.image.manifest_digest == first.image.manifest_digest
    assert second.image.source.endswith("from the cache alone)")


def test_offline_a_name_that_was_never_asked_for_is_missing(audit: Audit, demo: Registry) -> None:
    """The error says what is missing, and why it is not fetched."""
    audit(demo)
    with pytest.raises(SourceError, match=r"the manifest 2 of .* is not in the cache, and --offline asks nobody"):
        audit(demo, "team/demo:2", offline=True)


def test_offline_a_layer_that_is_not_known_is_missing(audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """Documents alone are not enough."""
    audit(demo)
    for entry in (tmp_path / "cache" / "v1" / "layers").glob("*/*"):
        entry.unlink()
    with pytest.raises(SourceError, match=r"the layer sha256:.* is not in the cache, and --offline asks") as told:
        audit(demo, offline=True)
    assert "had come" not in str(told.value)
    assert "run it again" not in str(told.value)
    layers = {layer["digest"] for layer in json.loads(demo.manifests["1"][1])["layers"]}
    assert all(str(told.value).count(layer) == 1 for layer in layers)


def test_a_name_that_moved_leads_to_the_newer_image(audit: Audit, demo: Registry) -> None:
    """What a tag led to last is what counts offline."""
    audit(demo)
    kind, content = demo.manifests["1"]
    demo.manifests["1"] = (kind, content + b"\n")
    moved = audit(demo)
    assert audit(demo, offline=True).image.manifest_digest == moved.image.manifest_digest


def test_what_an_index_lists_and_the_registry_lacks_is_passed_over(
    audit: Audit, registry: Registry, tmp_path: Path
) -> None:
    """A sparse index, and one inside it that was never pushed: the image that is there is found."""
    write_oci_layout(load_fixture("multi-platform"), tmp_path / "layout")
    top = registry.add_layout(tmp_path / "layout")
    index = json.loads(registry.blobs[str(top)])
    for kind, text in (("index", b"a nested index"), ("manifest", b"a manifest")):
        described = {"digest": str(Digest.of(text)), "size": len(text)}
        index["manifests"].append({"mediaType": f"application/vnd.oci.image.{kind}.v1+json", **described})
    registry.manifests["1"] = ("application/vnd.oci.image.index.v1+json", json.dumps(index).encode())
    assert audit(registry).is_intact
