"""No value of a credential leaves the audit: not on the terminal, not in any format, not in the cache."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.cli.main import run
from layerscope.report.registry import FORMATS
from support.images import build_image, write_oci_layout
from support.tar_member import file

Run = Callable[..., Any]
BODY: Final = "Zr9Kt4Xp8Lc3Vn6Bd5Hg1Jf0TsYuEoAq7Wm2"
KEY: Final = "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEAx7secretbody\n-----END PRIVATE KEY-----"
SECRETS: Final = (
    "ghp_A" + BODY, "ghp_B" + BODY, "ghp_C" + BODY, "ghp_D" + BODY, "ghp_E" + BODY, "ghp_F" + BODY,
    "pa$sword99xQ", "8374928345", "label-Vq81x", "arg-Vq82x", "health-Vq83x", "url-Vq84x", "layer-Vq85x", "word-Vq86x",
    "two-Vq87x words-Vq88x", "words-Vq88x", "exec-Vq89x", "MIIEowIBAAKCAQEAx7secretbody",
)  # fmt: skip
"""What is planted; nothing of it may be printed."""

COMMANDS: Final = (
    *(("audit", "-o", name) for name in FORMATS),
    ("layers",),
    ("layers", "-o", "json"),
    ("inspect",),
    ("inspect", "-o", "json"),
    ("tree",),
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image with a credential in every place that a person may have put one."""
    a, b, c, d, e, f = SECRETS[:6]
    runtime = {
        "Env": [
            f"DB_PASSWORD={SECRETS[6]}",
            "N_PASSWORD=8374928345",
            f"HARMLESS={a}",
            "B_PASSWORD=two-Vq87x words-Vq88x",
        ],
        "Labels": {"com.example.api_key": "label-Vq81x", b: "x"},
        "Cmd": ["serve", "--token", "exec-Vq89x", "--url", "https://me:url-Vq84x@example.com"],
        "Healthcheck": {"Test": ["CMD", "curl", "-u", "me:health-Vq83x", "http://localhost"]},
    }
    history: list[dict[str, object]] = [
        {"created_by": f"RUN echo {c} {d} # buildkit"},
        {"created_by": f"RUN |1 API_TOKEN=arg-Vq82x /bin/sh -c login --password word-Vq86x {e}"},
        {"created_by": f"ENV DB_PASSWORD={SECRETS[6]}", "empty_layer": True},
        {"created_by": "ENV B_PASSWORD=two-Vq87x words-Vq88x", "empty_layer": True},
        {"created_by": 'CMD ["serve" "--token" "exec-Vq89x"]', "empty_layer": True},
        {"created_by": 'CMD ["curl" "-u" "me:health-Vq83x" "http://localhost"]', "empty_layer": True},
        {"created_by": f"RUN echo '{KEY}'", "empty_layer": True},
        {"created_by": "RUN : " + "x " * 40000 + f, "empty_layer": True},
    ]
    layers = [[file("app/.env", b"DB_PASSWORD=layer-Vq85x\n" + f.encode())], [file("app/key.pem", KEY.encode())]]
    path = tmp_path / "image"
    write_oci_layout(build_image(layers, runtime=runtime, history=history), path)
    return path


def test_prints_and_keeps_no_value_of_a_credential(
    image: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command, in every format, with every finding spelled out; and every file of the cache."""
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    outputs = {}
    for command in COMMANDS:
        code = run([command[0], str(image), *command[1:]])
        out, err = (said.decode() for said in capfdbinary.readouterr())
        assert code in {0, 1}, err
        assert out
        outputs[" ".join(command)] = "".join(("".join(out.split("\n")), out, err))
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            outputs[path.name] = path.read_bytes().decode("latin-1")
    assert len(outputs) > len(COMMANDS)
    leaks = [(name, secret) for name, text in outputs.items() for secret in SECRETS if secret in text]
    assert leaks == []


def test_tells_every_credential_by_its_place(layerscope: Run, image: Path) -> None:
    """What is hidden is still found."""
    text = layerscope("audit", image, "-o", "json").out
    for name in (
        "DB_PASSWORD",
        "N_PASSWORD",
        "HARMLESS",
        "com.example.api_key",
        "API_TOKEN",
        "app/.env",
        "app/key.pem",
    ):
        assert name in text
