# SPDX-License-Identifier: Apache-2.0
"""A cluster with data, the people around it, and Assay beside it."""
import pathlib

from . import seed
from .assay import Assay, merge, policy
from .cluster import Cluster


class World:
    def __init__(self, directory, server, binary):
        self.dir = pathlib.Path(directory)
        self.server, self.binary = server, binary
        self.cluster = self.assay = None
        self.config = {}

    def up(self, *, nodes=1, config=None, start=True, address=None, extra="",
           policies=("daemon", "restore", "plan")):
        """Everything an operator does before the first backup."""
        self.cluster = Cluster(self.server, self.dir / "cluster", nodes,
                               extra=extra)
        self.cluster.start()
        seed.fill(self.cluster)
        self.people()
        auth = seed.approle(self.cluster,
                            policy(self.binary, *policies),
                            self.dir / "keys")
        keys = self.cluster.key_files(self.dir / "keys")
        self.config = merge({
            "clusters": {"main": {
                "address": address or self.cluster.address,
                "auth": auth,
                "unseal": {"key_files": [str(k) for k in keys]}}},
            "transient": {"driver": "process",
                          "server": str(self.server.path)},
        }, config or {})
        self.assay = Assay(self.binary, self.dir / "a", config=self.config)
        if start:
            self.assay.start()
            self.assay.token = seed.login(self.cluster, "alice")
        self.assay.approver = lambda: self.login("carol")
        return self

    def people(self):
        """alice runs the place, carol is asked before she restores, bob takes
        backups, victor only looks, and nell has a login and nothing else."""
        seed.person(self.cluster, "alice", policy(self.binary, "admin"))
        seed.person(self.cluster, "carol", policy(self.binary, "admin"))
        seed.person(self.cluster, "bob", policy(self.binary, "operator"))
        seed.person(self.cluster, "victor", policy(self.binary, "viewer"))
        seed.person(self.cluster, "nell")

    def login(self, name="alice"):
        return seed.login(self.cluster, name)

    def address_assay(self, address):
        """Point Assay at another address of the cluster; before start."""
        self.assay.config["clusters"]["main"]["address"] = address

    def down(self):
        if self.assay is not None and self.assay.process is not None:
            self.assay.process.kill()
        if self.cluster is not None:
            self.cluster.stop()
