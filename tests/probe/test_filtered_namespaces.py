"""The seccomp filter at work: what a program in bare namespaces is refused, and that it works in all else."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from layerscope.cli.console import Console
from layerscope.cli.probe_bundle import _tell_start
from layerscope.image.config import RuntimeConfig
from layerscope.probe import namespace_launcher
from layerscope.probe.bundle_run import NAMESPACES, Bundle, _tell_lack, build_launcher_settings, run_bundle
from layerscope.probe.confinement import DEFAULT, HARDENED, Confinement
from layerscope.probe.oci_spec import Bind, Start
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.system_call_numbers import MACHINES, find_number
from layerscope.probe.system_calls import NEW_NAMESPACES
from layerscope.progress import SilentProgress
from probe.test_bundle import needs_namespaces

EPERM, EINVAL, ENOSYS = 1, 22, 38
CLONE_FS, AF_VSOCK = 0x200, 40


def is_filtered_itself() -> bool:
    """Whether the kernel's own answers cannot be had here."""
    return "Seccomp:\t0\n" not in Path("/proc/self/status").read_text()


CALLS: Final = """
import ctypes, json, subprocess, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
told = {}
for name, (number, *given) in json.loads(sys.argv[1]).items():
    words = [ctypes.c_ulong(each) for each in given + [0] * (6 - len(given))]
    done = libc.syscall(ctypes.c_long(number), *words)
    told[name] = ctypes.get_errno() if done < 0 else 0
seen = []
thread = threading.Thread(target=lambda: seen.append(threading.get_native_id()))
thread.start()
thread.join()
told["threads"] = len(seen)
for name, text in (("child", "print(6 * 7)"), ("foreign", sys.argv[2])):
    command = [sys.executable, "-I", "-S", "-c", text]
    told[name] = subprocess.run(command, stdout=subprocess.PIPE).stdout.decode()
rows = dict(line.split(":", 1) for line in open("/proc/self/status"))
told["Seccomp"], told["NoNewPrivs"], told["CapEff"] = (rows[x].strip() for x in ("Seccomp", "NoNewPrivs", "CapEff"))
print(json.dumps(told))
"""
ASK_BY_I386: Final = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("53b814000000cd805bc3"))  # push rbx; mov eax, 20; int 0x80; pop rbx; ret: getpid of i386
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
"""


def run_calls(folder: Path, confinement: Confinement, *, is_filtered: bool) -> dict[str, Any]:
    """What this host's Python is told in bare namespaces, of calls that a kernel refuses otherwise than the filter."""
    machine, program = os.uname().machine, Path(sys.executable).resolve()
    asked = {
        "unshare": (1,), "mount": (1, 1, 1), "umount2": (0, 1 << 20), "keyctl": (1 << 20,), "setns": (1 << 20,),
        "pidfd_getfd": (1 << 20,), "socket": (AF_VSOCK, 1 << 20), "personality": (0xFFFF_FFFF,), "clone3": (),
        "clone": (NEW_NAMESPACES["CLONE_NEWUSER"] | CLONE_FS,), "getpid": (),
    }  # fmt: skip
    getpid = {"x86_64": 39, "aarch64": 172}[machine]
    calls = {name: [getpid if name == "getpid" else find_number(name, machine), *rest] for name, rest in asked.items()}
    calls["socket with more above"] = [find_number("socket", machine), AF_VSOCK | 1 << 32, 1 << 20]
    for place in ("dev", "proc", "sys", "tmp"):
        (folder / place).mkdir(parents=True)
    places = {"/usr", "/lib", "/lib64", str(Path(sys.base_prefix))}
    binds = [Bind(str(Path(place).resolve()), place) for place in sorted(places) if Path(place).exists()]
    foreign = ASK_BY_I386 if machine == "x86_64" else ""
    command = [str(program), "-I", "-S", "-c", CALLS, json.dumps(calls), foreign]
    settings = build_launcher_settings(str(folder), Start(command, ["PATH=/usr/bin"]), binds, confinement)
    settings |= {} if is_filtered else {"filter": None}
    launch = [sys.executable, "-I", "-S", namespace_launcher.__file__, json.dumps(settings)]
    done = subprocess.run(launch, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told.pop("threads"), told.pop("child"), told.pop("getpid")) == (1, "42\n", 0)
    return told


@needs_namespaces
@pytest.mark.skipif(os.uname().machine not in MACHINES, reason="no filter is known for this machine")
@pytest.mark.skipif(is_filtered_itself(), reason="these tests run under a filter themselves")
@pytest.mark.parametrize("confinement", [HARDENED, DEFAULT], ids=["hardened", "default"])
def test_a_program_in_bare_namespaces_is_refused_what_runc_refuses(tmp_path: Path, confinement: Confinement) -> None:
    """With and without new privileges; threads and processes come to be, and without the filter the kernel decides."""
    told = run_calls(tmp_path / "closed", confinement, is_filtered=True)
    free = run_calls(tmp_path / "open", confinement, is_filtered=False)
    kept = sum(1 << namespace_launcher.CAPABILITIES.index(name) for name in confinement.capabilities if name != "MKNOD")
    assert (told.pop("Seccomp"), free.pop("Seccomp")) == ("2", "0")
    for each in (told, free):
        assert each.pop("NoNewPrivs") == str(int(confinement.no_new_privileges))
        assert int(each.pop("CapEff"), 16) == kept
    foreign = told.pop("foreign"), free.pop("foreign")
    assert foreign[0] == "-38\n" or not foreign[1]  # a kernel without 32-bit calls ends who asks
    assert told.pop("clone3") == ENOSYS
    assert free.pop("clone3") == EINVAL
    assert set(told.values()) == {EPERM}, told
    assert not set(free.values()) & {EPERM, ENOSYS}, free


@needs_namespaces
def test_a_kernel_that_takes_no_filter_starts_nothing(tmp_path: Path) -> None:
    """An image is not run more openly than was asked for."""
    for place in ("dev", "proc", "sys", "tmp"):
        (tmp_path / place).mkdir(parents=True)
    settings = build_launcher_settings(str(tmp_path), Start(["/bin/true"], []), [], HARDENED)
    settings["filter"] = [(0xFF, 0, 0, 0)]
    launch = [sys.executable, "-I", "-S", namespace_launcher.__file__, json.dumps(settings)]
    done = subprocess.run(launch, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == namespace_launcher.FAILED
    assert done.stderr.startswith(f"{namespace_launcher.REFUSAL}: the seccomp filter: ")


@needs_namespaces
@pytest.mark.skipif(os.uname().machine not in MACHINES, reason="no filter is known for this machine")
def test_a_machine_without_a_filter_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where bare namespaces start the image, in a line; on a machine with a filter there is none."""
    told: dict[str, list[str]] = {}
    for machine in ("s390x", os.uname().machine):
        bundle = Bundle(tmp_path / machine, RuntimeConfig())
        for name in ("dev", "proc", "sys", "tmp"):
            (bundle.folder / "rootfs" / name).mkdir(parents=True)
        monkeypatch.setattr(platform, "machine", lambda named=machine: named)
        asked, ways = ProbeSpec("/usr/bin/python3"), (NAMESPACES,)
        run = run_bundle(bundle, asked, progress=SilentProgress(), confinement=HARDENED, runtimes=ways)
        assert "starting /usr/bin/python3: " in run.observation.strays[-1]
        told[machine] = []
        _tell_start(run, cast("Console", SimpleNamespace(say=told[machine].append)))
    start = "layerscope: started with namespaces"
    lack = "layerscope: namespaces: no seccomp filter, since the system calls of s390x are not known here"
    assert told == {"s390x": [lack, start], os.uname().machine: [start]}


def test_a_runtime_that_filters_everywhere_lacks_nothing() -> None:
    """Runc's filter is made by a library that knows more machines than this."""
    assert _tell_lack("/usr/sbin/runc", "s390x") == ""
    assert "no seccomp filter" in _tell_lack(NAMESPACES, "s390x")
