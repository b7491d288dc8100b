# SPDX-License-Identifier: Apache-2.0
"""Three credentials, none of them root and none with more than `assay policy`
prints for it, not even the policy `default`: backup, prove, restore.  Each
line that is taken away is missed, and named."""
import re

import pytest

from tests.support import seed
from tests.support.assay import policy

NAMES = {"backup": "assay-backup", "prove": "assay-prove",
         "restore": "assay-restore"}


class Least:
    """Roles whose policies can be changed under the running daemon."""

    def __init__(self, world):
        self.world, self.cluster, self.assay = world, world.cluster, world.assay
        self.text = {k: policy(world.binary, k) for k in NAMES}
        auth = {}
        for kind, name in NAMES.items():
            auth[kind] = seed.approle(self.cluster, self.text[kind],
                                      world.dir / name, name=name)
            self.cluster.api("POST", f"auth/approle/role/{name}",
                             {"token_policies": name, "token_type": "batch",
                              "token_ttl": "20m",
                              "token_no_default_policy": True})
        main = self.assay.config["clusters"]["main"]
        main["auth"], main["restore_auth"] = auth["backup"], auth["restore"]
        self.assay.config["transient"]["auth"] = auth["prove"]

    def without(self, kind, path):
        """Take a line away, or put all back (None)."""
        text = self.text[kind]
        if path is not None:
            less = re.sub(r'path "%s" \{[^}]*\}' % re.escape(path), "", text)
            assert less != text
            text = less
        self.cluster.api("PUT", f"sys/policies/acl/{NAMES[kind]}",
                         {"policy": text})


@pytest.fixture
def least(new_world):
    world = new_world(start=False)
    made = Least(world)
    world.assay.start()
    world.assay.token = world.login()
    return made


SNAPSHOT = "sys/storage/raft/snapshot"


def test_47_three_credentials_without_a_line_to_spare(least):
    assay, cluster = least.assay, least.cluster
    snapshot = assay.backup()
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "valid", run

    least.without("backup", SNAPSHOT)
    run = assay.run("backups")
    assert run["status"] == "failed", run
    assert f'lacks "read" on {SNAPSHOT}' in run["error"], run
    for name, path in (("nodes", "sys/ha-status"),
                       ("autopilot", "sys/storage/raft/autopilot/state")):
        least.without("backup", path)
        found = assay.plan(snapshot=snapshot)[name]
        assert found["level"] == "warning", found
        assert f"grant read on {path}" in found["message"], found
    least.without("backup", None)
    assert assay.plan(snapshot=snapshot)["nodes"]["level"] == "ok"

    least.without("restore", SNAPSHOT)
    rights = assay.plan(snapshot=snapshot)["rights"]
    assert rights["level"] == "blocker" and SNAPSHOT in rights["message"]
    least.without("restore", "sys/capabilities-self")
    rights = assay.plan(snapshot=snapshot)["rights"]
    assert rights["level"] == "blocker", rights
    assert 'lacks "update" on sys/capabilities-self' in rights["message"]
    least.without("restore", "sys/wrapping/wrap")
    run = assay.run("restores", snapshot=snapshot)
    assert run["status"] == "failed" and "nothing was sent" in run["error"]
    assert "sys/wrapping/wrap" in run["error"], run
    least.without("restore", None)

    cluster.put("shop/item-4", price="wrong")
    run = assay.run("restores", snapshot=snapshot)
    assert run["status"] == "succeeded", run
    assert cluster.kv("shop/item-4") == {"price": "400"}


def test_47_nobody_else_proves(least):
    """The copy is asked as who may prove, whose policy is in the snapshot."""
    least.without("prove", SNAPSHOT)
    least.assay.backup()
    run = least.assay.run("validations")
    checks = {c["name"]: c for c in run["checks"]}
    assert run["verdict"] == "inconclusive", run
    assert checks["lossless"]["outcome"] == "not_run", checks["lossless"]
    assert f'lacks "read" on {SNAPSHOT}' in checks["lossless"]["message"]
    least.without("prove", "auth/token/lookup-self")
    least.assay.backup()
    run = least.assay.run("validations")
    (restorable,) = [c for c in run["checks"] if c["name"] == "restorable"]
    assert restorable["outcome"] == "not_run", restorable
    assert 'lacks "read" on auth/token/lookup-self' in restorable["message"]
