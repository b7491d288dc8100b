#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server that can reach nobody, as an operator's own tool would raise one:
a network namespace of its own, its API on a unix socket.

  contained.py up SERVER DIR    start it in DIR; what `up` prints on stdout
  contained.py open SERVER DIR  the same in the machine's own network
  contained.py born SHARES THRESHOLD SERVER DIR
                                the same, initialised and unsealed already
  contained.py down DIR         kill it
  contained.py status DIR       {"status": "up"} or {"status": "gone"}

It is no child of whoever calls: it goes on when that one dies, as a cluster
in somebody's cloud does.  The request on standard input is kept in DIR.
"""
import ctypes
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

_CONFIG = """
storage "raft" {{
  path = "{dir}/raft"
  node_id = "scratch"
  performance_multiplier = 1
}}
listener "unix" {{
  address = "{dir}/api.sock"
}}
listener "tcp" {{
  address         = "127.0.0.1:{api}"
  cluster_address = "127.0.0.1:{raft}"
  tls_disable     = true
}}
api_addr     = "http://127.0.0.1:{api}"
cluster_addr = "https://127.0.0.1:{raft}"
disable_mlock = true
"""


def namespace():
    """Leave the machine's network for an empty one.  Before threads."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"),
                       ("gid_map", f"0 {gid} 1")):
        pathlib.Path("/proc/self", name).write_text(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        asked = fcntl.ioctl(s, _SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        flags = struct.unpack("16sH14x", asked)[1] | _IFF_UP
        fcntl.ioctl(s, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags))


def available():
    """Whether this machine lets us."""
    try:
        return subprocess.run(
            [sys.executable, __file__, "can"], timeout=20, check=False,
            stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def listens(path):
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(path)
        except OSError:
            return False
    return True


def alive(directory):
    """The server's pid, or None; never somebody else's with that number."""
    try:
        pid = int((directory / "pid").read_text())
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(directory).encode() in words else None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def up(server, directory, alone=True):
    (directory / "raft").mkdir(parents=True)
    config = directory / "server.hcl"
    api, raft = (8200, 8201) if alone else (free_port(), free_port())
    config.write_text(_CONFIG.format(dir=directory, api=api, raft=raft))
    with open(directory / "server.log", "ab") as log:
        child = subprocess.Popen(
            [server, "server", "-config", config], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
            preexec_fn=namespace if alone else None)
    (directory / "pid").write_text(str(child.pid))
    end = time.monotonic() + 60
    while not listens(f"{directory}/api.sock"):
        if child.poll() is not None or time.monotonic() > end:
            raise SystemExit((directory / "server.log").read_text()[-2000:])
        time.sleep(0.05)
    return f"unix://{directory}/api.sock"


def born(server, directory, shares, threshold):
    """What `up` prints for one that has a life already."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
    from tests.support import rest
    address = up(server, directory)
    made = rest.request(address, "PUT", "/v1/sys/init",
                        {"secret_shares": shares,
                         "secret_threshold": threshold}).ok().json
    for key in made["keys_base64"][:threshold]:
        rest.request(address, "PUT", "/v1/sys/unseal", {"key": key}).ok()
    return {"vault_addr": address, "init_token": made["root_token"],
            "unsealed": True}


def down(directory):
    end = time.monotonic() + 30
    while (pid := alive(directory)) is not None:
        if time.monotonic() > end:
            raise SystemExit(f"{pid} does not end")
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        time.sleep(0.02)
    shutil.rmtree(directory, ignore_errors=True)


def main(argv):
    if argv[1:] == ["can"]:
        namespace()
        return 0
    what, directory = argv[1], pathlib.Path(argv[-1])
    asked = "" if sys.stdin.isatty() else sys.stdin.read()
    if what in ("up", "open"):
        address = up(argv[2], directory, alone=what == "up")
        (directory / "request.json").write_text(asked)
        print(json.dumps({"vault_addr": address}))
    elif what == "born":
        print(json.dumps(born(argv[4], directory, int(argv[2]),
                              int(argv[3]))))
    elif what == "down":
        down(directory)
        print(json.dumps({"status": "gone"}))
    elif what == "status":
        there = alive(directory) or directory.exists()
        print(json.dumps({"status": "up" if there else "gone"}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
