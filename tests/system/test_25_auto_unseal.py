# SPDX-License-Identifier: Apache-2.0
"""Clusters that unseal themselves: by a static key (OpenBao), by the transit
engine of another server (both products)."""
import json
import os
import re

import pytest

from tests.support import rest
from tests.support.assay import check, run_assay
from tests.support.cluster import Cluster
from tests.support.edit import Archive
from tests.support.process import until

STATIC = """
seal "static" {{
  current_key_id = "2026-1"
  current_key = "file://{key}"
}}
"""


@pytest.fixture
def static_world(new_world, server, workdir):
    """An OpenBao with a static seal; Assay has no key share at all."""
    if server.product != "openbao":
        pytest.skip("Vault has no static seal")
    key = workdir / "seal.key"
    key.write_bytes(os.urandom(32))
    stanza = workdir / "seal.hcl"
    stanza.write_text("# as in production\n" + STATIC.format(key=key))
    return new_world(extra=STATIC.format(key=key), config={
        "clusters": {"main": {"unseal": None}},
        "transient": {"seal_file": str(stanza), "seal_files": [str(key)]}})


def test_25_a_static_seal(static_world):
    assay, cluster = static_world.assay, static_world.cluster
    snapshot = assay.backup()
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "valid", run
    found = check(run, "decryptable")
    assert found["outcome"] == "pass" and found["covered"] > 20, found
    assert assay.plan(snapshot=snapshot)["seal"]["level"] == "ok"
    # The list of audit devices opens by that key as well.
    cluster.api("PUT", "sys/audit/file", {
        "type": "file",
        "options": {"file_path": str(static_world.dir / "audit.log")}})
    said = assay.plan(snapshot=snapshot)["audit_devices"]
    assert said["message"] == "the snapshot has no audit device", said
    # Without any server, and what a wrong key is called.
    archive = cluster.snapshot()
    path = static_world.dir / "x.snap"
    path.write_bytes(Archive(archive).drop("sys/policy/shop").bytes())
    key = static_world.dir / "seal.key"
    done = run_assay(static_world.binary, "snapshot", "prove", "-format=json",
                     "-static-key-file", key, path)
    assert done.returncode == 1, done
    said = json.loads(done.stdout)
    assert said["authentic"] is False and said["decryptable"] is True
    path.write_bytes(archive)
    done = run_assay(static_world.binary, "snapshot", "prove",
                     "-static-key-file", key, path)
    assert done.returncode == 0, done
    other = static_world.dir / "other.key"
    other.write_text("00" * 32 + "\n")
    done = run_assay(static_world.binary, "snapshot", "prove",
                     "-static-key-file", other, path)
    assert done.returncode == 2 and "2026-1" in done.stdout + done.stderr
    # The log is evidence, and the key is nowhere.
    log = assay.dir / "data" / "evidence" / run["id"] / "server.log"
    facts = json.loads(log.with_suffix(".json").read_text())
    assert "restored user snapshot" in log.read_text()
    assert facts["bytes"] == log.stat().st_size
    assert log.stat().st_mode & 0o777 == 0o600
    assert not list((assay.dir / "data" / "transient").iterdir())


TRANSIT = """
seal "transit" {{
  address         = "{address}"
  token           = "{token}"
  disable_renewal = "true"
  key_name        = "unseal"
  mount_path      = "transit/"
}}
"""


@pytest.fixture
def kms(server, workdir):
    """Another server, whose transit engine seals."""
    cluster = Cluster(server, workdir / "kms", shares=1, threshold=1)
    try:
        cluster.start()
        cluster.api("POST", "sys/mounts/transit", {"type": "transit"})
        cluster.api("POST", "transit/keys/unseal")
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def transit_world(new_world, kms, workdir):
    def make(**options):
        stanza = workdir / "seal.hcl"
        text = TRANSIT.format(address=kms.address, token=kms.root)
        stanza.write_text(text)
        stanza.chmod(0o600)
        return new_world(extra=text, config={
            "clusters": {"main": {"unseal": None}},
            "transient": {"seal_file": str(stanza),
                          "seal_endpoint": kms.address[len("http://"):]}},
            **options)
    return make


def test_25_a_transit_seal(transit_world, kms):
    world = transit_world(policies=("daemon", "restore", "raw"))
    assay, cluster = world.assay, world.cluster
    snapshot = assay.backup()
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "valid", run
    found = check(run, "decryptable")
    assert found["outcome"] == "pass" and found["covered"] > 30, found
    assert "restored copy" in check(run, "authentic")["message"]
    assert assay.plan(snapshot=snapshot)["seal"]["message"] == \
        'sealed by "transit", snapshot and target alike'
    # What the copy's plain endpoint would have said to an edited archive.
    edited = Archive(cluster.snapshot()).drop("sys/policy/shop").bytes()
    refusal = rest.request(cluster.address, "POST",
                           "/v1/sys/storage/raft/snapshot", edited,
                           token=cluster.root)
    assert refusal.status in (400, 500), refusal
    assert re.search("could not verify hash file|hash check failed|"
                     "checking integrity", refusal.body.decode()), refusal
    # The KMS's token went nowhere but into the server's own directory.
    for path in assay.dir.rglob("*"):
        assert not path.is_file() or kms.root.encode() not in \
            path.read_bytes(), path


def test_25_a_damaged_secret_shows_in_the_copy(transit_world):
    world = transit_world(policies=("daemon", "restore", "raw"))
    assay, cluster = world.assay, world.cluster
    edited = Archive(cluster.snapshot())
    key = edited.damage("logical/", "/versions/")
    rest.request(cluster.address, "POST",
                 "/v1/sys/storage/raft/snapshot-force", edited.bytes(),
                 token=cluster.root).ok()

    def damaged():
        answers = [rest.request(
            cluster.address, "GET", f"/v1/secret/data/shop/{name}",
            token=cluster.root).status for name in
            ["first"] + [f"item-{n}" for n in range(20)]]
        return 500 in answers and 200 in answers
    until(damaged, 40, "one secret cannot be read any more")
    assay.token = world.login()
    run = assay.run("validations", snapshot=assay.backup())
    assert run["verdict"] == "invalid", run
    assert check(run, "authentic")["outcome"] == "pass", run
    assert check(run, "lossless")["outcome"] == "pass", run
    found = check(run, "decryptable")
    assert found["outcome"] == "fail", found
    assert [f["path"] for f in found["findings"]] == [key]


def test_25_what_is_missing_is_named(transit_world, workdir):
    """No right to ask the copy; a KMS that is not there; no stanza."""
    world = transit_world(policies=("daemon",))
    assay = world.assay
    snapshot = assay.backup()
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "inconclusive", run
    assert check(run, "lossless")["outcome"] == "pass", run
    assert "sys/raw/*" in check(run, "decryptable")["message"]
    assert "sys/storage/raft/snapshot" in check(run, "authentic")["message"]
    assay.stop()
    assay.config["transient"]["seal_file"] = None
    del assay.config["transient"]["seal_file"]
    assay.start()
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "inconclusive", run
    assert "transient.seal_file" in check(run, "restorable")["message"]
    assert "transient.seal_file" in check(run, "authentic")["message"]


def test_25_a_key_of_another_cluster(static_world):
    world = static_world
    assay = world.assay
    snapshot = assay.backup()
    other = world.dir / "other.key"
    other.write_bytes(os.urandom(32))
    stanza = world.dir / "seal.hcl"
    stanza.write_text(STATIC.format(key=other))
    assay.stop()
    assay.config["transient"]["seal_files"] = [str(other)]
    assay.start()
    run = assay.run("validations", snapshot=snapshot)
    assert run["status"] == "succeeded", run
    assert run["verdict"] == "inconclusive", run
    assert "2026-1" in check(run, "decryptable")["message"]
    said = check(run, "restorable")["message"]
    assert "transient.seal_file" in said and "failed to unseal" in said, said
