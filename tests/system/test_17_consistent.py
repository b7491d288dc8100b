# SPDX-License-Identifier: Apache-2.0
"""The restored copy answers like the oracle, or it is said where it does not:
what changed on the primary since is drift, what was never so is a fault, and
what cannot be told is neither."""
import shutil
import time

import pytest

from tests.support.assay import check
from tests.support.process import until
from tests.support.witness import WitnessWorld, objects
from tests.system.conftest import ROOT, make_directory

CLEAN = ("intact", "authentic", "decryptable", "restorable", "lossless")


@pytest.fixture(scope="module")
def witness(server, binary):
    path = make_directory()
    world = WitnessWorld(path, server, binary)
    try:
        yield world.up()
    finally:
        world.down()
        shutil.rmtree(path, ignore_errors=True)


def inventories(world):
    return sorted(world.assay.storage.rglob("*.inventory"))


def left_over(world):
    """Inventories outside of storage."""
    return [p for p in (world.assay.dir / "data").rglob("*.inventory*")]


def passes(run, *names):
    for name in names:
        found = check(run, name)
        assert found["outcome"] == "pass", (found["message"],
                                            found["findings"])


def test_a_hundred_honest_writes_are_drift_every_one(witness):
    run = witness.assay.run("backups")
    assert run["status"] == "succeeded", run
    assert [p["name"] for p in run["phases"]] == [
        "baseline", "download", "store", "catalogue"]
    assert len(inventories(witness)) == 1
    assert oct(inventories(witness)[0].stat().st_mode)[-3:] == "600"

    run, found = witness.consistent()
    passes(run, *CLEAN)
    assert found["outcome"] == "pass", found
    assert run["verdict"] == "valid" and run["oracle"] == "auto"
    assert found["covered"] == found["total"] > 80
    assert found["findings_total"] == 0
    assert "the primary and the baseline (auto: it answers)" \
        in found["message"]

    assert witness.write_much() >= 100
    run, found = witness.consistent(oracle="primary")
    passes(run, *CLEAN)
    assert found["outcome"] == "drift", found
    assert run["verdict"] == "valid" and run["oracle"] == "primary"
    assert found["covered"] == found["total"]
    assert found["findings_total"] >= 75
    assert {f["kind"].split("_")[0] for f in found["findings"]} == {"drift"}
    assert {"policy:shop", "kv2:secret/shop/item", "mount:totp/",
            "transit_key:transit/keys/orders", "kv1:plain/new/0",
            "kv2:secret/new/1", "approle_role:auth/approle/role/extra",
            "auth:auth/cert/"} <= objects(found, "drift_")

    # What it was when the snapshot was taken has not changed.
    run, found = witness.consistent(oracle="baseline")
    assert found["outcome"] == "pass", found
    assert "with the baseline:" in found["message"]
    assert not left_over(witness)


def test_an_archive_of_another_time_is_caught_and_named(witness):
    witness.younger_state()
    witness.swap.archive = witness.cluster.snapshot()
    witness.older_state()
    witness.assay.backup()
    witness.swap.archive = None
    witness.cluster.put("since", a="b")
    witness.estate.api("DELETE", "secret/metadata/shop/item")

    run, found = witness.consistent()
    passes(run, *CLEAN)
    assert run["verdict"] == "invalid"
    assert found["outcome"] == "fail", found
    named = {f["path"]: f["kind"] for f in found["findings"]}
    for path, kind in witness.DAMAGE.items():
        assert named.get(path) == kind, (path, found["findings"])
    # The mount itself was there, and so was everything else.
    assert objects(found, "fault_") - set(witness.DAMAGE) == {
        "approle_role_id:auth/approle/role/vanished/role-id"}
    assert objects(found, "drift_") == {"kv2:secret/since",
                                        "kv2:secret/shop/item"}
    assert found["findings"][0]["kind"].startswith("fault_")
    by_path = {f["path"]: f for f in found["findings"]}
    assert "version 2" in by_path["kv2:secret/rolled"]["expected"]
    assert "version 1" in by_path["kv2:secret/rolled"]["found"]
    assert "created" in by_path["transit_key:transit/keys/seal"]["found"]
    assert "policy h:" in by_path["policy:guard"]["expected"]

    # The primary is not needed to see it.
    run, found = witness.consistent(oracle="baseline")
    assert run["verdict"] == "invalid"
    assert set(witness.DAMAGE) <= objects(found, "fault_")
    assert not objects(found, "drift_")


def test_without_a_baseline_what_has_times_is_told(witness):
    with witness.settings(oracle="primary", baseline=False):
        witness.estate.api("POST", "secret/data/kept", {"data": {"n": "1"}})
        witness.swap.archive = witness.cluster.snapshot()
        witness.estate.api("POST", "secret/data/kept", {"data": {"n": "2"}})
        time.sleep(2.5)  # more than clocks may be off
        witness.assay.backup()
        witness.swap.archive = None
        before = len(inventories(witness))
        run, found = witness.consistent()
        assert found["outcome"] == "fail", found
        assert objects(found, "fault_") == {"kv2:secret/kept"}

        witness.assay.backup()
        assert len(inventories(witness)) == before
        witness.estate.api("POST", "secret/data/kept", {"data": {"n": "3"}})
        witness.estate.api("DELETE", "sys/policies/acl/guard")
        run, found = witness.consistent()
        assert found["outcome"] == "drift", found
        assert objects(found, "drift_") == {"kv2:secret/kept", "policy:guard"}

        witness.estate.api("POST", "auth/approle/role/deploy", {"token_ttl": "7m"})
        run, found = witness.consistent()
        assert found["outcome"] == "not_run", found
        assert run["verdict"] == "inconclusive"
        assert objects(found, "unexplained_changed") == {
            "approle_role:auth/approle/role/deploy"}
        assert found["covered"] == found["total"] - 1
        assert "validation.baseline" in found["message"]


def test_what_the_policy_hides_is_named_by_its_line(witness):
    whole = witness.least()
    lines = whole.split("\n\n")
    reads = [text for text in lines if '"+/keys/*"' in text]
    assert len(reads) == 1, whole
    with witness.allowed("\n\n".join(t for t in lines if t is not reads[0])):
        witness.assay.backup()
        run, found = witness.consistent()
    passes(run, *CLEAN)
    assert found["outcome"] == "not_run", found
    assert run["verdict"] == "inconclusive"
    assert found["covered"] < found["total"]
    assert "Assay's policy in the snapshot" in found["message"]
    assert '/keys/*" { capabilities' in found["message"]
    hidden = [f for f in found["findings"] if f["kind"] == "not_covered"]
    assert any(f["path"].startswith("transit/keys/orders")
               and 'path "transit/keys/*"' in f["expected"]
               and "denied" in f["found"] for f in hidden), hidden


def test_values_are_compared_where_asked(witness):
    with witness.allowed(witness.least("inventory-values")), \
            witness.settings(compare_values=True):
        witness.assay.backup()
        stored = inventories(witness)[-1].read_text()
        assert "_value" not in stored
        run, found = witness.consistent()
        assert found["outcome"] == "pass", found
        # A store of version 1 has no times: its value is the only witness, and
        # cannot say when it changed.
        witness.estate.api("POST", "plain/first", {"a": "something else"})
        witness.estate.api("POST", "secret/data/shop/item", {"data": {"n": "9"}})
        run, found = witness.consistent()
        assert found["outcome"] == "not_run", found
        assert objects(found, "unexplained_") == {"kv1_value:plain/first"}
        assert objects(found, "drift_") == {"kv2:secret/shop/item",
                                            "kv2_value:secret/shop/item"}
        assert "something else" not in str(run)
        assert not left_over(witness)


def over(world, run):
    """Wait for the end of a run while nobody can be asked who may ask."""
    until(lambda: any(run["id"] in line and " of main succeeded" in line
                      for line in world.assay.log().splitlines()),
          120, "the run is over")


def test_a_primary_that_vanishes_half_way(witness):
    witness.assay.backup()
    seen = []

    def vanish(method, path):
        seen.append(path)
        if path.startswith("/v1/transit/keys/orders"):
            witness.swap.on = None
            witness.crash()

    made = witness.assay.create("validations", oracle="primary")
    witness.swap.on = vanish
    until(lambda: not witness.cluster.nodes[0].process.alive(), 90,
          "the primary is asked")
    over(witness, made)
    witness.recover()
    run = witness.assay.wait("validations", made["id"])
    found = check(run, "consistent")
    passes(run, *CLEAN)
    assert run["verdict"] == "inconclusive", run
    assert found["outcome"] == "not_run"
    assert "the primary did not show what it has to the end" \
        in found["message"]
    assert not found["findings"] and not left_over(witness)


def test_auto_takes_the_baseline_when_the_primary_is_down(witness):
    witness.estate.api("POST", "secret/data/kept", {"data": {"n": "7"}})
    made = witness.assay.create("validations")
    witness.crash()
    over(witness, made)
    witness.recover()
    run = witness.assay.wait("validations", made["id"])
    found = check(run, "consistent")
    assert run["verdict"] == "valid", run
    assert found["outcome"] == "pass", found
    assert "the baseline (auto: the primary cannot be asked" \
        in found["message"]


def test_a_baseline_that_was_touched_is_not_believed(witness):
    snapshot = witness.assay.backup()
    baseline = inventories(witness)[-1]
    assert snapshot in baseline.name
    text = baseline.read_text()
    baseline.chmod(0o600)
    baseline.write_text(text.replace('"policy"', '"pelicy"', 1))
    run, found = witness.consistent(oracle="baseline")
    assert found["outcome"] == "not_run", found
    assert "not the one that the signed manifest speaks of" \
        in found["message"]
    # The primary still tells, as far as it can.
    run, found = witness.consistent()
    assert found["outcome"] == "pass", found
    assert "with the primary (auto" in found["message"]
    # It goes with its snapshot.
    witness.assay.api("DELETE", f"snapshots/{snapshot}").ok()
    until(lambda: not baseline.exists(), 30, "the baseline is removed")


def test_another_clusters_archive_is_not_valid(witness):
    """Nobody can tell it from wrong key shares, and nothing is claimed."""
    fixtures = ROOT / "tests/fixtures"
    witness.swap.archive = next(
        p for p in fixtures.glob(f"{witness.server.product}-*.snap")
        if "rekeyed" not in p.name).read_bytes()
    try:
        witness.assay.backup()
    finally:
        witness.swap.archive = None
    run, found = witness.consistent()
    assert run["verdict"] == "inconclusive"
    assert "of another cluster" in check(run, "authentic")["message"]
    assert found["outcome"] == "not_run"
    assert "there is no restored copy to ask" in found["message"]
