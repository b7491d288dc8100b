# SPDX-License-Identifier: Apache-2.0
"""Where a login to the restored copy comes from: rate-limit quotas count by
it, roles may be bound to it, and a unix socket has none."""
import pytest

from tests.support import seed
from tests.support.assay import policy

ELSEWHERE = "10.9.8.7"


def bind(cluster, role, cidr):
    """Secret-ids of the role, and their tokens, for these callers alone."""
    cluster.api("POST", f"auth/approle/role/{role}",
                {"secret_id_bound_cidrs": [cidr],
                 "token_bound_cidrs": [cidr]})


@pytest.fixture
def bound(new_world):
    """A quota on everything, and two roles: Assay's own, bound to where it
    is, and one for the copy, bound to where nobody is."""
    world = new_world(start=False)
    cluster = world.cluster
    cluster.api("POST", "sys/quotas/rate-limit/all", {"rate": 1000000})
    bind(cluster, "assay", "127.0.0.1/32")
    copy = seed.approle(cluster, policy(world.binary, "daemon"),
                        world.dir / "copy-keys", name="copy")
    bind(cluster, "copy", ELSEWHERE + "/32")
    world.assay.start()
    world.assay.token = world.login()
    world.assay.backup()
    world.copy_auth = copy
    return world


def test_27_a_copy_with_quotas_and_bound_roles(bound):
    assay = bound.assay
    # From here, as to the primary.
    run = assay.run("validations")
    assert run["verdict"] == "valid", run
    # From where somebody says that production sees us.
    assay.config["transient"].update(auth=bound.copy_auth,
                                     client_address=ELSEWHERE)
    assay.reload()
    run = assay.run("validations")
    assert run["verdict"] == "valid", run
    # From an address that the role does not know.
    assay.config["transient"]["client_address"] = "192.168.3.4"
    assay.reload()
    run = assay.run("validations")
    assert run["verdict"] == "inconclusive", run
    assert any("transient.client_address" in check["message"]
               for check in run["checks"]), run
    assert not assay.transients()
