# SPDX-License-Identifier: Apache-2.0
"""What only unsealing shows: an edited archive, a secret that is damaged on
the primary itself.  With the daemon, and on files with no server at all."""
import json

from tests.support import rest
from tests.support.assay import check, run_assay
from tests.support.cluster import Cluster
from tests.support.edit import Archive
from tests.support.process import until
from tests.support import seed


def prove(binary, archive, keys, path):
    path.write_bytes(archive)
    args = [a for k in keys for a in ("-key-file", k)]
    done = run_assay(binary, "snapshot", "prove", "-format=json", *args, path)
    return done, json.loads(done.stdout) if done.stdout else None


def test_15_rekeyed_and_rotated(workdir, server, binary):
    cluster = Cluster(server, workdir / "cluster")
    try:
        cluster.start()
        seed.fill(cluster, 110)
        old = cluster.key_files(workdir / "old")
        cluster.keys, cluster.threshold = cluster.rekey(5, 3), 3
        rotate = "sys/rotate" if server.product == "vault" else \
            "sys/rotate/keyring"
        for n in range(2):
            cluster.api("PUT", rotate)
            cluster.put(f"shop/term-{n}", price=str(n))
        archive = cluster.snapshot()
    finally:
        cluster.stop()
    keys = cluster.key_files(workdir / "new", cluster.keys[2:])
    path = workdir / "x.snap"
    done, proof = prove(binary, archive, keys, path)
    assert done.returncode == 0, done
    assert proof["authentic"] and proof["decryptable"]
    assert proof["verified"] + proof["in_the_clear"] == proof["entries"]
    assert proof["verified"] > 110 and proof["in_the_clear"] == 3
    assert [t["term"] for t in proof["key_terms"]] == [1, 2, 3]
    assert "secret/" in [m["path"] for m in proof["mounts"]]
    assert "auth/userpass/" in [m["path"] for m in proof["auth_methods"]]
    assert "shop" in proof["policies"]
    for key in cluster.keys:
        assert key not in done.stdout + done.stderr
    shown = run_assay(binary, "snapshot", "inspect", "-key-file", keys[0],
                      "-key-file", keys[1], "-key-file", keys[2], path)
    assert "secret/ (kv)" in shown.stdout, shown
    # Shares that a rekey replaced, and too few.
    done, proof = prove(binary, archive, old + keys[:1], path)
    assert done.returncode == 2 and proof["authentic"] is None
    done, proof = prove(binary, archive, keys[:2], path)
    assert done.returncode == 2 and "2 of the 3" in proof["error"]
    # A policy cut out; one bit of one secret.
    done, proof = prove(binary, Archive(archive).drop(
        "sys/policy/shop").bytes(), keys, path)
    assert done.returncode == 1
    assert proof["authentic"] is False and proof["decryptable"] is True
    edited = Archive(archive)
    key = edited.damage("logical/", "/versions/")
    done, proof = prove(binary, edited.bytes(), keys, path)
    assert done.returncode == 1
    assert proof["authentic"] is False and proof["decryptable"] is False
    assert [f["key"] for f in proof["faults"]] == [key]


def test_15_a_secret_damaged_on_the_primary(world):
    """The primary itself is given a damaged entry; it goes on, and every
    honest backup of it restores without a loss."""
    assay, cluster = world.assay, world.cluster
    edited = Archive(cluster.snapshot())
    key = edited.damage("logical/", "/versions/")
    names = cluster.api("LIST", "secret/metadata/shop").data["keys"]
    rest.request(cluster.address, "POST",
                 "/v1/sys/storage/raft/snapshot-force", edited.bytes(),
                 token=cluster.root).ok()

    def damaged():
        answers = [rest.request(
            cluster.address, "GET", f"/v1/secret/data/shop/{name}",
            token=cluster.root).status for name in names]
        return 500 in answers and 200 in answers
    until(damaged, 30, "one secret cannot be read any more")
    assay.token = world.login()
    snapshot = assay.backup()
    proof = assay.run("validations", snapshot=snapshot)
    assert proof["status"] == "succeeded", proof
    assert proof["verdict"] == "invalid", proof
    assert check(proof, "intact")["outcome"] == "pass"
    assert check(proof, "authentic")["outcome"] == "pass"
    assert check(proof, "restorable")["outcome"] == "pass"
    assert check(proof, "lossless")["outcome"] == "pass"
    found = check(proof, "decryptable")
    assert found["outcome"] == "fail", found
    assert [f["path"] for f in found["findings"]] == [key]
