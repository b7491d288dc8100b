#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server that can reach nobody, as an operator's own tool would raise one:
a network namespace of its own, its API on a unix socket.

  contained.py up SERVER DIR    start it in DIR; what `up` prints on stdout
  contained.py open SERVER DIR  the same in the machine's own network
  contained.py born SHARES THRESHOLD SERVER DIR
                                the same, initialised and unsealed already
  contained.py tls SERVER DIR   the same, reached by TLS through a relay
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
import threading
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
  {tls}
}}
api_addr     = "{scheme}://127.0.0.1:{api}"
cluster_addr = "https://127.0.0.1:{raft}"
disable_mlock = true
"""

_CERTIFICATES = """
set -e; cd "$1"
key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
key ca; openssl req -x509 -new -key ca.key -days 2 -subj /CN=ca -out ca.pem
key server; openssl req -new -key server.key -subj /CN=s -out server.csr
echo subjectAltName=IP:127.0.0.1 > server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -days 2 -extfile server.ext -out server.pem
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


def configure(directory, alone=True, tls=False):
    (directory / "raft").mkdir(parents=True)
    config = directory / "server.hcl"
    api, raft = (8200, 8201) if alone else (free_port(), free_port())
    config.write_text(_CONFIG.format(
        dir=directory, api=api, raft=raft, scheme="https" if tls else "http",
        tls=f'tls_cert_file = "{directory}/server.pem"\n'
            f'  tls_key_file = "{directory}/server.key"'
            if tls else "tls_disable = true"))
    return config


def up(server, directory, alone=True):
    config = configure(directory, alone)
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


def die_together():
    """With whoever started us, however that one ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def relay(listener, family, address):
    """Every connection to `listener` goes to `address`; for ever."""
    listener.listen(64)
    while True:
        here, _ = listener.accept()
        there = socket.socket(family)
        try:
            there.connect(address)
        except OSError:
            here.close()
            continue
        for a, b in ((here, there), (there, here)):
            threading.Thread(target=pump, args=(a, b), daemon=True).start()


def inside(server, directory):
    """In the namespace: the server, and a socket that leads to it."""
    subprocess.Popen(
        [server, "server", "-config", directory / "server.hcl"],
        stdin=subprocess.DEVNULL, preexec_fn=die_together)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(f"{directory}/relay.sock")
        relay(s, socket.AF_INET, ("127.0.0.1", 8200))


def outside(server, directory, port):
    """In the machine's network: a port that leads to that socket."""
    def enter():
        namespace()
        die_together()

    subprocess.Popen([sys.executable, __file__, "inside", server, directory],
                     stdin=subprocess.DEVNULL, preexec_fn=enter)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", port))
        relay(s, socket.AF_UNIX, f"{directory}/relay.sock")


def tls(server, directory):
    configure(directory, tls=True)
    subprocess.run(["sh", "-c", _CERTIFICATES, "sh", directory], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    port = free_port()
    with open(directory / "server.log", "ab") as log:
        child = subprocess.Popen(
            [sys.executable, __file__, "outside", str(port), server,
             directory], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True)
    (directory / "pid").write_text(str(child.pid))
    end = time.monotonic() + 60
    while not listens(f"{directory}/api.sock") or \
            not listens(f"{directory}/relay.sock"):
        if child.poll() is not None or time.monotonic() > end:
            raise SystemExit((directory / "server.log").read_text()[-2000:])
        time.sleep(0.05)
    return {"vault_addr": f"https://127.0.0.1:{port}",
            "vault_cacert": (directory / "ca.pem").read_text()}


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
    if what == "inside":
        return inside(argv[2], directory)
    if what == "outside":
        return outside(argv[3], directory, int(argv[2]))
    asked = "" if sys.stdin.isatty() else sys.stdin.read()
    if what in ("up", "open"):
        address = up(argv[2], directory, alone=what == "up")
        (directory / "request.json").write_text(asked)
        print(json.dumps({"vault_addr": address}))
    elif what == "tls":
        print(json.dumps(tls(argv[2], directory)))
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
