# SPDX-License-Identifier: Apache-2.0
"""What a restore would mean, said before anything is sent."""
import re
import shutil

import pytest

from tests.support import rest, seed
from tests.support.process import until
from tests.support.world import World
from tests.system.conftest import make_directory


def level(found, name):
    assert name in found, sorted(found)
    return found[name]["level"]


def settle(world, **fields):
    """Nodes and autopilot need a while until they know of each other."""
    until(lambda: all(level(world.assay.plan(**fields), name) == "ok"
                      for name in ("nodes", "autopilot")), 90,
          "every node is well, and autopilot says so", every=1)


def test_41_a_snapshot_of_just_now_undoes_nothing(shared):
    settle(shared, snapshot=shared.snapshot)
    found = shared.assay.plan(snapshot=shared.snapshot)
    for name in ("verdict", "archive", "age", "reachable", "leader", "server",
                 "identity", "nodes", "voters", "autopilot", "rights",
                 "upload_time", "keys", "loss", "leases", "seal",
                 "audit_devices", "login_after"):
        assert level(found, name) == "ok", (name, found[name])
    assert "2 of 3" in found["seal"]["message"]
    assert "newest_writes" in found


def test_41_what_was_done_since_is_named(shared):
    assay, cluster = shared.assay, shared.cluster
    for i in range(3):
        cluster.put(f"plan/{i}", price="new")
    cluster.put("shop/item-4", price="changed")
    cluster.api("POST", "sys/mounts/planned",
                {"type": "kv", "options": {"version": "1"}})
    cluster.api("POST", "planned/one", {"a": "1"})
    cluster.api("PUT", "sys/policies/acl/planned",
                {"policy": 'path "x" { capabilities = ["read"] }'})
    cluster.api("POST", "sys/mounts/leasing", {"type": "pki"})
    cluster.api("POST", "leasing/root/generate/internal",
                {"common_name": "x", "key_type": "ec", "key_bits": 256})
    cluster.api("POST", "leasing/roles/any", {
        "allow_any_name": True, "generate_lease": True, "key_type": "ec",
        "key_bits": 256})
    cluster.api("POST", "leasing/issue/any",
                {"common_name": "a.b", "ttl": "1h"})
    made = cluster.api("POST", "auth/token/create", {"ttl": "1h"}).json
    before = cluster.api("GET", "sys/mounts").data
    found = shared.assay.plan(snapshot=shared.snapshot)
    said = found["loss"]
    assert said["level"] == "warning"
    # Three new secrets and a new version: metadata and version of each.
    assert "secret/ +7 ~1 -0" in said["message"], said
    assert "planned/ +1" in said["message"], said
    assert "policies +1 ~0 -0" in said["message"], said
    assert found["tokens"]["level"] == "warning", found["tokens"]
    assert found["leases"]["level"] == "warning", found["leases"]
    assert found["leases"]["message"].startswith("1 leases"), found["leases"]
    # Assay may not read metadata here, and says what that would take.
    assert "policy inventory" in found["newest_writes"]["message"]
    # It looked, and no more: the token lives, the mount is there.
    assert cluster.api("GET", "auth/token/lookup-self",
                       token=made["auth"]["client_token"]).status == 200
    assert cluster.api("GET", "sys/mounts").data.keys() == before.keys()
    assert not [p for p in (assay.dir / "data").iterdir()
                if p.name.startswith("plan-")]


@pytest.fixture(scope="module")
def old(server, binary):
    """A validated snapshot with an audit device that is gone since; and
    Assay may read the metadata of secrets."""
    path = make_directory()
    world = World(path, server, binary)
    try:
        world.up(policies=("daemon", "restore", "plan", "inventory"))
        seed.audit_file(world.cluster, path / "audit.log")
        world.snapshot = world.assay.backup()
        world.assay.run("validations", snapshot=world.snapshot)
        world.cluster.api("DELETE", "sys/audit/file")
        yield world
    finally:
        world.down()
        shutil.rmtree(path, ignore_errors=True)


def test_41_an_audit_device_that_comes_back(old):
    said = old.assay.plan(snapshot=old.snapshot)["audit_devices"]
    assert said["level"] == "warning"
    assert str(old.dir / "audit.log") in said["message"], said
    assert "never becomes active" in said["message"]
    # The same device, made anew: it is open now.
    seed.audit_file(old.cluster, old.dir / "audit.log")
    said = old.assay.plan(snapshot=old.snapshot)["audit_devices"]
    assert said["level"] == "ok" and "open now" in said["message"], said


def test_41_the_newest_writes_are_named(old):
    said = old.assay.plan(snapshot=old.snapshot)["newest_writes"]
    assert said["level"] == "ok" and "no versioned KV" in said["message"], said
    old.cluster.put("shop/deep/er", price="1")
    old.cluster.put("shop/item-7", price="2")
    said = old.assay.plan(snapshot=old.snapshot)["newest_writes"]
    assert said["level"] == "warning", said
    assert said["message"].startswith("2 of the 22 secrets"), said
    first, second = said["message"].split("newest: ")[1].split(", ")
    assert first.startswith("secret/shop/item-7 at 20"), said
    assert second.startswith("secret/shop/deep/er at 20"), said


def test_41_a_rekey_since_is_a_blocker(old):
    """What the plan says about it is what the servers then do."""
    cluster, node = old.cluster, old.cluster.nodes[0]
    archive = next(old.assay.storage.rglob(f"{old.snapshot}.snap"))
    cluster.put("plan/after", price="1")
    cluster.api("PUT", "sys/rotate", {})  # another key term: no rekey
    assert level(old.assay.plan(snapshot=old.snapshot), "keys") == "ok"
    new = cluster.rekey(cluster.shares, cluster.threshold)
    said = old.assay.plan(snapshot=old.snapshot)["keys"]
    assert said["level"] == "blocker" and "rekeyed" in said["message"], said
    said = old.assay.plan(snapshot=old.snapshot, force=True)["keys"]
    assert said["level"] == "warning", said
    assert "before the rekey" in said["message"], said

    def post(path):
        return rest.request(
            node.address, "POST", f"/v1/sys/storage/raft/{path}",
            archive.read_bytes(), token=cluster.root, timeout=60)

    refused = post("snapshot")
    assert refused.status == 400, refused
    assert "unseal keys" in refused.errors[0]
    assert post("snapshot-force").status == 204
    # Asked meanwhile it answers once it is done.  404: and not "not now".
    until(lambda: rest.request(
        node.address, "GET", "/v1/secret/data/plan/after",
        token=cluster.root).status == 404, 60, "the older data is there")
    node.process.kill()
    node.start()
    for key in new[:cluster.threshold]:
        wrong = rest.request(node.address, "PUT", "/v1/sys/unseal",
                             {"key": key})
    assert wrong.status == 400, wrong
    node.unseal()  # with the shares from before


def test_41_every_peer_is_asked(new_world, server, binary, workdir):
    """A standby that is down; and a foreign snapshot onto three nodes."""
    other = World(workdir / "other", server, binary)
    try:
        other.up(start=False)
        world = new_world(nodes=3, config={"clusters": {
            "other": other.config["clusters"]["main"]}})
        assay = world.assay
        ours = assay.backup(cluster="main")
        foreign = assay.backup(cluster="other")
    finally:
        other.down()
    unproved = {"overrides": ["verdict"], "reason": "a plan only"}
    settle(world, snapshot=ours, **unproved)
    found = assay.plan(snapshot=ours, **unproved)
    assert "3 nodes" in found["nodes"]["message"], found["nodes"]
    assert level(found, "voters") == "ok"
    found = assay.plan(snapshot=foreign, target="main", force=True,
                       **unproved)
    assert level(found, "voters") == "blocker", found
    assert "3 nodes, 3 of them voters" in found["voters"]["message"]
    assert "secret/" in found["loss"]["message"], found["loss"]
    down = world.cluster.standbys()[0]
    down.process.kill()
    said = assay.plan(snapshot=ours, **unproved)["nodes"]
    assert said["level"] == "warning", said
    # By the address it had; after a while that is forgotten.
    assert re.search(f"{down.name} (cannot be reached|has no known address)",
                     said["message"]), said
