"""Credentials in layers are facts, also where a later layer deletes them."""

import pytest

from layerscope.facts.system.secret_files import SecretFile, SecretFileCollector
from support.contexts import collect, make_context
from support.tar_member import TarMember, file, whiteout

NETRC = file("root/.netrc", b"machine example.com login me password hunter2")
KEY = b"-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx7\n"


def secrets(*layers: tuple[TarMember, ...]) -> tuple[SecretFile, ...]:
    """The credentials of these layers."""
    steps = [f"COPY step-{number} /" for number in range(len(layers))]
    return collect(SecretFileCollector, make_context(*layers, steps=steps)).of(SecretFile)


def test_finds_a_credential_with_its_step() -> None:
    """Kind and place, and nothing of its value."""
    (found,) = secrets((NETRC,))
    assert (found.layer, found.path, found.kind, found.count) == (0, "root/.netrc", "netrc password", 1)
    assert (found.hidden_by, found.instruction) == (None, "COPY step-0 /")
    assert "hunter2" not in repr(found)


def test_finds_one_that_a_later_layer_deletes() -> None:
    """It is still in the image."""
    (found,) = secrets((NETRC,), (file("other"),), (whiteout("root/.netrc"),))
    assert (found.layer, found.hidden_by) == (0, 2)


def test_finds_one_that_a_later_layer_replaces() -> None:
    """With nothing, here."""
    (found,) = secrets((NETRC,), (file("root/.netrc", b"machine example.com"),))
    assert found.hidden_by == 1


@pytest.mark.parametrize(
    ("path", "is_sample"),
    [
        ("usr/lib/python3/dist-packages/tornado/test/test.key", True),
        ("usr/share/doc/openssl/examples/server.pem", True),
        ("app/node_modules/x/key.pem", True),
        ("etc/ssl/private/ssl-cert-snakeoil.key", True),
        ("etc/ssl/private/server.key", False),
        ("app/contest/server.key", False),
    ],
)
def test_knows_where_packages_keep_samples(path: str, *, is_sample: bool) -> None:
    """Those are keys too, but nobody's."""
    (found,) = secrets((file(path, KEY),))
    assert found.is_sample is is_sample


def test_an_image_without_credentials_has_none() -> None:
    """Ordinary files pass by."""
    assert secrets((file("app/settings.yaml", b"debug: true"),)) == ()
