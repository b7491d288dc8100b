# SPDX-License-Identifier: Apache-2.0
"""Who is let in when Vault cannot be asked, and as whom Assay restores.

Two clusters: `main`, whose policies decide and which is sealed and opened
again, and `spare`, which is restored meanwhile."""
import json
import shutil

import pytest

from tests.support import seed
from tests.support.assay import Assay, policy, run_assay
from tests.support.cluster import Cluster
from tests.support.process import until
from tests.support.world import World
from tests.system.conftest import make_directory


def new_token(binary, name, rights):
    """A token and its entry of the configuration, as an operator makes
    them."""
    done = run_assay(binary, "access", "new-token", f"-name={name}",
                     f"-rights={rights}", "-ttl=1h")
    assert done.returncode == 0, done.stderr
    token, entry = done.stdout.splitlines()
    assert token not in done.stderr and token not in entry
    return token, json.loads(entry)


PREFIX = "assay/restores/"


class Night:
    """The world of this file."""

    def __init__(self, directory, server, binary):
        self.binary = binary
        self.world = World(directory, server, binary)
        self.spare = Cluster(server, directory / "spare")
        self.told = directory / "told"
        self.token, self.entries = {}, []
        for name, rights in (("screen", "read"), ("ann", "restore"),
                             ("bo", "approve"), ("cy", "operate"),
                             ("old", "read,operate,approve,restore")):
            self.token[name], entry = new_token(binary, name, rights)
            self.entries.append(entry)
        self.entries[-1]["expires"] = "2026-01-01T00:00:00Z"

    def up(self):
        self.spare.start()
        seed.fill(self.spare)
        keys = self.world.dir / "spare-keys"
        auth = seed.approle(self.spare, policy(self.binary, "daemon"), keys)
        restore_auth = seed.approle(
            self.spare, policy(self.binary, "restore"),
            self.world.dir / "restore-keys", name="assay-restore")
        self.world.up(config={
            "clusters": {"spare": {
                "address": self.spare.address, "auth": auth,
                "restore_auth": restore_auth,
                "unseal": {"key_files": [
                    str(k) for k in self.spare.key_files(keys)]}}},
            "access": {"break_glass": self.entries},
            "notify": {"command": ["sh", "-c", 'cat >> "$0"',
                                   str(self.told)]}})
        self.assay = self.world.assay
        self.snapshot = self.assay.backup(cluster="spare")
        run = self.assay.run("validations", snapshot=self.snapshot)
        assert run["verdict"] == "valid", run
        return self

    def heard(self):
        """What notify.command was told."""
        if not self.told.exists():
            return []
        return [json.loads(line) for line in self.told.read_text().splitlines()]

    def seal(self):
        self.world.cluster.api("PUT", "sys/seal")

    def unseal(self):
        self.world.cluster.nodes[0].unseal()
        self.world.cluster.leader()

    def down(self):
        self.world.down()
        self.spare.stop()

    def api(self, method, path, body=None, who=None):
        return self.assay.api(method, path, body, token=self.token[who])


@pytest.fixture(scope="module")
def night(server, binary):
    path = make_directory()
    made = Night(path, server, binary)
    try:
        yield made.up()
    finally:
        made.down()
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def dark(night):
    """While Vault is sealed."""
    night.seal()
    yield night
    night.unseal()


def test_46_while_vault_answers_break_glass_is_worth_nothing(night):
    for name in night.token:
        answer = night.api("GET", "status", who=name)
        assert answer.status == 403, (name, answer)
        assert "expired" in answer.errors[0] if name == "old" else \
            "now it answers" in answer.errors[0], answer
    assert night.assay.api("GET", "status").status == 200


def test_46_a_sealed_vault_leaves_the_lights_on(dark):
    """A dashboard sees that Vault is sealed, and people do what they may."""
    until(lambda: dark.api("GET", "status", who="screen").ok()
          .data["vault_sealed"], 30, "the status says that it is sealed")
    assert dark.api("LIST", "snapshots", who="screen").ok().data["keys"]
    # Not a path that was allowed a moment ago, and still is for a moment.
    answer = dark.assay.api("GET", f"snapshots/{dark.snapshot}/inspect")
    assert answer.status == 503, answer
    for method, path, body, who in (
            ("POST", "backups", {}, "screen"),
            ("POST", "restores", {"snapshot": dark.snapshot}, "screen"),
            ("POST", "restores", {"snapshot": dark.snapshot}, "cy"),
            ("POST", "backups", {}, "ann"),
            ("DELETE", f"snapshots/{dark.snapshot}", None, "ann"),
            ("GET", "status", None, "old")):
        answer = dark.api(method, path, body, who=who)
        assert answer.status == 403, (who, path, answer)
    assert "expired at 2026-01-01" in answer.errors[0], answer
    # An archive is proved without any Vault; who asked for it is known.
    made = dark.api("POST", "backups", {"cluster": "spare"}, who="cy").ok()
    run = dark.assay.wait("backups", made.data["id"], dark.token["cy"])
    assert run["status"] == "succeeded", run
    assert run["requested_by"] == {"display_name": "break-glass cy",
                                   "entity_id": "break-glass:cy"}
    # Somebody hears of it.
    told = until(lambda: [e for e in dark.heard() if e["token"] == "cy"], 30,
                 "the program is told")
    assert told[0]["event"] == "break_glass_used"
    assert told[0]["operation"] == "update", told
    assert told[0]["path"] == "assay/backups"
    assert told[0]["remote"] == "127.0.0.1"
    status = dark.api("GET", "status", who="screen").ok().data
    assert status["break_glass_used_by"] == "screen", status
    assert status["break_glass_used_at"]
    assert status["break_glass_expires_at"] > status["break_glass_used_at"]
    assert status["break_glass_tokens"] == 4  # one has expired
    log = dark.assay.log()
    assert 'break glass: the token "cy" was let in without Vault' in log
    assert not any(token in log for token in dark.token.values())


def test_46_restored_in_the_dark_by_two_people(dark):
    """Vault, which decides who may do what, is sealed; another cluster is
    restored all the same, and as the one credential that may do that."""
    dark.spare.put("shop/item-3", price="wrong")
    made = dark.api("POST", "restores",
                    {"snapshot": dark.snapshot, "target": "spare"},
                    who="ann").ok().data
    waiting = dark.assay.pending(made["id"], token=dark.token["screen"])
    assert waiting["status"] == "pending_approval", waiting
    for name in ("ann", "cy", "screen"):
        answer = dark.api("POST", f"restores/{made['id']}/approve",
                          {"plan_revision": 1}, who=name)
        assert answer.status == 403, (name, answer)
    dark.assay.approve(made["id"], by=dark.token["bo"],
                       token=dark.token["ann"])
    run = dark.assay.wait("restores", made["id"], dark.token["ann"])
    assert run["status"] == "succeeded", run
    assert run["requested_by"]["entity_id"] == "break-glass:ann"
    assert [a["entity_id"] for a in run["approvals"]] == ["break-glass:bo"]
    assert dark.spare.kv("shop/item-3") == {"price": "300"}
    dark.restored = run["id"]


def test_46_in_the_morning_only_ones_own_run_is_left(night):
    """Vault answers again: whoever asked for the restore still sees it, and
    nobody anything else."""
    path = f"restores/{night.restored}"
    until(lambda: night.api("GET", "status", who="ann").status == 403, 10,
          "it is known that Vault answers")
    assert night.api("GET", path, who="ann").ok().data["status"] == "succeeded"
    for name, where in (("bo", "status"), ("bo", path), ("cy", path),
                        ("screen", path)):
        answer = night.api("GET", where, who=name)
        assert answer.status == 403, (name, where, answer)
    # Who did what is on record, also what was tried in vain.
    for name, kind, path in (
            ("screen", "request", "assay/status"),
            ("ann", "request", "assay/restores"),
            ("bo", "request", f"{PREFIX}{night.restored}/approve"),
            ("cy", "refused", f"{PREFIX}{night.restored}/approve")):
        found = night.assay.api(
            "LIST", "audit", query={"entity_id": f"break-glass:{name}",
                                    "type": kind}).ok().data
        assert path in [e["path"] for e in found["key_info"].values()], found


def test_46_a_token_that_is_taken_out_is_nobodys(night):
    night.assay.config["access"]["break_glass"] = night.entries[1:]
    night.assay.reload()
    night.seal()
    try:
        answer = night.api("GET", "status", who="screen")
        assert answer.status == 403
        assert "not one of the configuration" in answer.errors[0]
        assert night.api("GET", "status", who="ann").status == 200
    finally:
        night.unseal()


def test_46_a_root_token_is_no_credential_for_a_daemon(night):
    config = {"clusters": {"main": {
        "address": night.world.cluster.address,
        "auth": {"method": "token", "token": night.world.cluster.root}}}}
    assay = Assay(night.binary, night.world.dir / "root", config=config)
    assay.start(ready=False)
    assert assay.process.wait(20) == 1, assay.log()
    assert "this is a root token" in assay.log()
    assert night.world.cluster.root not in assay.log()


def test_46_nor_one_for_restoring(night):
    """It shows when it would be used, before anything is sent."""
    spare = night.assay.config["clusters"]["spare"]
    config = {"clusters": {"main": {**spare, "restore_auth": {
        "method": "token", "token": night.spare.root}}}}
    assay = Assay(night.binary, night.world.dir / "restorer", config=config)
    assay.start()
    try:
        alice = seed_alice(night)
        snapshot = assay.backup(token=alice)
        rights = assay.plan(token=alice, snapshot=snapshot)["rights"]
    finally:
        assay.stop()
    assert rights["level"] == "blocker", rights
    assert "this is a root token" in rights["message"]


def seed_alice(night):
    seed.person(night.spare, "alice", policy(night.binary, "admin"))
    return seed.login(night.spare, "alice")
