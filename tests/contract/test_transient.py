# SPDX-License-Identifier: Apache-2.0
"""What every driver of transient clusters must do, asked of each in the same
words, on real servers: raise one, prove a snapshot in it, destroy it, see
that it is gone; also when somebody cancels, and after a crash."""
import pytest

from tests.support import raised
from tests.support.assay import check
from tests.support.process import until

DRIVERS = sorted(raised.ALL)


@pytest.fixture(params=DRIVERS)
def rig(request, bench):
    if request.param not in bench.rigs:
        pytest.skip("there is neither terraform nor tofu on PATH")
    made = bench.rigs[request.param]
    yield made
    assert made.left(bench.data) == []


def create(bench, rig):
    return bench.world.assay.create("validations", snapshot=bench.snapshot,
                                    driver=rig.name)


def test_a_snapshot_is_proved(bench, rig):
    assay = bench.world.assay
    run = assay.wait("validations", create(bench, rig)["id"])
    assert run["status"] == "succeeded", run["error"]
    assert run["driver"] == rig.name
    assert run["verdict"] == "valid", run["checks"]
    said = check(run, "restorable")["message"]
    assert bench.world.server.version in said
    if rig.name != "process":
        assert "could not reach http://127.0.0.1" in said, said
    assert run["restore_seconds"] > 0


@pytest.mark.parametrize("moment", ["up", "restoring"])
def test_a_crash_leaves_nothing(bench, rig, moment):
    assay = bench.world.assay
    run = create(bench, rig)

    def come():
        if moment == "up":
            return rig.begun(bench.data)
        seen = assay.api("GET", f"validations/{run['id']}").ok().data
        return seen["status"] in ("restoring", "checking")

    until(come, 60, f"it is {moment}", every=0.02)
    assay.process.kill()
    assay.start()
    assay.token = bench.world.login()
    run = assay.api("GET", f"validations/{run['id']}").ok().data
    assert run["status"] == "interrupted", run
    until(lambda: not rig.there(), 10, "nothing runs")


def test_cancelled_it_leaves_nothing(bench, rig):
    assay = bench.world.assay
    run = create(bench, rig)
    until(rig.there, 60, "the transient server is there")
    assay.api("POST", f"validations/{run['id']}/cancel").ok()
    run = assay.wait("validations", run["id"])
    assert run["status"] == "cancelled", run
    assert run["verdict"] is None


def test_no_secret_is_left_in_the_log(bench):
    """After all of the above."""
    log = bench.world.assay.log()
    for secret in ("no-value-to-be-seen", bench.rigs["existing"].root,
                   *bench.world.cluster.keys):
        assert secret not in log
