# SPDX-License-Identifier: Apache-2.0
"""One secret, not all of them: read in a copy of the snapshot, written to the
primary as a new version or handed over wrapped, and nowhere else."""
import json
import shutil

import pytest

from tests.support import rest, seed
from tests.support.assay import merge, policy
from tests.support.process import halt, until
from tests.support.world import World
from tests.system.conftest import make_directory

# Nobody else writes these words.
OLD, NEWER, PLAIN = "old-words-51c0", "newer-words-8be2", "plain-words-77aa"
# A number that no double holds.
BIG = 12345678901234567890


class RecoverWorld(World):
    """Two roles besides Assay's own: one reads in the copy, one writes."""

    def up(self, **options):
        super().up(start=False, policies=("daemon", "restore", "plan"),
                   **options)
        cluster = self.cluster
        cluster.api("POST", "sys/mounts/plain",
                    {"type": "kv", "options": {"version": "1"}})
        cluster.api("POST", "plain/app", {"word": PLAIN, "big": BIG})
        # Two versions, with the field order and the number as they are.
        for word in (OLD, NEWER):
            rest.request(
                cluster.leader().address, "POST", "/v1/secret/data/app/db",
                {"data": {"word": word, "big": BIG, "a": [1, {"b": None}]}},
                token=cluster.root).ok()
        self.read_policy = policy(self.binary, "-kv1=plain", "prove",
                                  "recover-read")
        self.write_policy = policy(self.binary, "-kv1=plain", "recover")
        self.assay.config["transient"]["auth"] = seed.approle(
            cluster, self.read_policy, self.dir / "read", name="reader")
        self.assay.config["clusters"]["main"]["restore_auth"] = seed.approle(
            cluster, self.write_policy, self.dir / "write", name="writer")
        for name in ("reader", "writer"):
            cluster.api("POST", f"auth/approle/role/{name}",
                        {"token_policies": name, "token_type": "batch",
                         "token_ttl": "20m", "token_no_default_policy": True})
        seed.person(cluster, "rita", policy(self.binary, "recoverer"))
        seed.person(cluster, "otto", policy(self.binary, "restorer"))
        seed.person(cluster, "anna", policy(self.binary, "approver"))
        self.assay.start()
        self.assay.token = self.login("alice")
        return self

    def ask(self, token=None, **fields):
        fields = {"snapshot": self.snapshot, "to": "primary",
                  "path": "secret/data/app/db", "reason": "it is gone",
                  **fields}
        return self.assay.api("POST", "recoveries", fields,
                              token=token or self.login("rita"))

    def planned(self, run_id):
        def look():
            run = self.assay.api("GET", f"recoveries/{run_id}",
                                 query={"wait": "1s"}).ok().data
            return run if run["status"] not in ("queued", "checking") else None
        return until(look, 60, "the recovery is planned", every=0.05)

    def approve(self, run_id, token=None, revision=1, kind="recoveries"):
        return self.assay.api("POST", f"{kind}/{run_id}/approve",
                              {"plan_revision": revision},
                              token=token or self.login("anna"))

    def recover(self, **fields):
        run = self.planned(self.ask(**fields).ok().data["id"])
        if run["status"] == "pending_approval":
            self.approve(run["id"], revision=run["plan"]["revision"]).ok()
        return self.assay.wait("recoveries", run["id"])

    def copies(self):
        """What a copy has on the disk."""
        return list(self.assay.dir.rglob("transient/*"))

    def assert_nowhere(self, *words):
        """Not in Assay's files, its log and its archives included."""
        for file in self.assay.dir.rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            for word in words:
                assert word.encode() not in content, file


@pytest.fixture(scope="module")
def ready(server, binary):
    directory = make_directory()
    world = RecoverWorld(directory, server, binary)
    try:
        world.up()
        world.snapshot = world.assay.backup()
        verdict = world.assay.run("validations")
        assert verdict["verdict"] == "valid", verdict
        # The reader had an entity by then: it had been logged in before.
        assert "first login" not in json.dumps(verdict["checks"])
        yield world
    finally:
        world.down()
        shutil.rmtree(directory, ignore_errors=True)


def levels(run):
    return {f["name"]: f["level"] for f in run["plan"]["findings"]}


def test_49_an_old_version_comes_back_as_a_new_one(ready):
    """To the letter, with somebody else's word for it, and only then."""
    rita = ready.login("rita")
    run = ready.planned(ready.ask(rita, version=1).ok().data["id"])
    assert run["status"] == "pending_approval", run
    assert run["approvals_needed"] == 1 and run["version"] == 1
    assert set(levels(run).values()) == {"ok"}, run["plan"]
    assert "secret/data/app/db, version 1" in run["plan"]["subject"]
    assert "at version 2" in run["plan"]["subject"]
    # Not who asked, not by another door, not who may only restore.
    answer = ready.approve(run["id"], ready.login("alice"), kind="restores")
    assert answer.status == 404, answer
    assert ready.approve(run["id"], ready.login("otto")).status == 403
    again = ready.assay.api(
        "POST", f"recoveries/{run['id']}/approve", {"plan_revision": 1},
        token=ready.login("rita"))
    assert again.status == 403, again
    assert ready.ask(ready.login("otto")).status == 403
    assert ready.approve(run["id"]).ok().data["status"] != "pending_approval"
    run = ready.assay.wait("recoveries", run["id"])
    assert run["status"] == "succeeded", run
    assert run["outcome"]["read_version"] == 1
    assert run["outcome"]["written_version"] == 3
    now = ready.cluster.api("GET", "secret/data/app/db").data
    assert now["metadata"]["version"] == 3
    assert now["data"]["word"] == OLD and now["data"]["a"] == [1, {"b": None}]
    # What the server made of the number (docs/SERVERS.md), and nothing else.
    was = rest.request(
        ready.cluster.leader().address, "GET", "/v1/secret/data/app/db",
        query={"version": 1}, token=ready.cluster.root).ok().data
    assert int(was["data"]["big"]) != BIG
    assert json.dumps(now["data"]) == json.dumps(was["data"])
    assert {p["name"] for p in run["phases"]} >= {"read", "deliver", "destroy"}
    assert not ready.assay.transients()
    ready.assert_nowhere(OLD, NEWER)


def test_49_deleted_for_good_and_back_again(ready):
    """Metadata and all; and into a store without versions, but over nothing
    that is there unless that was said."""
    cluster = ready.cluster
    run = ready.recover(version=7)
    assert run["status"] == "failed" and run["outcome"] is None, run
    assert "no secret/data/app/db, version 7" in run["error"], run
    cluster.api("DELETE", "secret/metadata/app/db")
    run = ready.recover(mount="secret/", path="app/db")
    assert run["status"] == "succeeded", run
    assert run["outcome"]["read_version"] == 2
    assert run["outcome"]["written_version"] == 1
    assert cluster.kv("app/db")["word"] == NEWER

    cluster.api("POST", "plain/app", {"word": "another"})
    run = ready.recover(path="plain/app")
    assert run["status"] == "failed" and "overwrite" in run["error"], run
    assert levels(run)["destination"] == "blocker"
    run = ready.recover(path="plain/app", overwrite=True)
    assert run["status"] == "succeeded", run
    assert levels(run)["destination"] == "warning"
    assert cluster.api("GET", "plain/app").data == \
        {"word": PLAIN, "big": BIG}
    assert run["outcome"]["written_version"] is None
    ready.assert_nowhere(OLD, NEWER, PLAIN)


def test_49_wrapped_for_who_asked_and_once(ready):
    assay, cluster = ready.assay, ready.cluster
    run = ready.recover(to="wrap", version=1, wrap_ttl="5m")
    assert run["status"] == "succeeded" and run["claimable"], run
    assert run["outcome"]["written"] is None
    path = f"recoveries/{run['id']}/claim"
    assert "wrap_token" not in json.dumps(run)
    for other in ("alice", "anna", "otto"):
        assert assay.api("POST", path,
                         token=ready.login(other)).status == 403
    token = assay.api("POST", path,
                      token=ready.login("rita")).ok().data["wrap_token"]
    assert assay.api("POST", path, token=ready.login("rita")).status == 404
    assert not assay.api("GET", f"recoveries/{run['id']}").data["claimable"]
    ready.assert_nowhere(token, OLD, NEWER)
    opened = rest.request(cluster.address, "POST", "/v1/sys/wrapping/unwrap",
                          {}, token=token)
    assert opened.ok().data["word"] == OLD
    # And it is on record who took it.
    entries = assay.api("LIST", "audit", query={"subject": run["id"]}).ok()
    assert "sending" in json.dumps(entries.data["key_info"])


def test_49_what_was_approved_is_what_is_done(ready):
    """Somebody writes the secret between asking and approving: that is
    another plan.  And of what nobody proved nothing is read."""
    cluster = ready.cluster
    run = ready.planned(ready.ask(version=1).ok().data["id"])
    cluster.put("app/db", word="meanwhile")
    ready.approve(run["id"]).ok()
    run = until(lambda: [r for r in [ready.planned(run["id"])]
                         if r["plan"]["revision"] == 2], 60, "it waits again")
    run = run[0]
    assert run["status"] == "pending_approval", run
    assert "subject" in run["plan"]["changes"][0], run["plan"]
    assert [a["counts"] for a in run["approvals"]] == [False]
    answer = ready.assay.api("POST", f"recoveries/{run['id']}/reject",
                             {"reason": "it is newer"},
                             token=ready.login("anna"))
    assert answer.ok().data["status"] == "rejected"
    assert cluster.kv("app/db") == {"word": "meanwhile"}

    unproved = ready.assay.backup()
    answer = ready.ask(snapshot=unproved)
    assert answer.status == 422 and "valid" in answer.errors[0], answer
    for wrong in ({"path": "secret/app/../x"}, {"path": "/secret/data/app"},
                  {"to": "somewhere"}, {"path": ""}, {"reason": ""},
                  {"wrap_ttl": "5m"}, {"version": -1}):
        assert ready.ask(**wrong).status == 400, wrong


@pytest.mark.parametrize("place, word", (
    ({"path": "secret/app/db"}, "data/"), ({"path": "sys/mounts"}, "KV"),
    ({"path": "nowhere/data/x"}, "nowhere"),
    # Not the secret "db" of the store that this lies in.
    ({"mount": "secret/app", "path": "db"}, "nothing is mounted at")))
def test_49_no_such_place(ready, place, word):
    run = ready.recover(**place)
    assert run["status"] == "failed" and word in run["error"], run
    assert "before anything was read" in run["error"]


def test_49_a_line_that_the_policies_lack(ready):
    """Of the credential that writes, in the plan; of the one that reads, as
    the snapshot has it, and then root where that is allowed."""
    assay, cluster = ready.assay, ready.cluster

    def writer(text):
        cluster.api("PUT", "sys/policies/acl/writer", {"policy": text})

    for line, name in (("+/data/*", "rights"), ("+/metadata/*", "destination")):
        writer(ready.write_policy.replace(f'"{line}"', '"nothing/*"'))
        run = ready.recover()
        assert run["status"] == "failed", run
        assert levels(run)[name] == "blocker", run["plan"]
        assert "assay policy recover" in run["error"], run
    writer(ready.write_policy.replace('"sys/wrapping/wrap"', '"nothing"'))
    assert levels(ready.recover(to="wrap"))["rights"] == "blocker"
    writer(ready.write_policy)

    cluster.api("PUT", "sys/policies/acl/reader",
                {"policy": policy(ready.binary, "prove")})
    before = ready.snapshot
    try:
        ready.snapshot = assay.backup()
        run = assay.run("validations")
        assert run["verdict"] == "valid", run
        run = ready.recover()
        assert run["status"] == "failed", run
        assert "recover-read" in run["error"], run
        assay.config["transient"]["allow_generate_root"] = True
        assay.reload()
        run = ready.recover(to="wrap")
        assert run["status"] == "succeeded", run
    finally:
        ready.snapshot = before
        cluster.api("PUT", "sys/policies/acl/reader",
                    {"policy": ready.read_policy})
        assay.config["transient"].pop("allow_generate_root", None)
        assay.reload()


def test_49_the_approver_brings_the_credential(ready):
    """Nothing on the machine can write, and what can is used once."""
    assay, cluster = ready.assay, ready.cluster
    main = assay.config["clusters"]["main"]
    before = main["restore_auth"]
    assay.stop()
    main["restore_auth"] = {"method": "approver"}
    assay.start()
    cluster.api("PUT", "sys/policies/acl/hand", {"policy": ready.write_policy})
    cluster.api("DELETE", "plain/app")
    try:
        run = ready.planned(ready.ask(path="plain/app").ok().data["id"])
        assert set(levels(run).values()) == {"ok"}, run["plan"]
        answer = ready.approve(run["id"])
        assert answer.status == 422 and "wrapped_token" in answer.errors[0]
        token = cluster.api(
            "POST", "auth/token/create", {"policies": ["hand"], "ttl": "10m"},
            headers={"X-Vault-Wrap-TTL": "10m"}).json["wrap_info"]["token"]
        assay.api("POST", f"recoveries/{run['id']}/approve",
                  {"plan_revision": 1, "wrapped_token": token},
                  token=ready.login("anna")).ok()
        run = assay.wait("recoveries", run["id"])
        assert run["status"] == "succeeded", run
        assert cluster.api("GET", "plain/app").data["word"] == PLAIN
        ready.assert_nowhere(token, PLAIN)
    finally:
        assay.stop()
        main["restore_auth"] = before
        assay.start()


def test_49_a_crash_while_the_copy_is_up(ready):
    """The copy is gone, nothing was written, and what was asked for can be
    asked for again."""
    assay, cluster = ready.assay, ready.cluster
    cluster.put("app/db", word="as it is")
    before = cluster.api("GET", "secret/data/app/db").data["metadata"]
    run = ready.planned(ready.ask(version=1).ok().data["id"])
    ready.approve(run["id"], revision=run["plan"]["revision"]).ok()
    path = f"recoveries/{run['id']}"
    halt(lambda: assay.api("GET", path).ok().data, assay.transient_servers,
         lambda seen: seen["phase"] in ("active", "read"))
    seen = assay.api("GET", path).ok().data
    assert seen["phase"] in ("active", "read"), seen
    assay.process.kill()
    assert ready.copies()
    assay.start()
    assay.token = ready.login("alice")
    run = assay.wait("recoveries", run["id"])
    assert run["status"] == "interrupted" and run["outcome"] is None, run
    assert run["error"] == \
        f"Assay stopped while this run was {seen['status']}", run
    assert not assay.transients() and not ready.copies()
    now = cluster.api("GET", "secret/data/app/db").data
    assert now["metadata"] == before and now["data"] == {"word": "as it is"}
    run = ready.recover(version=1)
    assert run["status"] == "succeeded", run
    assert cluster.kv("app/db")["word"] == OLD
    ready.assert_nowhere(OLD, NEWER)


def test_49_a_copy_that_does_not_go(ready):
    """Is said beside what went wrong before, and not instead of it."""
    assay = ready.assay
    before = assay.config
    programs = {}
    for name, text in (("up", "echo 'no quota left' >&2; exit 3"),
                       ("down", "echo 'not today' >&2; exit 4")):
        programs[name] = ready.dir / name
        programs[name].write_text("#!/bin/sh\ncat >/dev/null\n" + text + "\n")
        programs[name].chmod(0o755)
    assay.config = merge(before, {"transient": {
        "driver": "command", "egress_blocked": True,
        "command": {"up": [str(programs["up"])],
                    "down": [str(programs["down"])]}}})
    try:
        assay.reload()
        run = ready.recover(version=1)
        assert run["status"] == "failed" and run["outcome"] is None, run
        for said in ("no quota left", "NOT GONE", "not today"):
            assert said in run["error"], run
        programs["down"].write_text("#!/bin/sh\ncat >/dev/null\n")
        assay.stop()
        assay.start()
        assay.token = ready.login("alice")
        assert not ready.copies()
    finally:
        assay.config = before
        assay.reload()


def test_49_key_holders(ready):
    """Without configured shares it waits for people.  Meanwhile somebody may
    think better of it, or write the secret: then that stays."""
    assay, cluster = ready.assay, ready.cluster
    assay.config["clusters"]["main"]["unseal"] = {}
    assay.reload()

    def asked():
        run = ready.planned(ready.ask(version=1).ok().data["id"])
        ready.approve(run["id"], revision=run["plan"]["revision"]).ok()

        def waits():
            now = assay.api("GET", f"recoveries/{run['id']}").ok().data
            assert now["status"] not in ("failed", "succeeded"), now
            return now["status"] == "awaiting_unseal"
        until(waits, 60, "key holders are asked", every=0.05)
        return f"recoveries/{run['id']}"

    path = asked()
    assay.api("POST", path + "/cancel").ok()
    assert assay.wait(*path.split("/"))["status"] == "cancelled"
    path = asked()
    cluster.put("app/db", word="at the last moment")
    for key in cluster.keys[:cluster.threshold]:
        rest.request(assay.address, "POST", f"/v1/assay/{path}/unseal",
                     {"key": key}).ok()
    run = assay.wait(*path.split("/"))
    assert run["status"] == "failed" and run["outcome"] is None, run
    assert "nothing was written" in run["error"], run
    assert "written by somebody else" in run["error"], run
    assert cluster.kv("app/db") == {"word": "at the last moment"}
    assert not assay.transients()
    ready.assert_nowhere(OLD, NEWER)
