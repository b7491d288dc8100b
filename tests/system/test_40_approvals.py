# SPDX-License-Identifier: Apache-2.0
"""A restore takes two people, and both mean the same plan."""
import pytest

from tests.support import rest, seed
from tests.support.assay import OVER
from tests.support.assay import policy as assay_policy
from tests.support.process import until
from tests.support.trouble import TroubledWorld


@pytest.fixture(scope="module")
def ready(shared):
    """With a proved snapshot, and its restore asked for by alice."""
    assert shared.validation["verdict"] == "valid", shared.validation
    return shared


@pytest.fixture
def request_(ready):
    """A restore that waits for approval; gone after the test."""
    assay = ready.assay
    ready.cluster.put("shop/item-7", price="new")
    assay.token = ready.login()
    run = assay.create("restores", snapshot=ready.snapshot)
    assert run["approvals_needed"] == 1 and run["approvals"] == []
    run = assay.pending(run["id"])
    assert run["status"] == "pending_approval", run
    yield run
    assay.api("POST", f"restores/{run['id']}/cancel", token=ready.login())
    assay.wait("restores", run["id"], token=ready.login())


def approve(world, run, token, revision=1):
    return world.assay.api("POST", f"restores/{run['id']}/approve",
                           token=token,
                           headers={"If-Match": f'"{revision}"'})


def still_waits(world, run):
    now = world.assay.api("GET", f"restores/{run['id']}").ok().data
    assert now["status"] == "pending_approval", now
    assert now["approvals"] == []
    assert world.cluster.kv("shop/item-7") == {"price": "new"}


def test_40_the_plan_is_there_before_anybody_is_asked(ready, request_):
    plan = request_["plan"]
    assert plan["revision"] == 1 and plan["blocked"] is False
    assert plan["archive_sha256"] == \
        ready.assay.snapshot(ready.snapshot)["sha256"]
    levels = {f["name"]: f["level"] for f in plan["findings"]}
    assert levels["verdict"] == levels["rights"] == "ok", levels
    assert request_["expires_at"] and request_["safety_snapshot_id"] is None


def test_40_not_by_the_requester_with_a_second_token(ready, request_):
    answer = approve(ready, request_, ready.login("alice"))
    assert answer.status == 403 and "asked for" in answer.errors[0], answer
    still_waits(ready, request_)


def test_40_not_without_an_entity_sudo_or_a_live_token(ready, request_):
    cluster = ready.cluster
    orphan = cluster.api("POST", "auth/token/create-orphan",
                         {"policies": ["carol"]}).json["auth"]["client_token"]
    seed.person(cluster, "dora", 'path "assay/restores/+/approve" '
                                 '{ capabilities = ["update"] }')
    dead = ready.login("carol")
    rest.request(cluster.address, "POST", "/v1/auth/token/revoke-self",
                 token=dead).ok()
    for token, word in ((orphan, "entity"), (ready.login("dora"), "sudo"),
                        (ready.login("bob"), "sudo"), (cluster.root, "root"),
                        (dead, "token")):
        answer = approve(ready, request_, token)
        assert answer.status == 403 and word in answer.errors[0], answer
    still_waits(ready, request_)


def test_40_not_another_plan_than_the_one_looked_at(ready, request_):
    carol = ready.login("carol")
    assert approve(ready, request_, carol, revision=2).status == 409
    answer = ready.assay.api("POST", f"restores/{request_['id']}/approve",
                             token=carol)
    assert answer.status == 400 and "If-Match" in answer.errors[0], answer
    still_waits(ready, request_)


def test_40_two_at_once_are_one_and_a_conflict(ready, request_):
    assay = ready.assay
    again = assay.create("restores", snapshot=ready.snapshot)
    assert again["id"] == request_["id"] and again["existing"] is True
    answer = assay.api("POST", "restores", {"snapshot": ready.snapshot},
                       token=ready.login("carol"))
    assert answer.status == 409, answer
    assert request_["id"] in answer.errors[0]
    still_waits(ready, request_)


def test_40_rejected(ready, request_):
    assay = ready.assay
    answer = assay.api("POST", f"restores/{request_['id']}/reject",
                       {"reason": "not in the middle of the day"},
                       token=ready.login("carol"))
    assert answer.ok().data["status"] == "rejected"
    assert "carol" in answer.data["error"], answer.data
    assert approve(ready, request_, ready.login("carol")).status == 409
    assert ready.cluster.kv("shop/item-7") == {"price": "new"}


def test_40_tokens_die_between_request_and_execution(ready, request_):
    """The requester's and the daemon's own: people are known by name, and
    the daemon logs in again.  A crash while it waits costs nothing."""
    assay, cluster = ready.assay, ready.cluster
    requester = assay.token
    assay.process.kill()
    assay.start()
    cluster.api("PUT", "sys/leases/revoke-prefix/auth/approle/login", {})
    rest.request(cluster.address, "POST", "/v1/auth/token/revoke-self",
                 token=requester).ok()
    assert approve(ready, request_, requester).status == 403
    answer = approve(ready, request_, ready.login("carol"))
    assert answer.ok().data["status"] not in OVER
    (by,) = answer.data["approvals"]
    assert by["entity_id"] and "carol" in by["display_name"], by
    # With the token that is dead.
    run = assay.wait("restores", request_["id"], token=requester)
    assert run["status"] == "succeeded", run
    assert cluster.kv("shop/item-7") == {"price": "700"}
    # And back: what it took away needs no verdict, but somebody's word.
    assay.token = ready.login()
    safety = run["safety_snapshot_id"]
    assert assay.snapshot(safety)["verdict"] == "unvalidated"
    run = assay.run("restores", snapshot=safety)
    assert run["status"] == "succeeded", run
    assert "way_back" in {f["name"] for f in run["plan"]["findings"]}
    assert cluster.kv("shop/item-7") == {"price": "new"}
    assay.token = ready.login()


def test_40_an_approval_for_a_plan_that_has_changed(ready):
    """The daemon loses a right between the two looks: the plan is blocked,
    and what was approved is not done."""
    assay, cluster = ready.assay, ready.cluster
    cluster.put("shop/item-7", price="newer")
    assay.token = ready.login()
    run = assay.pending(assay.create("restores",
                                     snapshot=ready.snapshot)["id"])
    policy = cluster.api("GET", "sys/policies/acl/assay").data["policy"]
    cluster.api("PUT", "sys/policies/acl/assay", {
        "policy": policy.replace('"sys/storage/raft/autopilot/state"',
                                 '"sys/storage/raft/nothing"')
        .replace('"sys/storage/raft/snapshot"', '"sys/storage/nothing"')})
    try:
        approve(ready, run, ready.login("carol")).ok()
        run = assay.wait("restores", run["id"])
    finally:
        cluster.api("PUT", "sys/policies/acl/assay", {"policy": policy})
    assert run["status"] == "failed", run
    assert run["plan"]["revision"] == 2
    assert "rights was ok, is blocker" in run["plan"]["changes"], run["plan"]
    assert [a["counts"] for a in run["approvals"]] == [False]
    assert cluster.kv("shop/item-7") == {"price": "newer"}


def test_40_killed_before_the_archive_is_sent(workdir, binary):
    """In each state on the way there, made to last: nothing was sent, nothing
    is left, and what waits for people goes on waiting."""
    world = TroubledWorld(workdir, binary).up()
    assay, standin = world.assay, world.standin

    def killed_in(run_id, status):
        until(lambda: assay.api("GET", f"restores/{run_id}").data["status"]
              == status, 60, status)
        assay.process.kill()
        assert standin.seen()["restores"] == []
        standin.fault()
        assay.start()
        assert assay.parts() == []
        return assay.api("GET", f"restores/{run_id}").ok().data

    try:
        what = {"snapshot": assay.backup(), "overrides": ["verdict"],
                "reason": "the stand-in validates nothing"}
        standin.fault("hang:path=sys/storage/raft/configuration")
        run = killed_in(assay.create("restores", **what)["id"], "checking")
        assert run["status"] == "interrupted", run
        made = assay.create("restores", **what)
        run = killed_in(made["id"], "pending_approval")
        assert run["status"] == "pending_approval", run
        # The first is the plan's own.
        standin.fault("stall:after=1000,method=GET,skip=1")
        assay.approve(run["id"])
        run = killed_in(run["id"], "safety_backup")
        assert run["status"] == "interrupted", run
        assert run["safety_snapshot_id"] is None
        assert len(assay.snapshot_ids()) == 1
        run = assay.run("restores", **what)
        assert run["status"] == "succeeded", run
        assert len(standin.seen()["restores"]) == 1
    finally:
        world.down()


def wrapped(cluster, policy):
    return cluster.api(
        "POST", "auth/token/create", {"policies": [policy], "ttl": "10m"},
        headers={"X-Vault-Wrap-TTL": "10m"}).json["wrap_info"]["token"]


def test_40_the_approver_brings_the_credential(ready):
    """The daemon cannot restore; with the approval comes what can, once."""
    assay, cluster = ready.assay, ready.cluster
    text = cluster.api("GET", "sys/policies/acl/assay").data["policy"]
    cluster.api("PUT", "sys/policies/acl/putter",
                {"policy": assay_policy(ready.binary, "restore")})
    assay.stop()
    assay.config["clusters"]["main"]["restore_auth"] = {"method": "approver"}
    assay.start()
    cluster.api("PUT", "sys/policies/acl/assay",
                {"policy": assay_policy(ready.binary, "daemon")})
    try:
        assay.token = ready.login()
        cluster.put("shop/item-7", price="newest")
        run = assay.create("restores", snapshot=ready.snapshot)
        run = assay.pending(run["id"])
        path = f"restores/{run['id']}/approve"
        answer = assay.api("POST", path, {"plan_revision": 1},
                           token=ready.login("carol"))
        assert answer.status == 422, answer
        assert "wrapped_token" in answer.errors[0], answer
        token = wrapped(cluster, "putter")
        done = ready.server.cli(
            assay.address, ready.login("carol"), "write", f"assay/{path}",
            "plan_revision=1", f"wrapped_token={token}")
        assert done.returncode == 0, done.stderr
        run = assay.wait("restores", run["id"])
        assert run["status"] == "succeeded", run
        assert cluster.kv("shop/item-7") == {"price": "700"}
        for file in assay.dir.rglob("*"):
            assert not file.is_file() or \
                token.encode() not in file.read_bytes(), file
    finally:
        cluster.api("PUT", "sys/policies/acl/assay", {"policy": text})
