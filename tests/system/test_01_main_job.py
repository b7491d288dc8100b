# SPDX-License-Identifier: Apache-2.0
"""The main job: back up, prove, list, restore; and what it leaves behind."""
from tests.support.assay import check
from tests.support.process import children_of


def test_01_backup_validate_change_restore(world):
    assay, cluster = world.assay, world.cluster
    snapshot = assay.backup()
    kept = assay.snapshot(snapshot)
    assert kept["verdict"] == "unvalidated"
    assert kept["product"] == cluster.server.product
    assert kept["server_version"] == cluster.server.version
    assert kept["cluster"] == "main"
    assert kept["entries"] > 50 and kept["size_bytes"] > 10000

    proof = assay.run("validations", snapshot=snapshot)
    assert proof["status"] == "succeeded", proof
    assert proof["verdict"] == "valid", proof
    lossless = check(proof, "lossless")
    assert lossless["outcome"] == "pass"
    assert lossless["covered"] == lossless["total"] == kept["entries"]
    assert assay.snapshot("latest-valid")["id"] == snapshot

    cluster.put("shop/item-3", price="wrong")
    cluster.api("DELETE", "secret/metadata/shop/item-4")
    cluster.api("DELETE", "sys/policies/acl/shop")
    run = assay.run("restores", snapshot=snapshot)
    assert run["status"] == "succeeded", run
    assert cluster.kv("shop/item-3") == {"price": "300"}
    assert cluster.kv("shop/item-4") == {"price": "400"}
    assert cluster.api("GET", "sys/policies/acl/shop").data["policy"]


def test_01_restore_saves_what_was_there_first(world):
    assay, cluster = world.assay, world.cluster
    snapshot = assay.backup()
    assay.run("validations", snapshot=snapshot)
    cluster.put("shop/only-now", price="7")
    run = assay.run("restores", snapshot=snapshot)
    assert run["status"] == "succeeded", run
    safety = run["safety_snapshot_id"]
    assert safety and safety != snapshot
    assay.token = world.login()
    assert assay.snapshot(safety)["raft_index"] > \
        assay.snapshot(snapshot)["raft_index"]
    # And back again: the way out of a restore that was a mistake.
    proof = assay.run("validations", snapshot=safety)
    assert proof["verdict"] == "valid", proof
    run = assay.run("restores", snapshot=safety)
    assert run["status"] == "succeeded", run
    assert cluster.kv("shop/only-now") == {"price": "7"}


def test_01_requester_follows_a_restore_that_killed_the_token(world):
    assay = world.assay
    snapshot = assay.backup()
    assay.run("validations", snapshot=snapshot)
    token = world.login()  # younger than the snapshot: dead afterwards
    run = assay.run("restores", token=token, snapshot=snapshot)
    assert run["status"] == "succeeded", run
    answer = assay.api("GET", f"restores/{run['id']}", token=token)
    assert answer.status == 200
    # But that run only.
    assert assay.api("GET", "status", token=token).status == 403
    assert assay.api("LIST", "snapshots", token=token).status == 403


def test_01_nothing_of_the_transient_cluster_stays(world):
    assay = world.assay
    assay.backup()
    proof = assay.run("validations")
    assert proof["verdict"] == "valid", proof
    assert assay.transients() == {}
    assert children_of(assay.process.pid) == []
    left = [p for p in assay.dir.rglob("*")
            if p.name in ("raft", "vault.db", "raft.db", "api.sock")]
    assert left == []
    assert assay.parts() == []


def test_01_times_are_measured(shared):
    proof = shared.validation
    assert proof["verdict"] == "valid", proof
    assert 0 < proof["restore_seconds"] < 60
    assert proof["phases"] and all(
        p["duration_seconds"] >= 0 for p in proof["phases"])
    status = shared.assay.api("GET", "status").ok().data
    assert status["last_valid_snapshot_id"] == shared.snapshot


def test_01_health_says_whether_there_is_a_young_valid_snapshot(shared):
    assert shared.assay.api("GET", "health",
                            query={"max_age": "1h"}).status == 200
    assert shared.assay.api("GET", "health",
                            query={"max_age": "0s"}).status == 503


def test_01_no_secret_in_logs_or_data(shared):
    """Unseal keys, the secret-id and tokens are in no file that Assay
    writes."""
    assay, cluster = shared.assay, shared.cluster
    secrets = [k.encode() for k in cluster.keys] + [
        assay.token.encode(), cluster.root.encode(),
        (shared.dir / "keys" / "secret-id").read_bytes().strip()]
    for path in assay.dir.rglob("*"):
        if path.is_file() and path.suffix != ".snap":
            content = path.read_bytes()
            for secret in secrets:
                assert secret not in content, path
