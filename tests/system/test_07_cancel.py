# SPDX-License-Identifier: Apache-2.0
"""Cancelling a run ends it and leaves nothing; so does SIGTERM."""
from tests.support.process import children_of, until

# A validation is over within a few seconds: what asks for less than this
# misses it.
SOON = 0.01


def under_way(world):
    """A validation whose transient server runs."""
    assay = world.assay
    assay.backup()
    run = assay.create("validations")
    until(assay.transient_servers, 30, "the transient server is up", SOON)
    return run


def test_07_cancel_a_validation_under_way(world):
    assay = world.assay
    run = under_way(world)
    assert assay.api("POST", f"validations/{run['id']}/cancel").status == 200
    run = assay.wait("validations", run["id"])
    assert run["status"] == "cancelled", run
    assert run["verdict"] is None
    assert assay.transients() == {}
    assert assay.snapshot("latest")["verdict"] == "unvalidated"


def test_07_what_is_over_cannot_be_cancelled(shared):
    run = shared.validation
    answer = shared.assay.api("POST", f"validations/{run['id']}/cancel")
    assert answer.status == 409, answer


def test_07_sigterm_takes_the_transient_server_along(new_world):
    world = new_world(config={"drain": "0s"})  # or it waits for the run
    assay = world.assay
    run = under_way(world)
    children = children_of(assay.process.pid)
    assert children
    assert assay.stop() == 0
    assert assay.transients() == {}
    assert not set(children) & set(children_of(1))
    assay.start()
    run = assay.api("GET", f"validations/{run['id']}").ok().data
    assert run["status"] == "interrupted", run
    assert assay.run("validations")["verdict"] == "valid"
