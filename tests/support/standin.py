#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scripted server for what a real Vault will not do on demand.

It speaks enough of the API for a backup, a restore and an access decision,
and misbehaves as it is told.  It is no substitute for a real server where
one can be had.

    standin.py --archive good.snap
    standin.py --port 8200 --archive good.snap --fault truncate:after=1000

The first line on standard output is the address.  A fault is KIND[:K=V,...]:

    empty                200 and no body
    truncate:after=N     the answer ends well, N bytes in (a lying proxy)
    drop:after=N         the connection is closed N bytes into the answer
    reset:after=N        the same with a TCP reset
    stall:after=N        nothing more comes after N bytes, for ever
    slow:rate=N          N bytes a second
    status:code=C        that status, with an error text
    body:text=T          200 with that text; a last key json= may hold commas
    redirect:to=URL      307 to another host
    hang                 the request is read, nothing is answered
    swallow              a restore: 204, and nothing is restored
    drop_request:after=N the connection is closed N bytes into the upload

and takes further keys: path= (begins with, after /v1/; default: the
snapshot), method=, times= (how often; default: always), skip= (how often not,
before that).  At run time:

    GET  /__control            what happened: requests, restores, tokens
    PUT  /__control {...}      faults (a list of such texts), archive, and any
                               of the STATE keys below
    POST /__control/reset      forget faults and what happened
"""

import argparse
import hashlib
import json
import os
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SNAPSHOT = "sys/storage/raft/snapshot"
BLOCK = 1 << 20
REMEMBERED = 4096  # of a request's body, for __control

STATE = {
    "product": "openbao",
    "version": "2.7.2",
    "cluster_id": "11111111-2222-3333-4444-555555555555",
    "cluster_name": "standin",
    "initialized": True,
    "sealed": False,
    "is_self": True,
    "leader_address": "",  # "": our own
    "raft_index": 100,
    "role_id": "role",
    "secret_id": "secret",
    "jwt": "jwt",
    "lease": 3600,
    "renewable": True,
    "token_type": "service",
    "root_token": "root",
    "entity_id": "e",
    "wrapped_by": "sys/wrapping/wrap",  # where wrappings were made
    "wrapped": None,  # what they hold: data, auth; None: a login
    "capabilities": {},  # path -> list; "*" is the rest
    "after_restore": {},  # further keys of STATE, from then on
    "restore_pause": 0.0,  # seconds every request blocks after a restore
    "t": 2,  # of sys/seal-status
    "n": 3,
    "keys": [],  # t of these unseal it
    "nodes": [],  # API addresses for sys/ha-status; []: it is not served
}


class Fault:
    def __init__(self, text):
        kind, _, rest = text.partition(":")
        rest, _, self.json = rest.partition(",json=")
        keys = dict(pair.split("=", 1) for pair in rest.split(",") if pair)
        self.kind = kind
        self.path = keys.pop("path", SNAPSHOT)
        self.method = keys.pop("method", None)
        self.left = int(keys.pop("times", -1))
        self.skip = int(keys.pop("skip", 0))
        self.after = int(keys.pop("after", 0))
        self.code = int(keys.pop("code", 500))
        self.rate = int(keys.pop("rate", 1))
        self.text = keys.pop("text", "") or self.json
        self.to = keys.pop("to", "")
        if keys:
            raise ValueError(f"unknown keys {sorted(keys)} in {text}")

    def fits(self, method, path):
        return (
            self.left != 0
            and path.startswith(self.path)
            and (self.method is None or self.method == method)
        )


class World:
    """All that the threads share, under one lock."""

    def __init__(self, archive, faults):
        self.lock = threading.Lock()
        self.archive = archive
        self.state = dict(STATE)
        self.faults = [Fault(f) for f in faults]
        self.forget()

    def forget(self):
        self.requests = []
        self.restores = []
        self.tokens = {}  # token -> time it ends (0: never)
        self.entities = {}  # token -> whose it is, if not "e"
        self.wraps = set()
        self.given = set()  # key shares
        self.made = 0
        self.blocked_until = 0.0

    def fault(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault.fits(method, path):
                    if fault.skip > 0:
                        fault.skip -= 1
                        continue
                    fault.left -= 1
                    return fault
        return None

    def new_token(self, prefix):
        with self.lock:
            self.made += 1
            return f"{prefix}.standin{self.made:06d}"

    def good(self, token):
        with self.lock:
            if token == self.state["root_token"]:
                return True
            if token.startswith("b."):
                return True
            end = self.tokens.get(token)
            return end is not None and (end == 0 or time.monotonic() < end)

    def restored(self):
        with self.lock:
            self.tokens.clear()
            self.wraps.clear()
            self.state.update(self.state["after_restore"])
            pause = self.state["restore_pause"]
            self.blocked_until = time.monotonic() + pause

    def unseal(self, share):
        """One share; False when t of them are not the key."""
        with self.lock:
            self.given.add(share)
            if len(self.given) < self.state["t"]:
                return True
            good = self.given <= set(self.state["keys"])
            self.given.clear()
            if good:
                self.state["sealed"] = False
            return good

    def summary(self):
        with self.lock:
            return {
                "requests": self.requests[-1000:],
                "restores": self.restores,
                "tokens": len(self.tokens),
                "made": self.made,
                "state": self.state,
            }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    world: World

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        if self.request.family in (socket.AF_INET, socket.AF_INET6):
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # One entry for every method.
    def serve(self):
        path, _, query = self.path.partition("?")
        self.unread = True
        self.asked = {"body": ""}
        if path.startswith("/__control"):
            return self.control(path)
        path = path.removeprefix("/v1/")
        token = self.headers.get("X-Vault-Token", "")
        with self.world.lock:
            self.asked = {
                "method": self.command,
                "path": path,
                "query": query,
                "token": bool(token),
                "who": token,
                "namespace": self.headers.get("X-Vault-Namespace", ""),
                "body": "",
            }
            self.world.requests.append(self.asked)
            wait = self.world.blocked_until - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        fault = self.world.fault(self.command, path)
        if fault is not None and fault.kind != "swallow":
            return self.misbehave(fault, path)
        return self.behave(path, token, fault)

    do_GET = do_POST = do_PUT = do_DELETE = do_LIST = serve

    # Reading.
    def read_body(self, limit=None):
        """The body, block by block; stops (unfinished) after `limit`."""
        for block in self.read_blocks(limit):
            text = block.decode("ascii", "replace")
            if len(text) <= REMEMBERED and text.isprintable():
                self.asked["body"] += text
            yield block
        self.asked["whole"] = limit is None

    def read_blocks(self, limit):
        self.unread = False
        seen = 0
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                if size == 0:
                    self.rfile.readline()
                    return
                yield self.rfile.read(size)
                self.rfile.readline()
                seen += size
                if limit is not None and seen >= limit:
                    return
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            want = min(left, BLOCK)
            if limit is not None:
                want = min(want, max(limit - seen, 1))
            block = self.rfile.read(want)
            if not block:
                raise ConnectionError("the caller went away")
            left -= len(block)
            seen += len(block)
            yield block
            if limit is not None and seen >= limit:
                return

    def read_json(self):
        return json.loads(b"".join(self.read_body()) or b"{}") or {}

    # Answering.
    def answer(self, code, doc=None, headers=()):
        if self.unread:
            for _ in self.read_body():
                pass
        data = b"" if doc is None else json.dumps(doc).encode()
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        if code != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def envelope(self, data=None, auth=None, wrap=None):
        self.answer(
            200,
            {
                "request_id": "r",
                "lease_id": "",
                "renewable": False,
                "lease_duration": 0,
                "data": data,
                "wrap_info": wrap,
                "warnings": None,
                "auth": auth,
            },
        )

    def refuse(self, code, text):
        self.answer(code, {"errors": [text]})

    def start_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/gzip")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def stream(self, limit=None, rate=None):
        """The archive, chunked as the real servers send it."""
        self.start_stream()
        plain = not isinstance(self.connection, ssl.SSLSocket)
        with open(self.world.archive, "rb") as f:
            size = os.fstat(f.fileno()).st_size
            end = size if limit is None else min(limit, size)
            at = 0
            while at < end:
                n = min(end - at, rate or BLOCK)
                self.wfile.write(b"%x\r\n" % n)
                self.wfile.flush()
                if plain:
                    self.send_file(f, at, n)
                else:
                    self.wfile.write(os.pread(f.fileno(), n, at))
                self.wfile.write(b"\r\n")
                at += n
                if rate is not None:
                    self.wfile.flush()
                    time.sleep(1)

    def send_file(self, f, at, n):
        while n > 0:
            sent = os.sendfile(self.connection.fileno(), f.fileno(), at, n)
            at += sent
            n -= sent

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")

    def hang_up(self, reset=False):
        self.wfile.flush()
        if reset:
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def misbehave(self, fault, path):
        kind = fault.kind
        if kind == "status":
            return self.refuse(fault.code, fault.text or "made to fail")
        if kind == "redirect":
            where = fault.to.rstrip("/") + "/v1/" + path
            return self.answer(307, None, [("Location", where)])
        if kind == "drop_request":
            for _ in self.read_body(fault.after):
                pass
            return self.hang_up()
        for _ in self.read_body():
            pass
        if kind == "empty":
            self.start_stream()
            return self.end_stream()
        if kind == "body":
            data = fault.text.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            return self.wfile.write(data)
        if kind == "hang":
            self.wfile.flush()
            return self.wait_for_ever()
        if kind == "slow":
            self.stream(rate=fault.rate)
            return self.end_stream()
        if kind in ("drop", "reset") and path != SNAPSHOT:
            return self.hang_up(kind == "reset")
        self.stream(limit=fault.after)
        if kind == "truncate":
            return self.end_stream()
        if kind in ("drop", "reset"):
            return self.hang_up(kind == "reset")
        if kind == "stall":
            self.wfile.flush()
            return self.wait_for_ever()
        raise ValueError(f"unknown fault {kind}")

    def wait_for_ever(self):
        """Until the caller goes away."""
        self.connection.settimeout(3600)
        try:
            self.connection.recv(1)
        except OSError:
            pass
        self.close_connection = True

    def behave(self, path, token, fault):
        open_paths = {
            "sys/health": self.health,
            "sys/seal-status": self.seal_status,
            "sys/leader": self.leader,
            "sys/unseal": self.unseal,
            "auth/approle/login": self.login_approle,
            "auth/kubernetes/login": self.login_kubernetes,
            "sys/wrapping/lookup": self.wrapping_lookup,
            "sys/wrapping/unwrap": self.unwrap,
        }
        closed_paths = {
            "auth/token/lookup-self": self.lookup_self,
            "auth/token/renew-self": self.renew_self,
            "sys/capabilities-self": self.capabilities_self,
            "sys/wrapping/wrap": self.wrap,
            "sys/ha-status": self.ha_status,
        }
        if path in open_paths:
            return open_paths[path]()
        if self.world.state["sealed"]:
            return self.refuse(503, "Vault is sealed")
        if not self.world.good(token):
            return self.refuse(403, "permission denied")
        self.token = token
        if path == SNAPSHOT or path == SNAPSHOT + "-force":
            return self.snapshot(fault)
        if path in closed_paths:
            return closed_paths[path]()
        if path.startswith("secret/"):
            return self.envelope({"path": path, "method": self.command})
        return self.refuse(404, "no handler for route")

    def health(self):
        s = self.world.state
        code = 200 if s["is_self"] else 429
        if s["sealed"]:
            code = 503
        if not s["initialized"]:
            code = 501
        self.answer(
            code,
            {
                "initialized": s["initialized"],
                "sealed": s["sealed"],
                "standby": not s["is_self"],
                "version": s["version"],
                "cluster_id": s["cluster_id"],
                "cluster_name": s["cluster_name"],
            },
        )

    def seal_status(self):
        s = self.world.state
        doc = {
            "type": "shamir",
            "initialized": s["initialized"],
            "sealed": s["sealed"],
            "t": s["t"],
            "n": s["n"],
            "progress": len(self.world.given),
            "version": s["version"],
            "storage_type": "raft",
            "recovery_seal": False,
        }
        date = "commit_date" if s["product"] == "openbao" else "build_date"
        doc[date] = "2026-01-01T00:00:00Z"
        if not s["sealed"]:
            doc["cluster_id"] = s["cluster_id"]
            doc["cluster_name"] = s["cluster_name"]
        self.answer(200, doc)

    def unseal(self):
        body = self.read_json()
        if not self.world.unseal(body.get("key", "")):
            return self.refuse(400, "Unseal failed, invalid key")
        return self.seal_status()

    def ha_status(self):
        nodes = self.world.state["nodes"]
        if not nodes:
            return self.refuse(404, "no handler for route")
        return self.envelope(
            {
                "nodes": [
                    {
                        "api_address": address,
                        "cluster_address": f"https://node{i}:8201",
                        "active_node": False,
                    }
                    for i, address in enumerate(nodes)
                ]
            }
        )

    def leader(self):
        s = self.world.state
        if s["sealed"]:
            return self.refuse(503, "Vault is sealed")
        self.answer(
            200,
            {
                "ha_enabled": True,
                "is_self": s["is_self"],
                "leader_address": s["leader_address"] or self.server.address,
                "leader_cluster_address": "https://127.0.0.1:1",
                "raft_committed_index": s["raft_index"],
                "raft_applied_index": s["raft_index"],
            },
        )

    def grant(self):
        s = self.world.state
        batch = s["token_type"] == "batch"
        token = self.world.new_token("b" if batch else "s")
        with self.world.lock:
            self.world.entities[token] = s["entity_id"]
        if not batch:
            with self.world.lock:
                end = time.monotonic() + s["lease"] if s["lease"] else 0
                self.world.tokens[token] = end
        self.envelope(
            auth={
                "client_token": token,
                "accessor": "" if batch else "a" + token,
                "policies": ["assay", "default"],
                "lease_duration": s["lease"],
                "renewable": s["renewable"] and not batch,
                "token_type": s["token_type"],
                "entity_id": s["entity_id"],
            }
        )

    def login_approle(self):
        body, s = self.read_json(), self.world.state
        if (body.get("role_id"), body.get("secret_id")) != (
            s["role_id"],
            s["secret_id"],
        ):
            return self.refuse(400, "invalid role or secret ID")
        return self.grant()

    def login_kubernetes(self):
        body = self.read_json()
        if body.get("jwt") != self.world.state["jwt"] or not body.get("role"):
            return self.refuse(403, "permission denied")
        return self.grant()

    def lookup_self(self):
        root = self.token == self.world.state["root_token"]
        with self.world.lock:
            end = self.world.tokens.get(self.token, 0)
            entity = self.world.entities.get(self.token, "e")
        ttl = int(end - time.monotonic()) if end else 0
        self.envelope(
            {
                "display_name": "root" if root else "approle",
                "entity_id": "" if root else entity,
                "accessor": "a",
                "type": "batch" if self.token.startswith("b.") else "service",
                "path": "auth/token/root" if root else "auth/approle/login",
                "policies": ["root"] if root else ["assay", "default"],
                "orphan": True,
                "renewable": self.world.state["renewable"] and not root,
                "ttl": ttl,
            }
        )

    def renew_self(self):
        s = self.world.state
        if not s["renewable"]:
            return self.refuse(400, "lease is not renewable")
        with self.world.lock:
            self.world.tokens[self.token] = time.monotonic() + s["lease"]
        self.envelope(
            auth={
                "client_token": self.token,
                "lease_duration": s["lease"],
                "renewable": True,
                "token_type": "service",
            }
        )

    def capabilities_self(self):
        paths = self.read_json().get("paths", [])
        root = self.token == self.world.state["root_token"]
        table = self.world.state["capabilities"]
        deny = table.get("*", ["deny"])
        self.envelope(
            {p: ["root"] if root else table.get(p, deny) for p in paths}
        )

    def wrap(self):
        token = self.world.new_token("s")
        with self.world.lock:
            self.world.wraps.add(token)
        self.envelope(wrap={"token": token, "ttl": 3600})

    def wrapping_lookup(self):
        token = self.read_json().get("token")
        with self.world.lock:
            there = token in self.world.wraps
        if there:
            return self.envelope(
                {
                    "creation_ttl": 3600,
                    "creation_path": self.world.state["wrapped_by"],
                    "creation_time": "2026-01-01T00:00:00Z",
                }
            )
        return self.refuse(
            400, "wrapping token is not valid or does not exist"
        )

    def unwrap(self):
        """Once, and then it is gone: `wrapped`, or a login."""
        with self.world.lock:
            there = self.asked["who"] in self.world.wraps
            self.world.wraps.discard(self.asked["who"])
        if not there:
            return self.refuse(
                400, "wrapping token is not valid or does not exist"
            )
        wrapped = self.world.state["wrapped"]
        if wrapped is None:
            return self.grant()
        return self.envelope(wrapped.get("data"), auth=wrapped.get("auth"))

    def snapshot(self, fault):
        if self.command == "GET":
            self.stream()
            return self.end_stream()
        digest, size = hashlib.sha256(), 0
        for block in self.read_body():
            digest.update(block)
            size += len(block)
        with self.world.lock:
            self.world.restores.append(
                {"size": size, "sha256": digest.hexdigest(), "path": self.path}
            )
        if fault is None:
            self.world.restored()
        return self.answer(204)

    def control(self, path):
        world = self.world
        if self.command == "GET":
            return self.answer(200, world.summary())
        if path.endswith("/reset"):
            with world.lock:
                world.state = dict(STATE)
                world.faults = []
                world.forget()
            return self.answer(204)
        change = self.read_json()
        with world.lock:
            if "faults" in change:
                world.faults = [Fault(f) for f in change.pop("faults")]
            if "archive" in change:
                world.archive = change.pop("archive")
            if change.pop("forget_tokens", False):
                world.tokens.clear()
            unknown = set(change) - set(STATE)
            if unknown:
                return self.refuse(400, f"unknown keys {sorted(unknown)}")
            world.state.update(change)
        return self.answer(204)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass  # callers that go away are the point of many tests


class UnixServer(Server):
    address_family = socket.AF_UNIX

    def server_bind(self):
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", 0

    def get_request(self):
        request, _ = self.socket.accept()
        return request, ("unix", 0)


def make_server(args, world):
    handler = type("BoundHandler", (Handler,), {"world": world})
    if args.unix:
        server = UnixServer(args.unix, handler)
        server.address = "unix://" + args.unix
        return server
    server = Server((args.host, args.port), handler)
    scheme = "http"
    if args.tls_cert:
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.tls_cert, args.tls_key)
        if args.tls_client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(args.tls_client_ca)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    server.address = f"{scheme}://{args.host}:{server.server_port}"
    return server


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--unix", help="listen on this socket instead")
    parser.add_argument("--archive", default=os.devnull)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--state", default="{}", help="JSON, keys of STATE")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--tls-client-ca")
    args = parser.parse_args()
    world = World(args.archive, args.fault)
    world.state.update(json.loads(args.state))
    server = make_server(args, world)
    print(server.address, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
