# SPDX-License-Identifier: Apache-2.0
"""After the POST: who leads then, who is sealed, whether all are there, and
whether it is what the snapshot's baseline has.

`main` says who may do what and is never restored; `trio` has three nodes and
is; `drill` is one fresh node with other keys, and gets what `main` has."""
import base64
import shutil

import pytest

from tests.support import rest, seed
from tests.support.assay import OVER, policy
from tests.support.cluster import Cluster
from tests.support.process import until
from tests.support.trouble import TroubledWorld
from tests.support.world import World
from tests.system.conftest import make_directory

STRANGE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
POLICIES = ("daemon", "restore", "restore-force", "inventory")


def begin(assay, **fields):
    run = assay.create("restores", **fields)["id"]
    assay.approve(run)
    return run


class Afterwards(World):
    def up(self):
        super().up(start=False, policies=POLICIES)
        self.trio = Cluster(self.server, self.dir / "trio", 3).start()
        seed.fill(self.trio)
        self.drill = Cluster(self.server, self.dir / "drill", shares=1,
                             threshold=1).start()
        self.drill.api("POST", "sys/auth/approle", {"type": "approle"})
        clusters = self.assay.config["clusters"]
        for name in ("trio", "drill"):
            cluster = getattr(self, name)
            keys = self.dir / f"{name}-keys"
            clusters[name] = {
                "address": cluster.nodes[-1].address,
                "auth": seed.approle(cluster,
                                     policy(self.binary, *POLICIES), keys),
                "unseal": {"key_files": [
                    str(k) for k in cluster.key_files(keys)]}}
        self.assay.config["validation"] = {"oracle": "baseline"}
        self.assay.start()
        self.assay.token = self.login()
        return self

    def proved(self, cluster):
        snapshot = self.assay.backup(cluster=cluster)
        run = self.assay.run("validations", snapshot=snapshot,
                             cluster=cluster)
        assert run["verdict"] == "valid", run["checks"]
        return snapshot

    def begin(self, **fields):
        """A restore that somebody else has agreed to: its id."""
        return begin(self.assay, **fields)

    def show(self, run):
        return self.assay.api("GET", f"restores/{run}").ok().data

    def await_status(self, run, *wanted):
        def look():
            now = self.show(run)
            assert now["status"] in wanted or now["status"] not in OVER, \
                (now["error"], now["plan"], now["outcome"])
            return now if now["status"] in wanted else None
        return until(look, 90, f"the restore is {wanted}")

    def unseal(self, run, **fields):
        """What a key holder does: without a token."""
        return rest.request(self.assay.address, "PUT",
                            f"/v1/assay/restores/{run}/unseal", fields)

    def down(self):
        super().down()
        for cluster in (self.trio, self.drill):
            cluster.stop()

    trio = drill = Cluster(None, "/nonexistent", 0)


@pytest.fixture(scope="module")
def place(server, binary):
    path = make_directory()
    world = Afterwards(path, server, binary)
    try:
        yield world.up()
    finally:
        world.down()
        shutil.rmtree(path, ignore_errors=True)


def names(run):
    return [p["name"] for p in run["phases"]]


def assert_nowhere(place, keys):
    """Shares are in no file of the daemon's, its log and catalog included."""
    needles = set()
    for key in keys:
        raw = base64.b64decode(key)
        needles |= {key.encode(), raw, raw.hex().encode()}
    for path in place.assay.dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for needle in needles:
                assert needle not in content, path


def test_42_a_sealed_target_gets_nothing(place):
    place.main = place.proved("main")
    node = place.drill.nodes[0]
    node.process.kill()
    node.start()
    run = place.assay.run("restores", snapshot=place.main, target="drill",
                          force=True)
    assert run["status"] == "failed" and "sealed" in run["error"], run
    assert run["outcome"] is None and run["unseal"] is None
    node.unseal()
    assert place.drill.api("GET", "sys/auth").data["approle/"]


def test_42_a_foreign_snapshot_waits_for_its_key_holders(place):
    """Other keys, and another share count than the process knows."""
    keys, node = place.cluster.keys, place.drill.nodes[0]
    until(lambda: node.health() == 200, 30, "the target is active")
    run = place.assay.create("restores", snapshot=place.main, target="drill",
                             force=True)["id"]
    # Nobody is asked before it waits.
    assert place.unseal(run, key=keys[0]).status == 404
    place.assay.approve(run)
    seen = place.await_status(run, "awaiting_unseal")
    wait = seen["unseal"]
    assert (wait["type"], wait["sealed"]) == ("shamir", True)
    assert (wait["t"], wait["n"], wait["progress"]) == (2, 3, 0)
    assert wait["deadline"] > seen["started_at"]
    (told,) = wait["nodes"]
    assert told["address"] == node.address and told["sealed"] is True
    assert (told["t"], told["n"]) == (1, 1)
    assert told["advice"].startswith("restart its process"), told

    wrong = [place.unseal(run, key=k) for k in (keys[0], STRANGE)]
    assert [a.status for a in wrong] == [200, 400], wrong
    assert wrong[1].errors[0].startswith("Unseal failed, invalid key")
    first = place.unseal(run, key=keys[2]).ok().data
    assert first["id"] == run and first["status"] == "awaiting_unseal"
    assert first["progress"] == 1 and first["sealed"] is True
    last = place.unseal(run, key=keys[1]).ok().data
    assert last["progress"] == 2
    # The process has its old share count: it would take a share for the key.
    assert node.status()["sealed"] is True
    assert place.show(run)["progress"] == {"done": 2, "total": 2,
                                           "unit": "shares"}
    assert_nowhere(place, keys)

    node.process.kill()
    node.start()
    done = place.assay.wait("restores", run)
    assert done["status"] == "succeeded", done
    assert done["unseal"] is None
    outcome = done["outcome"]
    assert outcome["state"] == "restored" and outcome["applied"] is True
    assert outcome["sent"] == "accepted"
    assert [n["sealed"] for n in outcome["nodes"]] == [False]
    # Its own credential is gone with its data; the one for `main` is in it.
    assert outcome["login"]["ok"] is True
    assert "credential for main" in outcome["login"]["message"]
    found = outcome["baseline"]
    assert found["outcome"] in ("pass", "drift"), found
    assert found["covered"] > 20
    assert outcome["way_back"]["body"] == {
        "snapshot": done["safety_snapshot_id"], "target": "drill",
        "force": True}
    assert names(done)[-5:] == ["apply", "awaiting_unseal", "nodes", "login",
                                "baseline"]
    place.drill.root = place.cluster.root
    assert place.drill.kv("shop/item-2") == {"price": "200"}
    assert place.unseal(run, key=keys[0]).status == 404
    assert_nowhere(place, keys)
    assert not list((place.assay.dir / "data" / "work").glob("*"))


def installed(node):
    """How often a restore has arrived at this follower."""
    return node.process.output().lower().count("installed remote snapshot")


def kill_the_leader_in_the_middle(place, snapshot):
    """Once the others have the data, and before it answers again, which takes
    it five seconds: the run, and who led.  It is started again, sealed."""
    for _ in range(3):
        leader, others = place.trio.leader(), place.trio.standbys()
        before = [installed(n) for n in others]
        run = place.begin(snapshot=snapshot)
        until(lambda: all(installed(n) > b for n, b in zip(others, before)),
              60, "the followers have the data")
        leader.process.kill()
        leader.start()
        if place.show(run)["status"] not in OVER:
            return run, leader
        # A machine that slow sees no middle: once more.
        leader.unseal()
        until(lambda: place.trio.leader() and len(place.trio.voters()) == 3,
              60, "all are there again")
    raise AssertionError("no restore was caught in the middle")


def test_42_the_leader_dies_while_it_restores(place):
    """The others have the data, the dead one comes back sealed."""
    assay, trio = place.assay, place.trio
    trio.put("shop/item-3", price="old")
    snapshot = place.proved("trio")
    trio.put("shop/item-3", price="new")
    run, leader = kill_the_leader_in_the_middle(place, snapshot)
    seen = place.await_status(run, "awaiting_unseal")
    (sealed,) = [n for n in seen["unseal"]["nodes"] if n["sealed"]]
    assert sealed["address"] == leader.address
    assert "hand them in here" in sealed["advice"], sealed
    for key in trio.keys[:2]:
        place.unseal(run, key=key).ok()
    done = assay.wait("restores", run)
    assert done["status"] == "succeeded", done
    outcome = done["outcome"]
    assert outcome["state"] == "restored"
    assert outcome["leader_changed"] is True
    assert outcome["leader"] != leader.address
    assert {n["address"] for n in outcome["nodes"]} == \
        {n.address for n in trio.nodes}
    assert all(n["sealed"] is False and n["message"] is None
               for n in outcome["nodes"])
    assert sum(n["leader"] for n in outcome["nodes"]) == 1
    assert outcome["autopilot_healthy"] is True
    assert outcome["baseline"]["outcome"] in ("pass", "drift"), \
        outcome["baseline"]
    assert trio.kv("shop/item-3") == {"price": "old"}
    assert_nowhere(place, trio.keys)


def test_42_without_a_leader_nothing_is_sent(place):
    """The last test: `trio` loses its quorum."""
    trio = place.trio
    left, lost = trio.nodes[-1], trio.nodes[:-1]
    snapshot = place.assay.api("GET", "snapshots/latest-valid",
                               query={"cluster": "trio"}).ok().data["id"]
    for node in lost:
        node.process.kill()
    until(lambda: left.health() != 200, 60, "nobody leads")
    run = place.assay.run("restores", snapshot=snapshot)
    assert run["status"] == "failed" and "leader" in run["error"], run
    assert run["outcome"] is None


@pytest.fixture
def troubled(workdir, binary):
    world = TroubledWorld(workdir, binary, config={
        "restore": {"settle": "4s"}})
    yield world.up()
    world.down()


def unproved(world):
    """A request for what a stand-in cannot prove."""
    return {"snapshot": world.assay.backup(), "overrides": ["verdict"],
            "reason": "the stand-in validates nothing"}


def posts(world):
    return [r for r in world.standin.seen()["requests"]
            if r["method"] == "POST"
            and r["path"] == "sys/storage/raft/snapshot"]


def test_42_half_an_upload_changes_nothing(troubled):
    troubled.standin.fault("drop_request:after=1000,method=POST")
    run = troubled.assay.run("restores", **unproved(troubled))
    assert run["status"] == "failed", run
    assert run["outcome"]["state"] == "unchanged", run["outcome"]
    assert run["outcome"]["applied"] is False
    assert run["outcome"]["way_back"] is None
    assert len(posts(troubled)) == 1


def test_42_a_target_that_dies_with_the_archive(troubled):
    """It has it all, and nobody can say what became of it."""
    troubled.standin.fault("hang:method=POST")
    run = begin(troubled.assay, **unproved(troubled))
    until(lambda: [p for p in posts(troubled) if p.get("whole")], 60,
          "the archive has arrived")
    troubled.standin.process.kill()
    run = troubled.assay.wait("restores", run)
    assert run["status"] == "failed", run
    assert run["outcome"]["sent"] == "doubtful", run["outcome"]
    assert run["outcome"]["state"] == "unknown" \
        and run["outcome"]["applied"] is None, run["outcome"]
    assert "whether it was applied cannot be told" in run["error"]
    assert run["outcome"]["way_back"]["body"] == {
        "snapshot": run["safety_snapshot_id"], "target": "main"}


def test_42_a_crash_while_it_waits_to_be_unsealed(troubled):
    assay, standin = troubled.assay, troubled.standin
    standin.control(after_restore={"sealed": True})
    run = begin(assay, **unproved(troubled))
    until(lambda: assay.api("GET", f"restores/{run}").ok().data["status"]
          == "awaiting_unseal", 60, "the restore waits")
    assay.process.kill()
    standin.control(sealed=False)
    assay.start()
    run = assay.api("GET", f"restores/{run}",
                    token=standin.login()).ok().data
    assert run["status"] == "interrupted", run
    assert "awaiting_unseal" in run["error"], run
    assert run["unseal"] is None
    assert run["outcome"]["state"] == "unknown", run["outcome"]
    assert run["outcome"]["way_back"]["body"]["snapshot"] == \
        run["safety_snapshot_id"]
