# SPDX-License-Identifier: Apache-2.0
"""With key shares `inspect` shows what people call things: paths of mounts,
auth methods and namespaces instead of their UUIDs."""
import json
import re

from tests.support import seed
from tests.support.assay import run_assay
from tests.support.cluster import Cluster

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-"
                  r"[0-9a-f]{12}")


def test_22_paths_instead_of_uuids(workdir, server, binary):
    cluster = Cluster(server, workdir / "cluster")
    try:
        cluster.start()
        seed.fill(cluster, 3)
        seed.person(cluster, "alice")
        seed.login(cluster, "alice")
        cluster.api("POST", "auth/approle/role/r", {"token_policies": "r"})
        cluster.api("POST", "auth/approle/role/r/secret-id")
        if server.product == "openbao":
            cluster.api("POST", "sys/namespaces/team")
            cluster.api("POST", "sys/mounts/inner", {"type": "kv"},
                        headers={"X-Vault-Namespace": "team"})
            cluster.api("POST", "inner/x", {"a": "b"},
                        headers={"X-Vault-Namespace": "team"})
        keys = cluster.key_files(workdir / "keys")
        path = workdir / "x.snap"
        path.write_bytes(cluster.snapshot())
    finally:
        cluster.stop()
    flags = [a for k in keys for a in ("-key-file", k)]

    shown = run_assay(binary, "snapshot", "inspect", path)
    assert shown.returncode == 0, shown
    assert "logical/" in shown.stdout and UUID.search(shown.stdout)

    shown = run_assay(binary, "snapshot", "inspect", *flags, path)
    assert shown.returncode == 0, shown
    for name in ("secret/ (kv)", "transit/ (transit)",
                 "auth/userpass/ (userpass)", "auth/approle/ (approle)",
                 "identity/ (identity)"):
        assert name in shown.stdout, shown.stdout
    rows = shown.stdout.split("Prefix\n")[1]
    assert not re.search(r"(logical|auth|namespaces)/" + UUID.pattern, rows), \
        rows
    if server.product == "openbao":
        assert "team/ (namespace)" in rows, rows

    facts = json.loads(run_assay(binary, "snapshot", "inspect",
                                 "-format=json", *flags, path).stdout)
    named = {p["path"]: p for p in facts["prefixes"] if p["path"]}
    assert named["auth/userpass/"]["type"] == "userpass"
    assert UUID.search(named["auth/userpass/"]["prefix"])
    counted = sum(p["entries"] for p in facts["prefixes"])
    assert counted == facts["entries"]
    for key in cluster.keys:
        assert key not in shown.stdout + shown.stderr
