"""What this machine is and what it runs: the words beside every figure."""

import datetime as dt
import os
import platform
import shutil
import ssl
import subprocess
from importlib import metadata
from pathlib import Path

GIBIBYTE = 1 << 30


def describe_machine() -> dict[str, str]:
    """The date and the machine: processor, cores, memory, kernel."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "processor": f"{_cpu_field('model name')} ({platform.machine()}{_instructions()})",
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{round(pages * size / GIBIBYTE)} GiB",
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
    }


def describe_versions() -> dict[str, str]:
    """The versions of what layerscope's speed stands on."""
    versions = {"Python": platform.python_version(), "OpenSSL": ssl.OPENSSL_VERSION.split()[1]}
    for package in ("layerscope", "isal", "backports.zstd", "msgspec"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "absent"
    versions["layerscope"] += _commit()
    return versions


def _cpu_field(name: str) -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown processor"


def _instructions() -> str:
    """The instructions that decide the speed of SHA-256."""
    return ", SHA-NI" if "sha_ni" in _cpu_field("flags").split() else ""


def _commit() -> str:
    if not shutil.which("git"):
        return ""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f" ({done.stdout.strip()})" if done.returncode == 0 else ""
