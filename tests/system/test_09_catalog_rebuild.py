# SPDX-License-Identifier: Apache-2.0
"""The storage is the truth and the catalog an index of it."""
import base64
import json

from tests.support.assay import run_assay


def rebuild(assay):
    return run_assay(assay.binary, "catalog", "rebuild", "-config",
                     assay.dir / "assay.json")


def lose_catalog(assay):
    for path in (assay.dir / "data").glob("assay.db*"):
        path.unlink()


def test_09_rebuild_brings_snapshots_and_verdicts_back(world):
    assay = world.assay
    first = assay.backup()
    assay.run("validations", snapshot=first)
    world.cluster.put("shop/item-1", price="2")
    second = assay.backup()
    before = {i: assay.snapshot(i) for i in (first, second)}
    assert assay.stop() == 0
    lose_catalog(assay)
    done = rebuild(assay)
    assert done.returncode == 0, done.stderr
    assay.start()
    for each in (first, second):
        after = assay.snapshot(each)
        for field in ("sha256", "size_bytes", "raft_index", "raft_term",
                      "entries", "cluster_id", "product", "server_version",
                      "verdict", "validated_at", "created_at"):
            assert after[field] == before[each][field], field
    assert assay.snapshot("latest-valid")["id"] == first
    run = assay.run("restores", snapshot="latest-valid")
    assert run["status"] == "succeeded", run


def test_09_a_forged_verdict_does_not_count(world):
    """Whoever can write to the storage cannot open the gate."""
    assay = world.assay
    snapshot = assay.backup()
    assay.run("validations", snapshot=snapshot)
    assert assay.stop() == 0
    forged = 0
    for path in assay.storage.rglob(f"{snapshot}.*.json"):
        envelope = json.loads(path.read_text())
        payload = base64.b64decode(envelope["payload"])
        assert b"lossless" in payload
        envelope["payload"] = base64.b64encode(
            payload.replace(b"lossless", b"harmless")).decode()
        path.chmod(0o600)
        path.write_text(json.dumps(envelope))
        forged += 1
    assert forged == 1
    lose_catalog(assay)
    rebuild(assay)
    assay.start()
    assert assay.snapshot(snapshot)["verdict"] == "unvalidated"


def test_09_rebuild_twice_is_rebuild_once(world):
    assay = world.assay
    snapshot = assay.backup()
    assert assay.stop() == 0
    assert rebuild(assay).returncode == 0
    assert rebuild(assay).returncode == 0
    assay.start()
    assert assay.snapshot_ids() == [snapshot]
