# SPDX-License-Identifier: Apache-2.0
"""Real OpenBao and Vault clusters with raft storage, on loopback."""
import os
import pathlib
import subprocess

from . import rest
from .process import Process, free_port, until

_NODE = """
storage "raft" {{
  path    = "{dir}/raft"
  node_id = "{name}"
  performance_multiplier = 1
{retry_join}}}
listener "tcp" {{
  address         = "127.0.0.1:{api}"
  cluster_address = "127.0.0.1:{raft}"
  tls_disable     = true
}}
api_addr     = "http://127.0.0.1:{api}"
cluster_addr = "https://127.0.0.1:{raft}"
{product}
"""
_PRODUCT = {
    "vault": "disable_mlock = true",
    # Devices made through the API, as most running clusters have them.
    "openbao": "unsafe_allow_api_audit_creation = true",
}


class Server:
    """A `bao` or `vault` program."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        words = subprocess.run(
            [self.path, "version"], check=True, capture_output=True,
            text=True).stdout.split()
        self.product = words[0].lower()
        self.version = words[1].rstrip(",").lstrip("v")

    def cli(self, address, token, *args, env=None):
        """Run the product's own CLI against `address`."""
        return subprocess.run(
            [self.path, *args], capture_output=True, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                 "VAULT_ADDR": address, "VAULT_TOKEN": token,
                 "BAO_ADDR": address, "BAO_TOKEN": token, **(env or {})})


class Node:
    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.dir = cluster.dir / name
        self.port, self.raft_port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        (self.dir / "raft").mkdir(parents=True, exist_ok=True)
        join = "".join(
            f'  retry_join {{ leader_api_addr = "{n.address}" }}\n'
            for n in self.cluster.nodes if n is not self)
        config = self.dir / "server.hcl"
        config.write_text(_NODE.format(
            dir=self.dir, name=self.name, api=self.port, raft=self.raft_port,
            retry_join=join, product=_PRODUCT[self.cluster.server.product])
            + self.cluster.extra)
        self.process = Process(
            [self.cluster.server.path, "server", "-config", config],
            self.dir / "server.log", cwd=self.dir)
        until(lambda: self.status() or not self.process.alive(), 20,
              f"{self.name} answers")
        if not self.process.alive():
            raise RuntimeError(f"{self.name}: {self.process.output()}")

    def status(self):
        """sys/seal-status, or None while nobody answers."""
        try:
            return rest.request(self.address, "GET", "/v1/sys/seal-status",
                                timeout=10).json
        except (OSError, ValueError):
            return None

    def health(self):
        try:
            return rest.request(self.address, "GET", "/v1/sys/health",
                                timeout=10).status
        except OSError:
            return None

    def unseal(self):
        """One that joins has its answer from the leader to wait for, and
        forgets the keys when that does not come in time: once more then."""
        keys = [] if self.cluster.auto else \
            self.cluster.keys[:self.cluster.threshold]
        for last in (False, True):
            for key in keys:
                answer = rest.request(self.address, "PUT", "/v1/sys/unseal",
                                      {"key": key})
                assert last or answer.status == 200, answer
            try:
                until(lambda: self.health() in (200, 429, 472, 473), 30,
                      f"{self.name} unsealed")
                return
            except TimeoutError as slow:
                if last:
                    raise TimeoutError(
                        f"{slow}: {self.process.output()[-2000:]}") from slow

    def leads(self):
        answer = rest.request(self.address, "GET", "/v1/sys/leader").json
        return bool(answer.get("is_self"))

    def applied_index(self):
        answer = rest.request(self.address, "GET", "/v1/sys/leader").json
        return int(answer.get("raft_applied_index", 0))


class Cluster:
    """One or more nodes, initialised, unsealed, with a leader.

    `extra` is added to their configuration; with a seal stanza in it they
    unseal themselves, and `keys` are recovery keys."""

    def __init__(self, server, directory, nodes=1, shares=3, threshold=2,
                 extra=""):
        self.server = server
        self.dir = pathlib.Path(directory)
        self.shares, self.threshold = shares, threshold
        self.extra, self.auto = extra, 'seal "' in extra
        self.nodes = []
        self.nodes += [Node(self, f"node{i + 1}") for i in range(nodes)]
        self.keys, self.root = [], None

    def start(self):
        first = self.nodes[0]
        first.start()
        of = "recovery" if self.auto else "secret"
        made = rest.request(
            first.address, "PUT", "/v1/sys/init",
            {f"{of}_shares": self.shares,
             f"{of}_threshold": self.threshold}).ok().json
        self.root = made["root_token"]
        self.keys = made["recovery_keys_base64" if self.auto
                         else "keys_base64"]
        first.unseal()
        until(first.leads, 30, "node1 leads")
        if len(self.nodes) > 1:
            # Ten seconds by default before a newcomer may vote.
            self.api("POST", "sys/storage/raft/autopilot/configuration",
                     {"server_stabilization_time": "1s"})
        for node in self.nodes[1:]:
            node.start()
            until(lambda n=node: (n.status() or {}).get("initialized"), 30,
                  f"{node.name} joined")
            node.unseal()
        if len(self.nodes) > 1:
            until(lambda: len(self.voters()) == len(self.nodes), 60,
                  "every node votes")
        return self

    def stop(self):
        for node in self.nodes:
            if node.process is not None:
                node.process.kill()

    @property
    def address(self):
        return self.nodes[0].address

    def leader(self):
        def look():
            for node in self.nodes:
                if node.process.alive() and node.health() == 200:
                    return node
            return None
        return until(look, 30, "a leader")

    def standbys(self):
        leader = self.leader()
        return [n for n in self.nodes if n is not leader]

    def voters(self):
        answer = self.api("GET", "sys/storage/raft/configuration").data
        return [s for s in answer["config"]["servers"] if s["voter"]]

    def api(self, method, path, body=None, *, token=None, headers=None):
        """As root unless a token is given; to the leader."""
        return rest.request(self.leader().address, method, "/v1/" + path, body,
                            token=token or self.root, headers=headers).ok()

    def kv(self, path):
        """A secret's data, or None: read with root, which a restore of the
        cluster's own snapshot leaves alive."""
        answer = rest.request(self.leader().address, "GET",
                              f"/v1/secret/data/{path}", token=self.root)
        return answer.data["data"] if answer.status == 200 else None

    def put(self, path, **data):
        self.api("POST", f"secret/data/{path}", {"data": data})

    def snapshot(self):
        """The archive, as the server itself gives it."""
        return self.api("GET", "sys/storage/raft/snapshot").body

    def rekey(self, shares, threshold):
        """The new shares; `keys` are still those from before."""
        path = "sys/rotate/root" if self.server.product == "openbao" \
            else "sys/rekey"
        made = self.api("PUT", f"{path}/init", {
            "secret_shares": shares, "secret_threshold": threshold}).json
        nonce = (made.get("data") or made)["nonce"]
        for key in self.keys[:self.threshold]:
            made = self.api("PUT", f"{path}/update",
                            {"key": key, "nonce": nonce}).json
        made = made.get("data") or made
        assert made["complete"], sorted(made)
        return made["keys_base64"]

    def key_files(self, directory, keys=None):
        """Unseal keys in files of their own, 0600, as an operator would."""
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        paths = []
        for i, key in enumerate(keys or self.keys[:self.threshold]):
            path = directory / f"unseal-{i + 1}"
            path.write_text(key + "\n")
            path.chmod(0o600)
            paths.append(path)
        return paths
