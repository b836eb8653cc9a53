"""What this host's own package managers are told, handed to builds as secrets so that no layer keeps it."""

import configparser
import io
import shutil
import ssl
import subprocess
from pathlib import Path

SECRETS = Path("/run/secrets")  # where the builder shows a secret to a RUN instruction
PIP_TIMEOUT = "180"
AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def write_build_secrets(folder: Path) -> dict[str, Path]:
    """Write the secrets that the Dockerfiles name, and return them by their id."""
    secrets = {"ca": folder / "ca", "pip": folder / "pip", "apt": folder / "apt"}
    secrets["ca"].write_bytes(_find_authorities().read_bytes())
    secrets["pip"].write_text(_render_pip_configuration())
    secrets["apt"].write_text(_render_apt_configuration())
    return secrets


def debian_mirror() -> str | None:
    """The address that this host's apt fetches Debian from, or None where it has none."""
    if not shutil.which("apt-get"):
        return None
    listed = _output("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages")
    return next((site for site in listed.splitlines() if site.endswith("debian")), None)


def _find_authorities() -> Path:
    """The bundle of certificate authorities that this host trusts."""
    usual = (ssl.get_default_verify_paths().cafile, *AUTHORITIES)
    for name in filter(None, usual):
        if Path(name).is_file():
            return Path(name)
    raise FileNotFoundError(f"looking for this host's certificate authorities: none of {usual} is a file")


def _render_pip_configuration() -> str:
    """The host's indexes; its files and folders are not there inside a build."""
    settings = configparser.RawConfigParser()
    settings["global"] = {"cert": str(SECRETS / "ca"), "timeout": PIP_TIMEOUT}
    for line in _output("python3", "-m", "pip", "config", "list").splitlines():
        name, _, value = line.partition("=")
        key = name.rpartition(".")[2]
        addresses = [word for word in value.strip("'").split() if word.startswith(("http://", "https://"))]
        if key in {"index-url", "extra-index-url", "proxy"} and addresses:
            settings["global"][key] = " ".join(addresses)
    text = io.StringIO()
    settings.write(text)
    return text.getvalue()


def _render_apt_configuration() -> str:
    """The host's ways of fetching: proxies and the like."""
    kept = ("Acquire::http::", "Acquire::https::", "Acquire::ftp::")
    lines = [line for line in _output("apt-config", "dump").splitlines() if line.startswith(kept)]
    return "\n".join([*lines, f'Acquire::https::CAInfo "{SECRETS / "ca"}";', ""])


def _output(*arguments: str) -> str:
    """What a command prints; nothing where it is absent or fails."""
    if not shutil.which(arguments[0]):
        return ""
    return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout
