# SPDX-License-Identifier: Apache-2.0
"""A validation's report and its signed evidence, for whoever was not there:
read through the API, verified by Assay's own program and by one that is not
ours."""
import base64
import json
import re
import shutil
import subprocess

import pytest

from tests.support.assay import run_assay

ENVELOPE = "application/vnd.dsse.envelope.v1+json"


def get(world, what, accept="*/*", token=None):
    return world.assay.api(
        "GET", f"validations/{world.validation['id']}/{what}",
        headers={"Accept": accept}, token=token)


def evidence(world):
    """The bare envelope's bytes, and what it states."""
    envelope = get(world, "evidence", ENVELOPE).ok()
    assert envelope.headers["Content-Type"] == ENVELOPE
    return envelope.body, json.loads(
        base64.b64decode(envelope.json["payload"]))


def verify(world, path, *flags):
    return run_assay(world.binary, "evidence", "verify", *flags, path)


def public_key(world, form):
    done = run_assay(world.binary, "evidence", "key", f"-format={form}",
                     "-config", world.assay.dir / "assay.json")
    assert done.returncode == 0, done
    return done.stdout


def manifests(world):
    """Of the snapshot, and of its validation."""
    ids = world.snapshot, world.validation["id"]
    return (next(world.assay.storage.rglob(f"{ids[0]}.json")),
            next(world.assay.storage.rglob(f"{ids[0]}.{ids[1]}.json")))


def test_21_report_says_what_was_tested(shared):
    run, report = shared.validation, get(shared, "report").ok().data
    kept = shared.assay.snapshot(shared.snapshot)
    assert report["verdict"] == "valid" == run["verdict"]
    assert report["validation_id"] == run["id"]
    assert report["requested_by"]["display_name"].endswith("alice")
    assert report["requested_by"]["entity_id"]
    for field in ("sha256", "size_bytes", "entries", "raft_index",
                  "cluster_id", "product", "server_version", "created_at"):
        assert report["snapshot"][field] == kept[field], field
    assert report["transient"] == {
        "driver": "process", "server_version": shared.server.version,
        "isolated": True}
    assert report["required"] == ["intact", "authentic", "decryptable",
                                  "restorable", "lossless"]
    assert report["restore_seconds"] == run["restore_seconds"] > 0
    assert report["restore_measured_in"] == "sandbox"
    assert 0 < report["rpo_seconds"] < 300
    assert report["rto_target_seconds"] is None is report["rto_met"]
    asked = {c["name"]: c for c in report["checks"]}
    for name in report["required"]:
        assert asked[name]["required"] is True
        assert asked[name]["outcome"] == "pass"
        assert asked[name]["question"].endswith("?")
    assert [p["name"] for p in report["phases"]] == \
        [p["name"] for p in run["phases"]]
    again = shared.assay.api(
        "GET", f"validations/{run['id']}/report",
        headers={"If-None-Match": get(shared, "report").headers["ETag"]})
    assert again.status == 304


def test_21_the_page_needs_nothing_else(shared):
    answer = get(shared, "report", "text/html").ok()
    page = answer.body.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert shared.snapshot in page and shared.validation["id"] in page
    assert ">valid<" in page and "in the sandbox" in page
    assert not re.search(r"<(script|img|link|iframe|object|embed)\b", page)
    assert not re.search(r"https?://|@import|url\(", page)


def test_21_who_may_see_it(shared):
    assert get(shared, "report", token=shared.login("victor")).status == 200
    for what in ("report", "evidence"):
        assert get(shared, what, token=shared.login("nell")).status == 403


def test_21_evidence_verifies_with_our_program(shared, tmp_path):
    envelope, statement = evidence(shared)
    archive = next(shared.assay.storage.rglob(f"{shared.snapshot}.snap"))
    path, key = tmp_path / "e.json", tmp_path / "assay.pub"
    path.write_bytes(envelope)
    key.write_text(public_key(shared, "pem"))
    assert statement["subject"][0]["digest"]["sha256"] == \
        shared.assay.snapshot(shared.snapshot)["sha256"]
    assert statement["predicate"] == get(shared, "report").ok().data

    done = verify(shared, path, "-key", key, "-archive", archive)
    assert done.returncode == 0, done
    assert "valid" in done.stdout and shared.snapshot in done.stdout
    assert "this is the one" in done.stdout
    done = verify(shared, path, "-config", shared.assay.dir / "assay.json",
                  "-format=json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["payload"] == statement
    # As the API wraps it, and as the product's own CLI prints it.
    path.write_bytes(get(shared, "evidence").ok().body)
    assert verify(shared, path, "-key", key).returncode == 0
    read = shared.server.cli(
        shared.assay.address, shared.assay.token, "read", "-format=json",
        f"assay/validations/{shared.validation['id']}/evidence")
    path.write_text(read.stdout)
    assert verify(shared, path, "-key", key).returncode == 0, read
    # The signed files beside the archive.
    for manifest in manifests(shared):
        done = verify(shared, manifest, "-key", public_key(shared, "hex"
                                                           ).strip())
        assert done.returncode == 0, done
        assert shared.snapshot in done.stdout


def test_21_tampered_evidence_is_refused(shared, tmp_path):
    envelope, statement = evidence(shared)
    key = public_key(shared, "hex").strip()
    path = tmp_path / "e.json"

    def refused(content, *flags):
        path.write_bytes(content)
        done = verify(shared, path, "-key", key, *flags)
        return done.returncode == 1 and "NOT GOOD" in done.stdout

    # Another verdict, another archive, another type, no signature, a cut.
    whole = json.loads(envelope)
    for what, by in (("valid", "invalid"),
                     (statement["subject"][0]["digest"]["sha256"], "00" * 32)):
        edited = json.dumps(statement).replace(what, by).encode()
        assert refused(json.dumps(
            {**whole, "payload": base64.b64encode(edited).decode()}).encode())
    assert refused(json.dumps(
        {**whole, "payloadType":
         "application/vnd.assay.validation+json"}).encode())
    assert refused(json.dumps({**whole, "signatures": []}).encode())
    assert refused(envelope[:len(envelope) // 2])
    # Signed, but by a stranger.
    path.write_bytes(envelope)
    stranger = ("1" if key[0] == "0" else "0") + key[1:]
    assert verify(shared, path, "-key", stranger).returncode == 1
    # Good, but about another archive.
    other = tmp_path / "other.snap"
    other.write_bytes(b"not it")
    done = verify(shared, path, "-key", key, "-archive", other)
    assert done.returncode == 1 and "ANOTHER ONE" in done.stdout
    # Nobody knows.
    assert verify(shared, tmp_path / "none", "-key", key).returncode == 2


def test_21_evidence_verifies_with_openssl(shared, tmp_path):
    """Nothing of ours: DSSE's encoding by hand, the signature by OpenSSL."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    envelope = json.loads(evidence(shared)[0])
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    for name, content in (
            ("pae", pae), ("pub.pem", public_key(shared, "pem").encode()),
            ("sig", base64.b64decode(envelope["signatures"][0]["sig"]))):
        (tmp_path / name).write_bytes(content)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem",
               "-rawin", "-in", "pae", "-sigfile", "sig"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True,
                          text=True)
    assert done.returncode == 0, done
    assert "Verified Successfully" in done.stdout
    (tmp_path / "pae").write_bytes(pae.replace(b'"valid"', b'"wrong"', 1))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True,
                          text=True)
    assert done.returncode != 0, done


def test_21_targets_and_a_rebuilt_catalog(new_world, tmp_path):
    """Targets are kept with the report; a catalog rebuilt from the signed
    manifests reports the same."""
    world = new_world(config={"validation": {"rto_target": "10m",
                                             "rpo_target": "1h"}})
    assay = world.assay
    world.snapshot = assay.backup()
    world.validation = assay.run("validations")
    assert world.validation["verdict"] == "valid", world.validation
    status = assay.api("GET", "status").ok().data
    assert (status["rto_target_seconds"], status["rto_met"]) == (600, True)
    assert (status["rpo_target_seconds"], status["rpo_met"]) == (3600, True)
    assert status["transient_not_destroyed"] == 0
    before = get(world, "report").ok().data
    assert (before["rto_target_seconds"], before["rto_met"]) == (600, True)
    assert (before["rpo_target_seconds"], before["rpo_met"]) == (3600, True)

    assay.stop()
    for file in (assay.dir / "data").glob("assay.db*"):
        file.unlink()
    assay.config["validation"] = {"rto_target": "1ms", "rpo_target": "1ms"}
    (assay.dir / "assay.json").write_text(json.dumps(assay.config))
    done = run_assay(world.binary, "catalog", "rebuild", "-config",
                     assay.dir / "assay.json")
    assert done.returncode == 0, done
    assay.start()
    status = assay.api("GET", "status").ok().data
    assert status["rto_met"] is False is status["rpo_met"]
    after = get(world, "report").ok().data
    assert [p["name"] for p in after["phases"]] == \
        [p["name"] for p in before["phases"]]
    # The manifest was signed some milliseconds before the run was over.
    for moment in ("finished_at", "duration_seconds", "rpo_seconds",
                   "phases"):
        del after[moment], before[moment]
    assert after == before
    path = tmp_path / "e.json"
    path.write_bytes(evidence(world)[0])
    assert verify(world, path, "-config",
                  assay.dir / "assay.json").returncode == 0
