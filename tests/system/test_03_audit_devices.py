# SPDX-License-Identifier: Apache-2.0
"""Audit devices come back with the data; in the transient cluster they must
neither stop it nor write where production writes."""
from tests.support import seed


def test_03_validation_does_not_touch_the_production_audit_log(world):
    assay, cluster = world.assay, world.cluster
    log = world.dir / "audit" / "audit.json"
    log.parent.mkdir()
    seed.audit_file(cluster, log)
    snapshot = assay.backup()
    # Silence production, so that any further line is the transient's.
    cluster.api("DELETE", "sys/audit/file")
    before = log.read_bytes()
    proof = assay.run("validations", snapshot=snapshot)
    assert proof["verdict"] == "valid", proof
    assert log.read_bytes() == before
    assert sorted(p.name for p in log.parent.iterdir()) == ["audit.json"]


def test_03_an_audit_path_that_cannot_exist_here(world):
    """The directory is gone by the time of the validation: a server outside
    an empty root would never become active."""
    assay, cluster = world.assay, world.cluster
    folder = world.dir / "only-on-production"
    folder.mkdir()
    seed.audit_file(cluster, folder / "audit.json")
    snapshot = assay.backup()
    cluster.api("DELETE", "sys/audit/file")
    (folder / "audit.json").unlink()
    folder.rmdir()
    proof = assay.run("validations", snapshot=snapshot)
    assert proof["verdict"] == "valid", proof
    assert not folder.exists()


def test_03_restore_with_audit_devices_on(world):
    assay, cluster = world.assay, world.cluster
    log = world.dir / "audit.json"
    seed.audit_file(cluster, log)
    snapshot = assay.backup()
    assay.run("validations", snapshot=snapshot)
    cluster.put("shop/item-1", price="wrong")
    run = assay.run("restores", snapshot=snapshot)
    assert run["status"] == "succeeded", run
    assert cluster.kv("shop/item-1") == {"price": "100"}
    text = log.read_text()
    assert "sys/storage/raft/snapshot" in text
