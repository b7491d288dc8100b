# SPDX-License-Identifier: Apache-2.0
"""The Vault client alone, against one node and three: logins, renewal, the
leader found from a standby, capabilities, snapshots taken and put back, the
proof of a restore with both kinds of token, seal and unseal."""
import os
import subprocess

import pytest

from tests.support.cluster import Cluster


@pytest.mark.parametrize("nodes", [1, 3])
def test_the_client_against_real_servers(server, workdir, binary, nodes):
    program = binary.parent / "tests/unit/vault/test_vault_live"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    cluster = Cluster(server, workdir / "cluster", nodes=nodes)
    try:
        cluster.start()
        done = subprocess.run(
            [program], capture_output=True, text=True, timeout=240,
            env={"PATH": os.environ["PATH"],
                 "ASSAY_TEST_VAULT_ADDRS": ",".join(
                     node.address for node in cluster.nodes),
                 "ASSAY_TEST_ROOT_TOKEN": cluster.root,
                 "ASSAY_TEST_UNSEAL_KEYS": ",".join(
                     cluster.keys[:cluster.threshold])})
    finally:
        cluster.stop()
    assert done.returncode == 0, done.stdout + done.stderr
