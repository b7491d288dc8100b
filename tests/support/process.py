# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive the tests.

Each is started in a session of its own and dies with the process that started
it (PR_SET_PDEATHSIG), whatever kills that one; a registry takes down what is
still there when Python ends in any orderly way.
"""
import atexit
import contextlib
import ctypes
import os
import pwd
import random
import re
import signal
import socket
import subprocess
import time

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_running = set()
_given = set()


def free_port():
    """A loopback port nobody listens on, and not one that was given before,
    whose server may not have bound it yet; below the ephemeral range, so that
    no outgoing connection takes it between now and the bind."""
    for _ in range(200):
        port = random.randint(22000, 29999)
        if port in _given:
            continue
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise RuntimeError("no free loopback port")


def _with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program running in the background, its output in a file."""

    def __init__(self, argv, log, env=None, cwd=None, user=None):
        self.argv = [str(a) for a in argv]
        self.log = log
        with open(log, "ab") as out:
            # A clean environment: a VAULT_ADDR of whoever runs the tests
            # must not reach what is tested.
            self._child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, cwd=cwd, user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                env={"PATH": os.environ["PATH"], "HOME": str(cwd or "/"),
                     "LANG": "C.UTF-8", **(env or {})},
                start_new_session=True, preexec_fn=_with_parent)
        _running.add(self)

    @property
    def pid(self):
        return self._child.pid

    def alive(self):
        return self._child.poll() is None

    def signal(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def wait(self, seconds):
        """The exit status, negative for a signal; None when still running."""
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        """SIGKILL, at once: what a crash looks like."""
        if self.alive():
            self._child.kill()
        self._child.wait()
        _running.discard(self)

    def stop(self, seconds=10):
        """SIGTERM, then SIGKILL.  The exit status."""
        self.signal(signal.SIGTERM)
        status = self.wait(seconds)
        if status is None:
            self.kill()
            status = self._child.returncode
        _running.discard(self)
        return status

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()


def stop_all():
    for process in list(_running):
        process.kill()


atexit.register(stop_all)


def until(question, seconds=15, what="condition", every=0.05):
    """Ask until the answer is true; that answer.  TimeoutError otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(every)


def children_of(pid):
    """Every process below `pid`, by /proc: what must be gone afterwards.
    Not the one that starts sandboxes, which lives as long as the daemon."""
    parent = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8",
                          errors="replace") as f:
                    fields = f.read().rpartition(")")[2].split()
                with open(f"/proc/{name}/cmdline", "rb") as f:
                    launcher = b"\0__launcher\0" in f.read()
            except OSError:
                continue
            if not launcher:
                parent[int(name)] = (int(fields[1]), fields[0])
    found, layer = [], {pid}
    while layer:
        layer = {p for p, (up, state) in parent.items()
                 if up in layer and state != "Z"}
        found += layer
    return found


_MARK = re.compile(rb"/t-[0-9a-f]{16}\b")


def transients(directory):
    """The pids of transient servers, and of the helpers that hold them, of an
    Assay whose files are below `directory`; each with its arguments.

    In its sandbox a server's program and paths have other names: what it is
    made of shows only in where its mounts come from."""
    wanted = os.fsencode(os.path.basename(directory))
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                words = f.read()
            if not _MARK.search(words):
                continue
            with open(f"/proc/{name}/mountinfo", "rb") as f:
                mounts = f.read()
        except OSError:
            continue
        if wanted in words or wanted in mounts:
            found[int(name)] = [os.fsdecode(w) for w in words.split(b"\0")]
    return found


def transient_servers(directory):
    """Of these the servers themselves."""
    return [pid for pid, words in transients(directory).items()
            if words[1] == "server"]


def send(pids, number):
    """Some of them may be gone by now."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def halt(look, servers, came):
    """Stop the servers of a run, which `look` shows, once it has come so far,
    or is over: their pids.

    It gets on by steps and stands still while its state is looked at, so
    that nothing is missed however slow the looking is: steps so short, once
    it is being asked, that no question is answered within one."""
    fine, pids = False, []

    def come():
        nonlocal fine, pids
        if not fine:  # later it is not started again, and looking takes time
            pids = servers()
        send(pids, signal.SIGSTOP)
        seen = look()
        if seen["finished_at"] or pids and came(seen):
            return True
        send(pids, signal.SIGCONT)
        fine = fine or seen["phase"] == "active"
        time.sleep(0.001 if fine else 0.02)
        return False

    until(come, 120, "it has come so far", every=0)
    return pids
