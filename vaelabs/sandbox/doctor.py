"""What this machine has to confine submissions with, what it lacks, and what to do about it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal

from vaelabs.course import CourseError

from . import bubblewrap, landlock, seccomp
from .isolation import ALLOW_USERNS, INSTALL, Isolation, apparmor_restricts, probe
from .launching import other_user, run_folder
from .limits import delegated_cgroup

PROVISIONERS = tuple(f"vaelabs-{tier}" for tier in Isolation)


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `fix` says what to do; it is empty where there is nothing to be done."""

    name: str
    level: Literal["ok", "warn", "fail"]
    sentence: str
    fix: str = ""


def findings() -> list[Finding]:
    """Everything that confining submissions depends on, most important last: a whole sandbox, tried."""
    return list(_findings())


def _findings() -> Iterator[Finding]:
    yield _provisioners()
    yield _run_folder()
    yield _seccomp()
    yield _user()
    yield _bubblewrap()
    yield _user_namespaces()
    yield _apparmor()
    yield _landlock()
    yield _cgroup()
    yield _sandbox()


def _provisioners() -> Finding:
    name = "kernel provisioners"
    known = entry_points(group="jupyter_client.kernel_provisioners").names
    missing = [each for each in PROVISIONERS if each not in known]
    if missing:
        return Finding(name, "fail", f"Jupyter does not know {', '.join(missing)}.", "make setup")
    return Finding(name, "ok", f"Jupyter knows {', '.join(PROVISIONERS)}.")


def _run_folder() -> Finding:
    try:
        return Finding("run folder", "ok", f"Kernels' sockets lie in {run_folder()}.")
    except CourseError as error:
        fact, _, fix = str(error).partition("\n")
        return Finding("run folder", "fail", fact, fix)


def _seccomp() -> Finding:
    if not seccomp.supported():
        machine = os.uname().machine
        return Finding("seccomp", "fail", f"There is no list of system calls for {machine}.", "Use x86_64 or aarch64.")
    if not Path("/proc/sys/kernel/seccomp/actions_avail").exists():
        return Finding("seccomp", "fail", "The running kernel has no seccomp filter.", "Use a distribution's kernel.")
    return Finding("seccomp", "ok", "System calls can be filtered.")


def _user() -> Finding:
    try:
        user = other_user()
    except CourseError as error:
        fact, _, fix = str(error).partition("\n")
        return Finding("user", "fail", fact, fix)
    if user:
        return Finding(
            "user",
            "warn",
            f"You are root: kernels run as the user {user.name}.",
            "Grade as a user of its own that may read the course and nothing else.",
        )
    return Finding("user", "ok", "You are not root.")


def _bubblewrap() -> Finding:
    version = bubblewrap.version()
    if version is None:
        return Finding("bubblewrap", "fail", "bubblewrap is not installed.", INSTALL)
    text = ".".join(map(str, version))
    if version < bubblewrap.OLDEST:
        return Finding("bubblewrap", "fail", f"bubblewrap {text} is older than 0.8.", INSTALL)
    return Finding("bubblewrap", "ok", f"bubblewrap {text} is installed.")


def _user_namespaces() -> Finding:
    """As the user that kernels run as: root may always make one."""
    name = "user namespaces"
    command = ["bwrap", "--unshare-user", "--unshare-all", "--ro-bind", "/", "/", "true"]
    try:
        user = other_user()
        if user:
            command = ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", *command]
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd="/")
    except (OSError, subprocess.TimeoutExpired, CourseError) as error:
        return Finding(name, "fail", f"It cannot be tried: {error}.", INSTALL)
    if run.returncode == 0:
        return Finding(name, "ok", "bubblewrap may make a user namespace.")
    fix = "\n".join(ALLOW_USERNS) if apparmor_restricts() else "sudo sysctl -w user.max_user_namespaces=10000"
    return Finding(name, "fail", f"bubblewrap may not make a user namespace ({run.stderr.strip()}).", fix)


def _apparmor() -> Finding:
    if not apparmor_restricts():
        return Finding("AppArmor", "ok", "AppArmor does not restrict user namespaces.")
    profiles = [Path("/etc/apparmor.d", each) for each in ("bwrap", "bwrap-userns-restrict")]
    if any(path.exists() for path in profiles):
        return Finding("AppArmor", "ok", "AppArmor restricts user namespaces and has a profile for bubblewrap.")
    sentence = "AppArmor restricts user namespaces and has no profile for bubblewrap."
    return Finding("AppArmor", "warn", sentence, "\n".join(ALLOW_USERNS))


def _landlock() -> Finding:
    abi = landlock.abi()
    if abi == 0:
        return Finding("Landlock", "warn", "The running kernel has no Landlock: the reduced tier is not to be had.")
    if abi < 6:
        return Finding("Landlock", "warn", f"Landlock {abi} does not stop signals to other processes; version 6 does.")
    return Finding("Landlock", "ok", f"Landlock {abi}: the reduced tier is to be had.")


def _cgroup() -> Finding:
    parent = delegated_cgroup()
    if parent:
        return Finding("cgroup", "ok", f"Memory and processes are counted exactly, in cgroups below {parent}.")
    return Finding(
        "cgroup",
        "warn",
        "No cgroup v2 is ours to divide: rlimits and a watchdog bound memory and processes.",
        "On a machine with systemd and cgroup v2: systemd-run --user --scope -p Delegate=yes vaelabs grade ...",
    )


def _sandbox() -> Finding:
    problem = probe(Isolation.BUBBLEWRAP)
    if problem:
        return Finding("sandbox", "fail", problem[0], "\n".join(problem[1:]))
    return Finding("sandbox", "ok", "A sandbox starts, and Python with ipykernel runs in it.")
