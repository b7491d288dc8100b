# SPDX-License-Identifier: Apache-2.0
"""Cancelling a run ends it and leaves nothing; so does SIGTERM."""
from tests.support.process import children_of, running_programs, until


def test_07_cancel_a_validation_under_way(world):
    assay = world.assay
    assay.backup()
    servers = len(running_programs(world.server.path))
    run = assay.create("validations")
    until(lambda: assay.api("GET", f"validations/{run['id']}").data["status"]
          in ("restoring", "checking"), 20, "the validation is under way")
    assert assay.api("POST", f"validations/{run['id']}/cancel").status == 200
    run = assay.wait("validations", run["id"])
    assert run["status"] == "cancelled", run
    assert run["verdict"] is None
    until(lambda: len(running_programs(world.server.path)) == servers, 10,
          "the transient server is gone")
    assert assay.snapshot("latest")["verdict"] == "unvalidated"


def test_07_what_is_over_cannot_be_cancelled(shared):
    run = shared.validation
    answer = shared.assay.api("POST", f"validations/{run['id']}/cancel")
    assert answer.status == 409, answer


def test_07_sigterm_takes_the_transient_server_along(world):
    assay = world.assay
    assay.backup()
    servers = len(running_programs(world.server.path))
    run = assay.create("validations")
    until(lambda: len(running_programs(world.server.path)) > servers, 20,
          "the transient server is up")
    children = children_of(assay.process.pid)
    assert assay.stop() == 0
    assert len(running_programs(world.server.path)) == servers
    assert not set(children) & set(children_of(1))
    assay.start()
    run = assay.api("GET", f"validations/{run['id']}").ok().data
    assert run["status"] in ("interrupted", "succeeded"), run
