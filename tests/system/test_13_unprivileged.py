# SPDX-License-Identifier: Apache-2.0
"""The daemon needs no root: the whole flow as `nobody`."""
import os
import pwd
import shutil

import pytest


@pytest.mark.skipif(os.geteuid() != 0,
                    reason="the other tests already run unprivileged")
def test_13_the_main_job_as_nobody(new_world):
    world = new_world(start=False)
    nobody = pwd.getpwnam("nobody")
    for path in (world.assay.dir, *(world.dir / "keys").iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    assay, cluster = world.assay, world.cluster
    program = world.dir / "assay"
    shutil.copyfile(world.binary, program)
    program.chmod(0o755)
    server = world.dir / world.server.path.name
    shutil.copyfile(world.server.path, server)
    server.chmod(0o755)
    assay.config["transient"]["server"] = str(server)
    assay.binary, assay.user = program, "nobody"
    assay.start()
    assay.token = world.login()
    with open(f"/proc/{assay.process.pid}/status", encoding="ascii") as f:
        assert f"\nUid:\t{nobody.pw_uid}\t" in f.read()
    snapshot = assay.backup()
    proof = assay.run("validations", snapshot=snapshot)
    assert proof["verdict"] == "valid", proof
    cluster.put("shop/item-3", price="new")
    run = assay.run("restores", snapshot=snapshot)
    assert run["status"] == "succeeded", run
    assert cluster.kv("shop/item-3") == {"price": "300"}
    assert assay.stop() == 0
