# SPDX-License-Identifier: Apache-2.0
"""Every driver of transient clusters with every oracle: who raised the copy
makes no difference to what it is asked, nor to what it answers."""
import time

import pytest

from tests.support import raised
from tests.support.assay import check, merge
from tests.support.planned import resource, write_state

DRIVERS = sorted(raised.ALL)
ORACLES = {"auto": "the primary and the baseline (auto",
           "primary": "the primary and the baseline",
           "baseline": "the baseline",
           "terraform": "the Terraform state"}
REQUIRED = {"intact", "authentic", "decryptable", "restorable", "lossless",
            "consistent"}


def planned_state(world, path):
    """Some of what the cluster has, as Terraform would have written it."""
    shop = world.cluster.api("GET", "sys/policies/acl/shop").data["policy"]
    return write_state(
        path,
        resource("vault_mount", "secret", path="secret", type="kv",
                 options={"version": "2"}, local=False),
        resource("vault_policy", "shop", name="shop", policy=shop),
        resource("vault_approle_auth_backend_role", "assay",
                 backend="approle", role_name="assay",
                 token_policies=["assay"], token_ttl=1200))


def known(assay, oracle):
    """Does this program know it?  What it knows and is not configured is
    something else."""
    answer = assay.api("POST", "validations",
                       {"oracle": oracle, "snapshot": "nothing-of-the-sort"})
    return not any("there is none named" in e for e in answer.errors or ())


@pytest.fixture(scope="module")
def asking(bench):
    """With an oracle `consistent` is required, as for everybody who has one.
    Since the snapshot the primary has gone on."""
    assay, before = bench.world.assay, bench.world.assay.config
    change = {"validation": {"oracle": "auto"}}
    assay.token = bench.world.login()
    if known(assay, "terraform"):
        change["oracles"] = {"terraform": {"state_file": str(
            planned_state(bench.world, bench.path / "state.json"))}}
    assay.config = merge(before, change)
    assay.reload()
    bench.snapshot = assay.backup()
    time.sleep(1.1)  # some objects have times of whole seconds
    bench.world.cluster.put("shop/item-1", price="101")
    bench.world.cluster.put("shop/since", price="1")
    yield bench
    assay.config = before
    assay.reload()


@pytest.mark.parametrize("oracle", sorted(ORACLES))
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_copy_is_asked(asking, driver, oracle):
    assay = asking.world.assay
    if driver not in asking.rigs:
        pytest.skip("there is neither terraform nor tofu on PATH")
    if not known(assay, oracle):
        pytest.skip(f"there is no oracle {oracle} in this version")
    run = assay.run("validations", snapshot=asking.snapshot, driver=driver,
                    oracle=oracle, seconds=180)
    assert run["status"] == "succeeded", run["error"]
    assert (run["driver"], run["oracle"]) == (driver, oracle)
    assert run["verdict"] == "valid", run["checks"]
    report = assay.api("GET", f"validations/{run['id']}/report").ok().data
    assert REQUIRED <= set(report["required"])
    found = check(run, "consistent")
    assert ORACLES[oracle] in found["message"], found
    if oracle in ("auto", "primary"):
        assert found["outcome"] == "drift", found
        assert {(f["path"], f["kind"]) for f in found["findings"]} == {
            ("kv2:secret/shop/item-1", "drift_changed"),
            ("kv2:secret/shop/since", "drift_missing")}
    else:
        assert found["outcome"] == "pass", found
        assert found["findings"] == []
    assert found["covered"] == found["total"] > 0
    assert asking.rigs[driver].left(asking.data) == []
