# SPDX-License-Identifier: Apache-2.0
"""Three nodes, Assay pointed at a standby.  OpenBao's standbys answer 204 to
a restore, restore nothing and seal themselves; Vault's redirect."""
import pytest

from tests.support.process import until


@pytest.fixture
def standby_world(new_world):
    world = new_world(nodes=3, start=False,
                      policies=("daemon", "restore", "plan", "inventory"),
                      config={"validation": {"oracle": "baseline"}})
    world.address_assay(world.cluster.standbys()[0].address)
    world.assay.start()
    world.assay.token = world.login()
    return world


def lose_everything(cluster):
    """Every secret, a policy, an engine with its keys, and who logs in."""
    for mount in ("secret", "transit"):
        cluster.api("DELETE", f"sys/mounts/{mount}").ok()
    cluster.api("DELETE", "sys/policies/acl/bob").ok()
    cluster.api("DELETE", "auth/userpass/users/victor").ok()


def test_02_backup_and_restore_addressed_to_a_standby(standby_world):
    assay, cluster = standby_world.assay, standby_world.cluster
    cluster.put("shop/item-3", price="old")
    index = cluster.leader().applied_index()
    snapshot = assay.backup()
    # The leader's copy, not a standby's older one.
    assert assay.snapshot(snapshot)["raft_index"] >= index
    proof = assay.run("validations", snapshot=snapshot)
    assert proof["verdict"] == "valid", proof

    lose_everything(cluster)
    made = assay.create("restores", snapshot=snapshot)
    assert assay.pending(made["id"])["status"] == "pending_approval"
    assay.approve(made["id"])  # carol does, not who asked
    run = assay.wait("restores", made["id"])
    assert run["status"] == "succeeded", run
    assert cluster.kv("shop/item-3") == {"price": "old"}
    same = run["outcome"]["baseline"]
    assert same["outcome"] == "pass", same
    assert same["covered"] == same["total"] > 20
    outcome = run["outcome"]
    assert outcome["state"] == "restored" and outcome["login"]["ok"], outcome
    assert outcome["leader"] == cluster.leader().address
    assert {n["address"] for n in outcome["nodes"]} == \
        {n.address for n in cluster.nodes}
    assert outcome["way_back"]["body"] == {
        "snapshot": run["safety_snapshot_id"], "target": "main"}
    for node in cluster.nodes:
        assert node.process.alive()
        assert node.status()["sealed"] is False, node.name
    until(lambda: len({n.applied_index() for n in cluster.nodes}) == 1, 15,
          "every node at one raft index")


def test_02_works_on_after_the_leader_dies(standby_world):
    assay, cluster = standby_world.assay, standby_world.cluster
    assay.backup()
    alive = cluster.standbys()
    leader = cluster.leader()
    if assay.config["clusters"]["main"]["address"] == leader.address:
        pytest.fail("assay is not addressed to a standby")
    leader.process.kill()
    until(lambda: any(n.health() == 200 for n in alive), 30, "a new leader")
    until(lambda: assay.run("backups")["status"] == "succeeded", 30,
          "a backup from the new leader", every=1)
