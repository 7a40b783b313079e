"""What confines a kernel, and whether this machine has it. Grading does not start without."""

from __future__ import annotations

import functools
import os
import platform
import re
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

from vaelabs.course import CourseError

from . import bubblewrap, landlock, seccomp
from .launching import Box, other_user
from .limits import Limits


class Isolation(StrEnum):
    """The tiers: `bubblewrap` confines fully, `landlock` in part, `none` not at all."""

    BUBBLEWRAP = "bubblewrap"
    LANDLOCK = "landlock"
    NONE = "none"


INSTALL = "Install it: sudo apt-get install bubblewrap (Fedora: sudo dnf install bubblewrap)."

APPARMOR_PROFILE = """\
abi <abi/4.0>,
include <tunables/global>

profile bwrap /usr/bin/bwrap flags=(unconfined) {
  userns,
  include if exists <local/bwrap>
}
"""
"""What Ubuntu 24.04 wants in /etc/apparmor.d/bwrap before bubblewrap may make a user namespace."""

ALLOW_USERNS = (
    "Put this into /etc/apparmor.d/bwrap, then run: sudo systemctl reload apparmor",
    *("  " + line if line else "" for line in APPARMOR_PROFILE.splitlines()),
)


def require(isolation: Isolation | str) -> None:
    """Make sure that kernels can be confined so on this machine. Raises CourseError with the fact and the mending."""
    finding = probe(Isolation(isolation))
    if finding:
        raise CourseError(*finding)


@functools.cache
def probe(isolation: Isolation) -> tuple[str, ...]:
    """What keeps this machine from confining kernels so: the fact, then the steps to mend it; empty when nothing does.

    Starts a sandbox with everything a kernel's has, once for each process.
    """
    if isolation is Isolation.NONE:
        return ()
    if not seccomp.supported():
        return (f"There is no list of system calls for {platform.machine()}.", "Grade on an x86_64 or aarch64 machine.")
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        return ("The kernel does not tell a process's children (CONFIG_PROC_CHILDREN).", "Use a distribution's kernel.")
    return _probe_bubblewrap() if isolation is Isolation.BUBBLEWRAP else _probe_landlock()


def _probe_bubblewrap() -> tuple[str, ...]:
    version = bubblewrap.version()
    if version is None:
        return ("bubblewrap is not installed, so there is no sandbox to run submissions in.", INSTALL)
    if version < bubblewrap.OLDEST:
        wanted = ".".join(map(str, bubblewrap.OLDEST))
        return (f"bubblewrap is too old: {'.'.join(map(str, version))}; it has to be {wanted}.", INSTALL)
    said = sandboxed_import()
    return explain(said) if said else ()


def sandboxed_import() -> str:
    """What goes wrong when a sandbox is started in which Python imports ipykernel; empty when nothing does."""
    box = Box()
    limits = Limits()
    inside = bubblewrap.limited([sys.executable, "-I", "-c", "import ipykernel"], limits)
    try:
        with bubblewrap.command(inside, box=box, limits=limits, env=bubblewrap.environment()) as (words, fds):
            run = subprocess.run(
                words, pass_fds=fds, capture_output=True, text=True, timeout=60, cwd="/", stdin=subprocess.DEVNULL
            )
    except subprocess.TimeoutExpired:
        return "it did not end within a minute"
    except OSError as error:
        return str(error)
    finally:
        box.remove()
    return "" if run.returncode == 0 else (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[-1]


def explain(said: str) -> tuple[str, ...]:
    """The fact and its mending for what bubblewrap, or Python in it, said."""
    fact = f"The sandbox does not start: {said}."
    if re.search(r"uid map|RTM_NEWADDR|[Nn]o permissions to|[Cc]reating new namespace|unshare|clone", said):
        if apparmor_restricts():
            return (f"AppArmor keeps bubblewrap from making a user namespace ({said}).", *ALLOW_USERNS)
        for name, wanted in (("kernel/unprivileged_userns_clone", "1"), ("user/max_user_namespaces", "10000")):
            if _setting(name) == "0":
                return (
                    f"User namespaces are switched off ({said}).", f"sudo sysctl -w {name.replace('/', '.')}={wanted}"
                )  # fmt: skip
        step = "In a container, allow them to it; see docs/isolation.md."
        return (f"This machine does not allow user namespaces ({said}).", step)
    if "proc" in said and "mount" in said:
        step = "In a container, unmask /proc; see docs/isolation.md."
        return (f"/proc cannot be mounted in the sandbox ({said}).", step)
    user = other_user()
    if user and re.search(r"[Pp]ermission denied|ModuleNotFoundError|No module|Can't find source", said):
        return (
            f"The user {user.name}, whom kernels run as, cannot read this Python ({said}).",
            f"chmod -R a+rX {' '.join(bubblewrap.python_paths())}",
        )
    return (fact, "Run `vaelabs doctor` for the details.")


def apparmor_restricts() -> bool:
    """Whether AppArmor keeps user namespaces from programs without a profile, as on Ubuntu 24.04."""
    return _setting("kernel/apparmor_restrict_unprivileged_userns") == "1"


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


def _probe_landlock() -> tuple[str, ...]:
    if landlock.abi() < 1:
        return ("The running kernel has no Landlock.", "Use --isolation bubblewrap, or Linux 5.13 with lsm=landlock.")
    return ()
