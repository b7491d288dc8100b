# SPDX-License-Identifier: Apache-2.0
"""Restores are dangerous: only what was proved, only what was asked for."""
from tests.support import rest
from tests.support.process import until


def test_05_an_unvalidated_snapshot_is_refused(world):
    snapshot = world.assay.backup()
    answer = world.assay.api("POST", "restores", {"snapshot": snapshot})
    assert answer.status == 422, answer
    assert "valid" in answer.errors[0]


def test_05_unless_the_request_says_why(world):
    snapshot = world.assay.backup()
    answer = world.assay.api("POST", "restores",
                             {"snapshot": snapshot, "overrides": ["verdict"]})
    assert answer.status == 400 and "reason" in answer.errors[0], answer
    world.cluster.put("shop/item-2", price="wrong")
    run = world.assay.run("restores", snapshot=snapshot,
                          overrides=["verdict"],
                          reason="the proof cannot wait")
    assert run["status"] == "succeeded", run
    assert world.cluster.kv("shop/item-2") == {"price": "200"}


def test_05_a_dry_run_changes_nothing(world):
    assay, cluster = world.assay, world.cluster
    snapshot = assay.backup()
    assay.run("validations", snapshot=snapshot)
    cluster.put("shop/item-5", price="new")
    run = assay.run("restores", snapshot=snapshot, dry_run=True)
    assert run["status"] == "succeeded", run
    assert run["dry_run"] is True
    assert run["plan"]["findings"] is not None
    assert cluster.kv("shop/item-5") == {"price": "new"}
    # The caller's token is younger than the snapshot, and still lives.
    assert assay.api("GET", "status").status == 200


def test_05_an_archive_changed_in_storage_is_not_sent(world):
    assay, cluster = world.assay, world.cluster
    snapshot = assay.backup()
    assay.run("validations", snapshot=snapshot)
    (archive,) = assay.storage.rglob(f"{snapshot}.snap")
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    archive.chmod(0o600)
    archive.write_bytes(data)
    cluster.put("shop/item-5", price="new")
    run = assay.run("restores", snapshot=snapshot)
    assert run["status"] == "failed", run
    assert cluster.kv("shop/item-5") == {"price": "new"}


def test_05_a_damaged_archive_is_invalid(world):
    assay = world.assay
    snapshot = assay.backup()
    (archive,) = assay.storage.rglob(f"{snapshot}.snap")
    data = archive.read_bytes()
    archive.chmod(0o600)
    archive.write_bytes(data[:len(data) // 2])
    proof = assay.run("validations", snapshot=snapshot)
    assert proof["status"] == "succeeded", proof
    assert proof["verdict"] == "invalid", proof
    assert assay.snapshot(snapshot)["verdict"] == "invalid"
    answer = assay.api("POST", "restores", {"snapshot": snapshot})
    assert answer.status == 422


def test_05_a_missing_snapshot_is_404(world):
    answer = world.assay.api("POST", "restores", {"snapshot": "latest-valid"})
    assert answer.status == 404, answer


def test_05_a_sealed_cluster_is_503_and_assay_stays_up(world):
    """Nobody can be asked who may do what; the daemon itself is fine."""
    assay, cluster = world.assay, world.cluster
    node = cluster.nodes[0]
    node.process.kill()
    node.start()  # sealed
    answer = assay.api("POST", "backups", {}, token=cluster.root)
    assert answer.status == 503, answer
    assert len(answer.errors) == 1
    for path in ("/livez", "/readyz"):
        assert rest.request(assay.address, "GET", path).status == 200
    node.unseal()
    until(lambda: assay.api("POST", "backups", {}).status == 200, 20,
          "backups work again")
