"""CONF011 secret-in-layer: what it flags and what it lets pass."""

from layerscope.facts.fact import Evidence
from layerscope.facts.system.secret_files import SecretFile
from layerscope.rules.config.secret_in_layer import SecretInLayer
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags, ignores
from support.sample_facts import PROCESS


def secret(
    path: str, kind: str = "SSH private key", *, hidden_by: int | None = None, is_sample: bool = False
) -> SecretFile:
    """A credential in layer 2."""
    return SecretFile(Evidence(2, path), 2, path, kind, 1, hidden_by, is_sample, "COPY . /root")


def test_flags_a_private_key() -> None:
    """The message names layer, step, file and kind."""
    (finding,) = flags(SecretInLayer, secret("root/.ssh/id_ed25519"))
    assert finding.message == (
        "Layer 2 (COPY . /root) brings credentials in 1 file: /root/.ssh/id_ed25519 (SSH private key)"
    )
    assert finding.severity is Severity.HIGH


def test_says_that_deleting_did_not_help() -> None:
    """The file is out of sight and in the image."""
    (finding,) = flags(SecretInLayer, secret("root/.netrc", "netrc password", hidden_by=3))
    assert finding.message.endswith("; layer 3 deletes or replaces it, but the image still holds it")


def test_tells_all_files_of_a_layer_together() -> None:
    """One COPY is one cause; a file with two kinds is one place."""
    files = (
        secret("root/.aws/credentials", "AWS access key"),
        secret("root/.aws/credentials", "AWS secret key"),
        secret("root/.netrc", "netrc password"),
    )
    (finding,) = flags(SecretInLayer, *files)
    assert finding.message.endswith(
        "in 2 files: /root/.aws/credentials (AWS access key, AWS secret key) and /root/.netrc (netrc password)"
    )
    assert len(finding.locations) == 2


def test_what_needs_another_step_is_less() -> None:
    """A hash must be broken, a locked key opened."""
    (finding,) = flags(SecretInLayer, secret("etc/shadow", "login password hash"))
    assert finding.severity is Severity.MEDIUM


def test_tells_test_keys_of_packages_together_and_quietly() -> None:
    """Every image with tornado has one."""
    (finding,) = flags(
        SecretInLayer,
        secret("usr/lib/python3/site-packages/tornado/test/test.key", "private key", is_sample=True),
        secret("usr/share/doc/examples/key.pem", "private key", is_sample=True),
    )
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.LOW)
    assert "in 2 files where packages keep tests and examples" in finding.message


def test_ignores_an_image_without_credentials() -> None:
    """Other facts are no credentials."""
    ignores(SecretInLayer, PROCESS)
