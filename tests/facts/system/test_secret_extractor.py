"""The layer pass keeps kinds and counts of credentials, and never a value."""

import time

import pytest

from layerscope.facts.system.credential_files import find_credentials
from layerscope.facts.system.secret_extractor import SecretExtractor
from layerscope.layers.extractor_set import ExtractorSet

TOKEN = b"ghp_q7Wm2Zr9Kt4Xp8Lc3Vn6Bd5Hg1Jf0TsYuEoA"
KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"


def keep(path: str, content: bytes) -> object:
    """What is kept of a file."""
    return SecretExtractor().extract(path, content, size=len(content), mode=0o600)


def test_knows_private_keys_by_what_they_are_for() -> None:
    """Of a person, of a host, of a server, locked or not."""
    assert keep("root/.ssh/id_ed25519", KEY) == [["SSH private key", 1]]
    assert keep("etc/ssh/ssh_host_ed25519_key", KEY) == [["SSH host key", 1]]
    assert keep("etc/ssl/server.key", KEY.replace(b"OPENSSH ", b"")) == [["private key", 1]]
    assert keep("etc/ssl/server.key", KEY.replace(b"OPENSSH", b"ENCRYPTED")) == [["encrypted private key", 1]]


def test_certificates_and_public_keys_are_public() -> None:
    """However they end."""
    assert keep("etc/ssl/certs/ca.pem", KEY.replace(b"OPENSSH PRIVATE KEY", b"CERTIFICATE")) is None
    assert keep("root/.ssh/id_ed25519.pub", b"ssh-ed25519 AAAAC3 me@host") is None


def test_counts_tokens_in_configuration() -> None:
    """By kind, in the order of kinds."""
    content = b"first: " + TOKEN + b"\nsecond: " + TOKEN + b"\n"
    assert keep("app/settings.yaml", content) == [["GitHub token", 2]]
    assert keep("app/settings.yaml", b"first: ghp_token\n") is None


def test_counts_a_credential_once_where_name_and_form_agree() -> None:
    """An npm token in .npmrc."""
    content = b"//registry.npmjs.org/:_authToken=npm_q7Wm2Zr9Kt4Xp8Lc3Vn6Bd5Hg1Jf0TsYuEoA"
    assert keep("root/.npmrc", content) == [["npm token", 1]]


def test_is_shown_what_may_hold_credentials_and_little_else() -> None:
    """Source code, models and certificates pass by."""
    extractors = ExtractorSet([SecretExtractor()])
    for path, head in (
        ("a/.env", b"A="),
        ("a/.netrc", b"ma"),
        ("a/x.yaml", b"a:"),
        ("a/key", KEY),
        ("etc/shadow", b"ro"),
    ):
        assert extractors.is_wanted(path, path.rpartition("/")[2], head)
    for path, head in (("a/x.py", b"im"), ("a/tokenizer.json", b"{}"), ("a/x.so", b"\x7fE"), ("a/model.bin", b"\0\0")):
        assert not extractors.is_wanted(path, path.rpartition("/")[2], head)


def test_survives_any_bytes() -> None:
    """Text is a guess."""
    assert keep("app/.env", bytes(range(256))) is None


@pytest.mark.parametrize("name", [".pypirc", ".my.cnf", ".s3cfg", "kaggle.json", ".netrc", ".vault-token"])
@pytest.mark.parametrize("text", ["\n" * 65_000, "password" + " " * 65_000, '"key"' + " \n" * 32_000])
def test_blanks_take_no_time(name: str, text: str) -> None:
    """The beginning of a line once took all lines of blanks after it: ten seconds for 64 KiB."""
    began = time.monotonic()
    assert list(find_credentials(f"root/{name}", name, text)) == []
    assert time.monotonic() - began < 2
