"""A server's own certificate, made by openssl."""

import shutil
import subprocess
from pathlib import Path

import pytest


def make_certificate(folder: Path, names: str = "IP:127.0.0.1") -> Path:
    """A certificate for these names, signed by itself, with its key in one file; skips where openssl is missing."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    told = ["-subj", "/CN=localhost", "-addext", f"subjectAltName={names}"]
    command = ["openssl", "req", "-x509", *curve, *told, "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return both
