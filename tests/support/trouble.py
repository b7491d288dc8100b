# SPDX-License-Identifier: Apache-2.0
"""The scripted stand-in as a process, and Assay pointed at it."""
import pathlib
import sys

from . import mksnap, rest
from .assay import Assay, merge
from .process import Process, until

_HERE = pathlib.Path(__file__).parent
EVERYTHING = ["create", "read", "update", "delete", "list", "sudo"]


class StandIn:
    def __init__(self, directory, archive, name="standin"):
        self.archive = archive
        self.process = Process(
            [sys.executable, _HERE / "standin.py", "--archive", archive],
            pathlib.Path(directory) / f"{name}.log")
        until(lambda: self.process.output().startswith("http"), 10,
              "the stand-in listens")
        self.address = self.process.output().split()[0]
        self.control(capabilities={"*": EVERYTHING})

    def control(self, **change):
        rest.request(self.address, "PUT", "/__control", change).ok()

    def fault(self, *faults):
        self.control(faults=list(faults))

    def seen(self):
        return rest.request(self.address, "GET", "/__control").ok().json

    def login(self, role_id="role", secret_id="secret"):
        return rest.request(
            self.address, "POST", "/v1/auth/approle/login",
            {"role_id": role_id, "secret_id": secret_id}
        ).ok().json["auth"]["client_token"]


def archive(directory, broken=None, entries=200, name="archive.snap"):
    path = pathlib.Path(directory) / name
    mksnap.write(str(path), mksnap.entries(entries), broken)
    return path


class TroubledWorld:
    """Assay beside a stand-in that serves a good archive until told."""

    def __init__(self, directory, binary, config=None, entries=200):
        self.dir = pathlib.Path(directory)
        self.binary = binary
        self.standin = StandIn(directory, archive(directory, None, entries))
        self.assay = Assay(binary, self.dir / "a", config=merge({
            "clusters": {"main": {
                "address": self.standin.address,
                "auth": {"method": "approle", "role_id": "role",
                         "secret_id": "secret"}}},
        }, config or {}))

    def up(self):
        self.assay.start()
        self.assay.token = self.standin.login()
        self.assay.approver = self.somebody_else
        return self

    def somebody_else(self):
        """The token of another entity than the rest are."""
        self.standin.control(entity_id="f")
        try:
            return self.standin.login()
        finally:
            self.standin.control(entity_id="e")

    def down(self):
        if self.assay.process is not None:
            self.assay.process.kill()
        self.standin.process.kill()
