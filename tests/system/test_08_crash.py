# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at the worst moment: at the next start the run is `interrupted`,
what it left is gone, and work goes on."""
from tests.support import rest
from tests.support.process import until


def restart_after_crash(world, kind, run_id):
    assay = world.assay
    assay.process.kill()
    assay.start()
    token = world.login()
    # One that no worker had taken yet is no casualty: it runs now.
    run = assay.wait(kind, run_id, token=token)
    assay.token = token
    return run


def test_08_crash_during_a_validation(world):
    assay = world.assay
    snapshot = assay.backup()
    run = assay.create("validations")
    until(assay.transient_servers, 30, "the transient server is up", 0.01)
    run = restart_after_crash(world, "validations", run["id"])
    assert run["status"] == "interrupted", run
    assert assay.transients() == {}
    left = [p for p in assay.dir.rglob("*") if p.name == "raft.db"]
    assert left == []
    proof = assay.run("validations", snapshot=snapshot)
    assert proof["verdict"] == "valid", proof


def test_08_crash_during_a_restore(world):
    assay, cluster = world.assay, world.cluster
    snapshot = assay.backup()
    assay.run("validations", snapshot=snapshot)
    cluster.put("shop/item-3", price="new")
    run = assay.create("restores", snapshot=snapshot)
    assay.approve(run["id"])
    # The POST takes the server six seconds: kill while it is being applied.
    until(lambda: assay.api("GET", f"restores/{run['id']}").data["status"]
          in ("restoring", "verifying"), 20, "the restore is being sent")
    assay.process.kill()
    # The server goes on by itself, whatever became of us.
    until(lambda: cluster.nodes[0].health() == 200, 30, "the cluster is back")
    assay.start()
    token = world.login()
    run = assay.api("GET", f"restores/{run['id']}", token=token).ok().data
    assert run["status"] == "interrupted", run
    assert run["safety_snapshot_id"]
    assert assay.parts() == []
    assay.token = token
    assert assay.run("restores", snapshot=snapshot)["status"] == "succeeded"
    assert cluster.kv("shop/item-3") == {"price": "300"}


def test_08_crash_during_a_backup(world):
    """Killed as early as can be seen, again and again: whatever moment it
    hits, there is no half snapshot and no file that nobody knows."""
    assay = world.assay
    for _ in range(5):
        run = assay.create("backups")
        run = restart_after_crash(world, "backups", run["id"])
        assert run["status"] in ("interrupted", "succeeded"), run
        if run["status"] == "interrupted":
            assert run["snapshot_id"] is None
        assert assay.parts() == []
        archives = {p.stem for p in assay.storage.rglob("*.snap")}
        assert archives == set(assay.snapshot_ids())
    assert assay.run("backups")["status"] == "succeeded"


def test_08_queued_runs_survive(world):
    """A run that had not begun is no casualty: it runs after the start."""
    assay = world.assay
    assay.backup()
    runs = [assay.create("validations"), assay.create("backups")]
    assay.process.kill()
    assay.start()
    for kind, run in zip(("validations", "backups"), runs):
        run = assay.wait(kind, run["id"], token=world.login())
        assert run["status"] in ("interrupted", "succeeded"), run


def test_08_ready_again_within_seconds(world):
    world.assay.process.kill()
    world.assay.start()
    assert rest.request(world.assay.address, "GET", "/livez").status == 200
