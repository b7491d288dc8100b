# SPDX-License-Identifier: Apache-2.0
"""Assay's own login: with a credential that is seconds old, with a wrong
one, and with one that the cluster has forgotten.

A standby of OpenBao looks a secret-id up in its own copy; and both products
lock a role out, for a quarter of an hour and for the right secret-id too,
once five logins were refused."""
import pathlib
import signal
import time

import pytest

from tests.support.process import until

WRONG = "2b6e7d0c-0000-4000-8000-0123456789ab"


def secret_file(world):
    return pathlib.Path(
        world.assay.config["clusters"]["main"]["auth"]["secret_id_file"])


def new_secret_id(world):
    """In the file, and nothing waited for."""
    secret_file(world).write_text(world.cluster.api(
        "POST", "auth/approle/role/assay/secret-id").data["secret_id"])


def ends_refused(world):
    """The daemon ends by itself, and says why without the secret."""
    began = time.monotonic()
    world.assay.start(ready=False)
    assert world.assay.process.wait(15) == 1, world.assay.log()
    assert time.monotonic() - began < 10
    said = world.assay.log()
    assert "cluster main: login refused" in said
    assert "invalid role or secret ID" in said
    assert WRONG not in said


def test_23_a_secret_id_made_a_moment_ago(new_world):
    """Addressed to a standby, as often as would lock the role out."""
    world = new_world(nodes=3, start=False)
    for standby in world.cluster.standbys() * 3:
        world.address_assay(standby.address)
        new_secret_id(world)
        world.assay.start()
        # Whoever it is that was refused ends the daemon soon.
        time.sleep(0.3)
        assert world.assay.process.alive(), world.assay.log()
        assert world.assay.stop() == 0
    assert "refused" not in world.assay.log()


@pytest.mark.parametrize("nodes", [1, 3])
def test_23_a_wrong_secret_id_ends_the_daemon(new_world, nodes):
    world = new_world(nodes=nodes, start=False)
    world.address_assay(world.cluster.nodes[-1].address)
    secret_file(world).write_text(WRONG)
    # Each start asks once: the role is not locked out by a few of them.
    for _ in range(3):
        ends_refused(world)
    new_secret_id(world)
    world.assay.start()
    world.assay.token = world.login()
    world.assay.backup()


def test_23_a_forgotten_secret_id_does_not_lock_the_role_out(world):
    """What a restore leaves whose snapshot is older than the secret-id: the
    daemon lives on, and a new secret-id in its file is all that it needs."""
    assay, cluster = world.assay, world.cluster
    cluster.api("POST", "auth/approle/role/assay/secret-id/destroy",
                {"secret_id": secret_file(world).read_text().strip()})
    assay.process.signal(signal.SIGHUP)
    until(lambda: "reload: done" in assay.log(), 10, "the daemon forgot")
    for _ in range(6):
        run = assay.run("backups")
        assert run["status"] == "failed", run
        assert "invalid role or secret ID" in run["error"]
    assert assay.process.alive(), assay.log()
    new_secret_id(world)
    assay.backup()
