# SPDX-License-Identifier: Apache-2.0
"""What a transient server is given, and what is kept of it."""
import json
import pathlib

import pytest

from tests.support.assay import check


def evidence(assay, run):
    log = assay.dir / "data" / "evidence" / run["id"] / "server.log"
    return log.read_text()


def files_with(directory, text):
    return [p for p in pathlib.Path(directory).rglob("*")
            if p.is_file() and text.encode() in p.read_bytes()]


def test_24_raw_audit_devices_leave_no_secret(world):
    """Devices that write, raw, where a server writes its log."""
    assay, cluster = world.assay, world.cluster
    for name, path in (("out", "stdout"), ("err", "/proc/self/fd/2")):
        cluster.api("PUT", f"sys/audit/{name}", {
            "type": "file", "options": {"file_path": path, "log_raw": "true"}})
    snapshot = assay.backup()
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "valid", run
    # A login is in what the devices write; ours in the copy is nowhere.
    role, secret = ((world.dir / "keys" / name).read_text().strip()
                    for name in ("role-id", "secret-id"))
    cluster.api("POST", "auth/approle/login",
                {"role_id": role, "secret_id": secret})
    assert files_with(cluster.dir, secret)
    assert files_with(assay.dir, secret) == []
    kept = evidence(assay, run)
    assert "restored user snapshot" in kept
    assert "lines that are not of the form" in kept
    assert "sys/storage/raft/snapshot" not in kept


def test_24_devices_of_the_configuration(new_world, server, workdir):
    if server.product != "openbao":
        pytest.skip("Vault declares no audit devices")
    stanza = f"""
audit "file" "declared" {{
  description = "of the configuration"
  options {{
    file_path = "{workdir}/declared.log"
  }}
}}
"""
    world = new_world(extra=stanza)
    assay = world.assay
    snapshot = assay.backup()
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "valid", run
    assert "rewritten list of audit devices" in \
        check(run, "lossless")["message"]
    # With the stanzas, nothing about them is allowed to change.
    path = workdir / "audit.hcl"
    path.write_text(stanza)
    assay.stop()
    assay.config["transient"]["audit_file"] = str(path)
    assay.config["transient"]["memory_limit"] = "1GiB"
    assay.start()
    before = (workdir / "declared.log").stat().st_size
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "valid", run
    assert "audit" not in check(run, "lossless")["message"]
    # Only production wrote, about our questions to it.
    grown = (workdir / "declared.log").read_bytes()[before:].decode()
    assert "sys/storage/raft/snapshot" not in grown


ENTERPRISE = """#!/bin/sh
echo "Vault v1.21.0+ent (0000), built 2025-10-21T18:08:29Z"
"""


def test_24_enterprise_without_a_license(new_world, server, workdir):
    if server.product != "vault":
        pytest.skip("OpenBao has no Enterprise edition")
    program = workdir / "vault-enterprise"
    program.write_text(ENTERPRISE)
    program.chmod(0o755)
    world = new_world(config={"transient": {"server": str(program)}})
    world.assay.backup()
    run = world.assay.run("validations")
    assert run["verdict"] == "inconclusive", run
    assert "transient.license_file" in check(run, "restorable")["message"]


def test_24_a_file_that_is_not_only_a_seal(new_world, workdir, server):
    """Of a cluster with shares, the file is not even looked at; the check
    of the configuration speaks about what is not there."""
    world = new_world(config={"transient": {
        "seal_file": str(workdir / "nothing.hcl")}})
    world.assay.backup()
    run = world.assay.run("validations")
    assert run["verdict"] == "valid", run
    assert "transient.seal_file" in world.assay.log()
    assert json.dumps(run).count("seal_file") == 0
