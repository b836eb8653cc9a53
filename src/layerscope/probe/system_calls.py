"""The seccomp filter of a container that a runtime starts without an engine: what Docker's default profile forbids.

https://github.com/moby/moby/blob/master/profiles/seccomp/default.json, for a process without CAP_SYS_ADMIN. That is a
list of what is allowed; this one forbids, so that a system call which only a newer libseccomp knows is none too few.
"""

from typing import Any, Final

_FORBIDDEN: Final = (
    "_sysctl", "acct", "add_key", "bpf", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64",
    "create_module", "delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick",
    "get_kernel_syms", "get_mempolicy", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup",
    "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "listmount", "lookup_dcookie", "mbind",
    "migrate_pages", "mount", "mount_setattr", "move_mount", "move_pages", "name_to_handle_at", "nfsservctl",
    "open_by_handle_at", "open_tree", "open_tree_attr", "perf_event_open", "personality", "pidfd_getfd", "pivot_root",
    "process_madvise", "process_vm_readv", "process_vm_writev", "query_module", "quotactl", "quotactl_fd", "reboot",
    "request_key", "set_mempolicy", "set_mempolicy_home_node", "setdomainname", "sethostname", "setns",
    "settimeofday", "statmount", "stime", "swapoff", "swapon", "sysfs", "syslog", "umount", "umount2", "unshare",
    "uselib", "userfaultfd", "ustat", "vhangup", "vm86", "vm86old",
)  # fmt: skip
"""Whatever their arguments are."""

NEW_NAMESPACES: Final = {
    "CLONE_NEWNS": 0x0002_0000,
    "CLONE_NEWCGROUP": 0x0200_0000,
    "CLONE_NEWUTS": 0x0400_0000,
    "CLONE_NEWIPC": 0x0800_0000,
    "CLONE_NEWUSER": 0x1000_0000,
    "CLONE_NEWPID": 0x2000_0000,
    "CLONE_NEWNET": 0x4000_0000,
}
"""Flags of clone(2) that make namespaces; any of them is forbidden. CLONE_NEWTIME is none of clone's own."""

_AF_VSOCK: Final = 40
"""Sockets that lead to the host of a virtual machine."""

_INT: Final = 0xFFFF_FFFF
"""What the kernel reads of an argument of type `int`, whatever stands above it in the register."""

_FLAGS_SECOND: Final = ("s390", "s390x")
"""Machines whose clone takes the stack before the flags: `CONFIG_CLONE_BACKWARDS2` of Linux."""

EPERM, ENOSYS = 1, 38
"""The C library asks for clone3 first, whose flags no filter can read, and takes clone where there is none."""


def build_seccomp(machine: str) -> dict[str, Any]:
    """`linux.seccomp` of config.json, for a machine as uname(2) calls it.

    https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#seccomp
    """
    flags = 1 if machine in _FLAGS_SECOND else 0
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [
            _forbid(_FORBIDDEN, EPERM),
            _forbid(("clone3",), ENOSYS),
            *(_forbid(("clone",), EPERM, _has(flags, bit, bit)) for bit in NEW_NAMESPACES.values()),
            _forbid(("socket",), EPERM, _has(0, _INT, _AF_VSOCK)),
        ],
    }


def _has(argument: int, mask: int, left: int) -> dict[str, Any]:
    """Whether that is left of the argument under the mask; the document calls the mask `value`."""
    return {"index": argument, "value": mask, "valueTwo": left, "op": "SCMP_CMP_MASKED_EQ"}


def _forbid(names: tuple[str, ...], error: int, *conditions: dict[str, Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {"names": list(names), "action": "SCMP_ACT_ERRNO", "errnoRet": error}
    return rule | ({"args": list(conditions)} if conditions else {})
