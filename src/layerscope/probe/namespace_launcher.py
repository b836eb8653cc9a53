"""A program in an unpacked image, by the kernel's namespaces alone: run as a script of its own, by layerscope's Python.

Its argument is a document with what is to be mounted and started. It ends as the program does, and where it cannot
start that, with 125 and a line on standard error. It uses the standard library alone, since it runs isolated.
"""

import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import stat
import struct
import sys
from contextlib import suppress
from typing import Any

FAILED = 125
REFUSAL = "layerscope: no namespaces"
"""How the line begins that says that nothing was tried in the image."""

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 22, 24, 38, 47
SECCOMP_MODE_FILTER = 2
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CAPABILITY_VERSION = 0x20080522
LAST_CAPABILITY = 63
CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
)  # fmt: skip
"""By their numbers in linux/capability.h; those that follow are never kept."""

SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "ppc64le": 203, "s390x": 217}

LIBC = ctypes.CDLL(None, use_errno=True)


def main(settings: dict[str, Any]) -> None:
    """Make the namespaces, and wait for the one process in them."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.geteuid():
        _enter_user_namespace(settings["uid"], settings["gid"])
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # once more, after a change of identity
    _call("unshare", CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
    _raise_loopback()
    alive, kept = os.pipe()  # its other end is closed when this process ends, however that is
    child = os.fork()
    if not child:
        os.close(kept)
        _run_first_process(settings, alive)
    os.close(alive)
    os.close(0)  # the program's input ends when it does, not when this process does
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _enter_user_namespace(uid: int, gid: int) -> None:
    """Become somebody who may mount, in a namespace in which this user has the container's number."""
    own, group = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {own} 1"), ("gid_map", f"{gid} {group} 1")):
        _write(f"/proc/self/{name}", text)


def _raise_loopback() -> None:
    """Set the one interface of the new network up, as runtimes do: the image's server is asked there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def _run_first_process(settings: dict[str, Any], alive: int) -> None:
    try:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _mount(None, "/", None, MS_REC | MS_PRIVATE)
        _build_root(settings)
        _enter_root(settings["root"])
        _lock_paths(settings["masked"], settings["locked"])
        if settings["read_only"]:
            _mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
        LIBC.sethostname(b"layerscope", 10)
        _limit(settings)
        os.chdir(settings["folder"])
        if settings["filter"]:
            _filter_calls(settings["filter"])
        _give_up_rights(settings)
        _end_with_launcher(alive)
    except OSError as error:
        _fail(REFUSAL, error)
    try:
        environment = dict(each.split("=", 1) for each in settings["environment"])
        os.execve(settings["command"][0], settings["command"], environment)  # noqa: S606 -- what it is for
    except OSError as error:
        _fail(f"starting {settings['command'][0]}", error)


def _fail(what: str, error: OSError) -> None:
    told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    os.write(2, f"{what}: {told}\n".encode(errors="replace"))
    os._exit(FAILED)


def _build_root(settings: dict[str, Any]) -> None:
    """The image, with folders of the kernel and in memory on top; no link of the image is followed."""
    root = settings["root"]
    _mount(root, root, None, MS_BIND | MS_NOSUID | MS_NODEV)
    _mount(None, root, None, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV)
    closed = MS_NOSUID | MS_NODEV | MS_NOEXEC
    _mount("proc", _point(root, "proc"), "proc", closed)
    _mount("sysfs", _point(root, "sys"), "sysfs", closed | MS_RDONLY)
    _mount("tmpfs", _point(root, "dev"), "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k")
    _mount("tmpfs", _point(root, "tmp"), "tmpfs", MS_NOSUID | MS_NODEV | settings["tmp_flags"], settings["tmp_data"])
    os.mkdir(f"{root}/dev/shm")
    _mount("tmpfs", f"{root}/dev/shm", "tmpfs", closed, settings["shm_data"])
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")
    for source, target, is_device in settings["binds"]:
        place = _make_target(root, target, is_folder=os.path.isdir(source))
        _mount(source, place, None, MS_BIND)
        flags = MS_NOSUID | MS_NOEXEC if is_device else MS_NOSUID | MS_NODEV | MS_RDONLY
        _mount(None, place, None, MS_REMOUNT | MS_BIND | flags)


def _point(root: str, name: str) -> str:
    """A folder right below the root, which must be one."""
    place = f"{root}/{name}"
    if not stat.S_ISDIR(os.lstat(place).st_mode):
        raise NotADirectoryError(20, "not a directory", f"/{name}")
    return place


def _make_target(root: str, target: str, *, is_folder: bool) -> str:
    """A place below the root to mount on, made where it is missing; no link is followed on the way."""
    place = root
    parts = [part for part in target.split("/") if part]
    for depth, part in enumerate(parts):
        place = f"{place}/{part}"
        is_last = depth == len(parts) - 1
        if not os.path.lexists(place):
            if is_last and not is_folder:
                os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
            else:
                os.mkdir(place)
        kind = os.lstat(place).st_mode
        if stat.S_ISLNK(kind) or (not is_last and not stat.S_ISDIR(kind)):
            raise NotADirectoryError(20, "a link or a file is in the way", f"/{'/'.join(parts[: depth + 1])}")
    return place


def _enter_root(root: str) -> None:
    """Make it the root, and let go of the host's."""
    os.chdir(root)
    number = SYS_PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(38, "pivot_root is not known on this machine", os.uname().machine)
    if LIBC.syscall(number, b".", b"."):
        _raise("pivot_root")
    if LIBC.umount2(b".", MNT_DETACH):
        _raise("umount")
    os.chdir("/")


def _lock_paths(masked: list[str], locked: list[str]) -> None:
    """Hide files of the kernel, and lock others, as engines do."""
    for path in masked:
        if os.path.isdir(path):
            _mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0")
        elif os.path.exists(path):
            _mount("/dev/null", path, None, MS_BIND)
    for path in locked:
        if os.path.exists(path):
            _mount(path, path, None, MS_BIND | MS_REC)
            _mount(None, path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _limit(settings: dict[str, Any]) -> None:
    """Without a cgroup, each process has its own limit of writable memory, and the user one of processes."""
    wanted = ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, settings["memory"]))
    for which, value in (*wanted, (resource.RLIMIT_NPROC, settings["pids"])):
        hard = resource.getrlimit(which)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with suppress(ValueError):
            resource.setrlimit(which, (most, most))


def _filter_calls(rows: list[tuple[int, int, int, int]]) -> None:
    """Let this program of BPF judge every system call from here on.

    The mounts are made, and CAP_SYS_ADMIN is still held, which a filter needs where new privileges may be had; what
    giving up rights and starting the program takes is allowed.
    """
    content = b"".join(struct.pack("=HBBI", *row) for row in rows)
    kept = ctypes.create_string_buffer(content, len(content))
    program = struct.pack("@HP", len(rows), ctypes.addressof(kept))
    if LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0):
        _raise("the seccomp filter")


def _give_up_rights(settings: dict[str, Any]) -> None:
    kept = {CAPABILITIES.index(name) for name in settings["capabilities"]}
    for number in range(LAST_CAPABILITY + 1):
        if number not in kept:
            LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    LIBC.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
    if settings["has_groups"]:
        os.setgroups([])
    os.setresgid(settings["gid"], settings["gid"], settings["gid"])
    os.setresuid(settings["uid"], settings["uid"], settings["uid"])
    _set_capabilities(sum(1 << number for number in kept))
    if settings["no_new_privileges"]:
        _prctl(PR_SET_NO_NEW_PRIVS, 1)


def _end_with_launcher(alive: int) -> None:
    """Be killed when the launcher ends: the kernel forgets that wish when a process becomes another user."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    poll = select.poll()
    poll.register(alive, 0)
    if poll.poll(0):  # it ended before the wish was known; in a namespace of processes its number tells nothing
        os._exit(FAILED)


def _set_capabilities(mask: int) -> None:
    head = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    body = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    if LIBC.capset(ctypes.byref(head), ctypes.byref(body)):
        _raise("capset")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    given = [None if each is None else os.fsencode(each) for each in (source, target, kind)]
    if LIBC.mount(*given, ctypes.c_ulong(flags), data.encode() or None):
        _raise(f"mounting {target}")


def _prctl(option: int, value: int) -> None:
    if LIBC.prctl(option, value, 0, 0, 0):
        _raise("prctl")


def _call(name: str, value: int) -> None:
    if getattr(LIBC, name)(value):
        _raise(name)


def _raise(what: str) -> None:
    code = ctypes.get_errno()
    raise OSError(code, os.strerror(code), what)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except OSError as _error:
        _fail(REFUSAL, _error)
