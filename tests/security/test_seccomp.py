"""The filter of system calls, run here instruction by instruction, for machines other than this one as well."""

import struct
from pathlib import Path

import pytest

from vaelabs.sandbox import seccomp

ALLOW, EPERM, ENOSYS, EOPNOTSUPP, EAFNOSUPPORT = 0, 1, 38, 95, 97


def verdict(program: bytes, machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the filter says to a call: 0 to let it pass, else the errno."""
    audit = seccomp.MACHINES[machine] if arch is None else arch
    data = struct.pack("<iIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    steps = list(struct.iter_unpack("=HBBI", program))
    at = value = 0
    while True:
        code, true, false, k = steps[at]
        at += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, k)
        elif code == 0x06:
            assert k == seccomp.ALLOW or k >> 16 == 5
            return 0 if k == seccomp.ALLOW else k & 0xFFFF
        else:
            holds = {0x15: value == k, 0x35: value >= k, 0x45: bool(value & k)}[code]
            at += true if holds else false


@pytest.fixture(params=list(seccomp.MACHINES))
def ask(request):
    """The filter of one machine: name of a call and its arguments to an answer."""

    def answer(call: str, *arguments: int, network: bool = True) -> int:
        number = seccomp.number(call, request.param)
        return verdict(seccomp.program(network=network, machine=request.param), request.param, number, *arguments)

    answer.machine = request.param
    return answer


@pytest.mark.parametrize("call", ["mount", "unshare", "setns", "ptrace", "bpf", "keyctl", "userfaultfd", "io_uring_setup"])
def test_ways_out_are_refused(ask, call):
    """Whatever their arguments."""
    assert EPERM == ask(call) == ask(call, 2**32 - 1)


def test_calls_that_a_filter_cannot_look_into_are_not_there(ask):
    """The C library then uses the older call, which can be looked into."""
    assert ENOSYS == ask("clone3") == ask("shmget") == ask("memfd_secret")


def test_threads_and_processes_are_allowed_namespaces_are_not(ask):
    """`clone` by its flags."""
    assert ALLOW == ask("clone", 17) == ask("clone", 0x3D0F00)
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert EPERM == ask("clone", flag | 17)


def test_sockets_by_family(ask):
    """Unix, IPv4 and IPv6; netlink with the one refusal that libzmq understands; no vsock."""
    assert [ALLOW] * 3 == [ask("socket", family) for family in (1, 2, 10)]
    assert EOPNOTSUPP == ask("socket", 16)
    assert {EAFNOSUPPORT} == {ask("socket", family) for family in range(64) if family not in (1, 2, 10, 16)}


def test_without_network_only_unix_sockets_are_left(ask):
    """The reduced tier has no network namespace."""
    assert [ALLOW, EAFNOSUPPORT, EAFNOSUPPORT, EOPNOTSUPP] == [ask("socket", n, network=False) for n in (1, 2, 10, 16)]


def test_the_terminal_cannot_be_typed_into(ask):
    """Other requests of `ioctl` pass; the upper half of the request does not count, here as in the system."""
    assert [EPERM, EPERM, ALLOW] == [ask("ioctl", 0, request) for request in (0x5412, 2**32 + 0x5412, 0x5413)]


def test_foreign_machines_and_x32_are_refused(ask):
    """Their numbers mean other calls."""
    program = seccomp.program(machine=ask.machine)

    assert ENOSYS == verdict(program, ask.machine, 0, arch=0x40000003)
    assert ENOSYS == verdict(program, ask.machine, 0x40000000 + 39)


def test_all_else_passes(ask):
    """memfd_create above all, which CUDA needs; and no listed call is left out."""
    program = seccomp.program(machine=ask.machine)
    listed = {seccomp.number(call, ask.machine) for call in seccomp._CALLS}
    memfd = {"x86_64": 319, "aarch64": 279}[ask.machine]

    assert ALLOW == verdict(program, ask.machine, memfd)
    refused = {number for number in range(500) if verdict(program, ask.machine, number, 63) != ALLOW}
    passing = {seccomp.number(call, ask.machine) for call in ("clone", "ioctl")}
    assert refused == listed - passing - {None}


@pytest.mark.parametrize(
    "machine, header",
    [("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "/usr/include/asm-generic/unistd.h")],
)
def test_the_numbers_are_those_of_the_system(machine, header):
    """Where its headers are installed."""
    if not Path(header).exists():
        pytest.skip(f"{header} is not installed (package linux-libc-dev)")
    words = [line.split() for line in Path(header).read_text().splitlines() if line.startswith("#define __NR")]
    numbers = {name.removeprefix("__NR3264_").removeprefix("__NR_"): value for _, name, value, *_ in words}

    for call in seccomp._CALLS:
        number = seccomp.number(call, machine)
        if number is not None:
            assert str(number) == numbers[call], call


def test_other_machines_have_no_filter():
    """The tiers that need one refuse to start there."""
    assert not seccomp.supported("riscv64")
    with pytest.raises(KeyError):
        seccomp.program(machine="riscv64")
