"""The system calls that student code may not make, as a classic BPF program for the kernel's seccomp filter.

The list refuses what a notebook never needs and what has been a way out of sandboxes: namespaces and mounts, other
processes' memory, kernel keys, programs and modules, and every socket family that a network namespace does not cover.
The program is assembled here, so that no library has to be installed.
"""

from __future__ import annotations

import errno
import platform
import struct
from typing import NamedTuple

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""`AUDIT_ARCH_*` of the machines whose system calls are known here."""

_X32 = 0x40000000
"""Set in the number of a call of x86's 32-bit pointer ABI, which would pass a filter that compares numbers only."""

# Numbers on (x86_64, aarch64); None where the machine has no such call.
_CALLS: dict[str, tuple[int | None, int | None]] = {
    "_sysctl": (156, None), "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280),
    "chroot": (161, 51), "clock_adjtime": (305, 266), "clock_settime": (227, 112), "clone": (56, 220),
    "clone3": (435, 435), "delete_module": (176, 106), "fanotify_init": (300, 262), "finit_module": (313, 273),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fsopen": (430, 430), "fspick": (433, 433),
    "init_module": (175, 105), "io_setup": (206, 0), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425), "ioctl": (16, 29), "ioperm": (173, None), "iopl": (172, None), "kcmp": (312, 272),
    "kexec_file_load": (320, 294), "kexec_load": (246, 104), "keyctl": (250, 219), "lookup_dcookie": (212, 18),
    "memfd_secret": (447, 447), "migrate_pages": (256, 238), "modify_ldt": (154, None), "mount": (165, 40),
    "mount_setattr": (442, 442), "move_mount": (429, 429), "move_pages": (279, 239), "msgget": (68, 186),
    "name_to_handle_at": (303, 264), "nfsservctl": (180, 42), "open_by_handle_at": (304, 265), "open_tree": (428, 428),
    "perf_event_open": (298, 241), "pidfd_getfd": (438, 438), "pivot_root": (155, 41), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "reboot": (169, 142), "request_key": (249, 218), "setdomainname": (171, 162), "sethostname": (170, 161),
    "setns": (308, 268), "settimeofday": (164, 170), "shmget": (29, 194), "socket": (41, 198), "swapoff": (168, 225),
    "swapon": (167, 224), "syslog": (103, 116), "umount2": (166, 39), "unshare": (272, 97), "uselib": (134, None),
    "userfaultfd": (323, 282), "vhangup": (153, 58),
}  # fmt: skip

# `clone3` takes its flags in memory, where a filter cannot look: ENOSYS makes the C library fall back to `clone`.
# System V memory and queues outlive their processes and stand in nobody's account: ENOSYS, as on a kernel without them.
_NOT_THERE = ("clone3", "io_setup", "memfd_secret", "msgget", "shmget")
_CONDITIONAL = ("clone", "ioctl", "socket")

_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW{TIME,NS,CGROUP,UTS,IPC,USER,PID,NET}
_TERMINAL_REQUESTS = (0x5412, 0x541C)  # TIOCSTI types into the terminal, TIOCLINUX pastes into a console

AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16

ALLOW, _ERRNO = 0x7FFF0000, 0x00050000

# Offsets in `struct seccomp_data`; the machines above are little-endian, so an argument's low half comes first.
_NUMBER, _ARCH, _ARGUMENT = 0, 4, (16, 24, 32)

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


class _Step(NamedTuple):
    """One BPF instruction: `code`, how many to skip when true and when false, operand."""

    code: int
    true: int
    false: int
    k: int


def number(call: str, machine: str) -> int | None:
    """The number of a system call that the filter knows; None where `machine` lacks it."""
    return _CALLS[call][list(MACHINES).index(machine)]


def supported(machine: str | None = None) -> bool:
    """Whether a filter can be made for this machine."""
    return (machine or platform.machine()) in MACHINES


def program(*, network: bool = True, machine: str | None = None) -> bytes:
    """The filter as an array of `struct sock_filter`, which bubblewrap and prctl(2) take.

    With `network` false not even the loopback of an own network namespace is there: sockets are Unix sockets.
    Raises KeyError for a machine other than those in `MACHINES`.
    """
    machine = machine or platform.machine()
    steps = [
        _Step(_LOAD, 0, 0, _ARCH),
        _Step(_EQUAL, 1, 0, MACHINES[machine]),  # a 32-bit program has other numbers for the same calls
        _refuse(errno.ENOSYS),
        _Step(_LOAD, 0, 0, _NUMBER),
        _Step(_AT_LEAST, 0, 1, _X32),
        _refuse(errno.ENOSYS),
    ]
    for call in _CALLS:
        nr = number(call, machine)
        if nr is not None and call not in _CONDITIONAL:
            reason = errno.ENOSYS if call in _NOT_THERE else errno.EPERM
            steps += [_Step(_EQUAL, 0, 1, nr), _refuse(reason)]
    families = (AF_UNIX, AF_INET, AF_INET6) if network else (AF_UNIX,)
    steps += _on(
        number("socket", machine),
        [
            _Step(_LOAD, 0, 0, _ARGUMENT[0]),
            # Any other error makes libzmq abort: it looks for the machine's interfaces through netlink.
            _Step(_EQUAL, 0, 1, AF_NETLINK),
            _refuse(errno.EOPNOTSUPP),
            *(step for family in families for step in (_Step(_EQUAL, 0, 1, family), _allow())),
            _refuse(errno.EAFNOSUPPORT),  # AF_VSOCK, above all: it reaches the hypervisor from any namespace
        ],
    )
    steps += _on(
        number("clone", machine),
        [_Step(_LOAD, 0, 0, _ARGUMENT[0]), _Step(_ANY_BIT, 0, 1, _NEW_NAMESPACES), _refuse(errno.EPERM), _allow()],
    )
    steps += _on(
        number("ioctl", machine),
        [
            _Step(_LOAD, 0, 0, _ARGUMENT[1]),
            *(step for request in _TERMINAL_REQUESTS for step in (_Step(_EQUAL, 0, 1, request), _refuse(errno.EPERM))),
            _allow(),
        ],
    )
    return b"".join(struct.pack("=HBBI", *step) for step in [*steps, _allow()])


def _on(nr: int | None, steps: list[_Step]) -> list[_Step]:
    """`steps`, run for one system call only. They end in a return."""
    return [] if nr is None else [_Step(_EQUAL, 0, len(steps), nr), *steps]


def _refuse(reason: int) -> _Step:
    return _Step(_RETURN, 0, 0, _ERRNO | reason)


def _allow() -> _Step:
    return _Step(_RETURN, 0, 0, ALLOW)
