# SPDX-License-Identifier: Apache-2.0
"""Clusters that unseal themselves: by a static key (OpenBao), by the transit
engine of another server (both products)."""
import json
import os
import re

import pytest

from tests.support import rest
from tests.support.assay import check, run_assay
from tests.support.edit import Archive

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
