# SPDX-License-Identifier: Apache-2.0
"""Canaries: what a backup writes into the cluster, the restored copy must
give back; and every way in which it does not."""
import pathlib
import shutil

import pytest

from tests.support.assay import Assay, check, merge, policy, run_assay
from tests.support.trouble import StandIn
from tests.support.world import World
from tests.system.conftest import make_directory

MOUNT = "assay-canary"
MARKER = f'path "{MOUNT}/data/marker"'
DECRYPT = f'path "{MOUNT}-transit/decrypt/canary"'


def daemon_policy(world, *more):
    world.cluster.api("PUT", "sys/policies/acl/assay", {
        "policy": policy(world.binary, "daemon", "restore", *more)})


def canary_setup(world, token, *flags):
    env = {"VAULT_TOKEN": token, "HOME": "/nonexistent"}
    return run_assay(world.binary, "canary", "setup", "-config",
                     world.assay.dir / "assay.json", *flags, env=env)


def operator_token(world, *policies):
    world.cluster.api("PUT", "sys/policies/acl/canary-setup", {
        "policy": policy(world.binary, "canary-setup")})
    return world.cluster.api("POST", "auth/token/create", {
        "policies": list(policies), "no_parent": True}).json[
            "auth"]["client_token"]


@pytest.fixture(scope="module")
def canaries(server, binary):
    """One cluster for the file."""
    path = make_directory()
    world = World(path, server, binary)
    try:
        world.up(config={"canary": {"mount": MOUNT}, "validation": {
            "required": ["intact", "authentic", "decryptable", "restorable",
                         "lossless", "usable"]}})
        yield world
    finally:
        world.down()
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def ready(canaries):
    """Set up, and the daemon's role has its lines."""
    done = canary_setup(canaries, operator_token(canaries, "canary-setup"))
    assert done.returncode == 0, done
    daemon_policy(canaries, "canary")
    return canaries


def test_18_before_setup_a_backup_is_still_a_backup(canaries):
    assay = canaries.assay
    made = assay.snapshot(assay.backup())
    assert made["canary"] == "incomplete", made
    # The daemon's role does not have the lines, and is told which.
    assert MARKER in made["canary_problem"], made
    assert assay.log().count("goes on without its canary") == 1
    run = assay.run("validations")
    usable = check(run, "usable")
    assert usable["outcome"] == "not_run", usable
    assert MARKER in usable["message"]
    assert (usable["covered"], usable["total"]) == (1, 3)
    assert run["verdict"] == "inconclusive", run


def test_18_setup_by_an_operator_without_root(canaries):
    done = canary_setup(canaries, operator_token(canaries, "default"))
    assert done.returncode == 1
    assert f'path "sys/mounts/{MOUNT}"' in done.stderr, done.stderr
    token = operator_token(canaries, "canary-setup")
    done = canary_setup(canaries, token)
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    assert sum(line.startswith("made ") for line in lines) == 5, done.stdout
    again = canary_setup(canaries, token)
    assert again.returncode == 0, again
    assert sum(line.startswith("there ") for line in
               again.stdout.splitlines()) == 5, again.stdout
    assert "plaintext" not in done.stdout and token not in done.stdout
    lines = canary_setup(canaries, "-", "-print-policy").stdout
    assert lines == policy(canaries.binary, "canary-setup", "canary")


def test_18_a_restored_copy_gives_them_back(ready):
    assay = ready.assay
    snapshot = assay.backup()
    assert assay.snapshot(snapshot)["canary"] == "written"
    assert assay.snapshot(snapshot)["canary_problem"] is None
    run = assay.run("validations", snapshot=snapshot)
    usable = check(run, "usable")
    assert usable["outcome"] == "pass", usable
    assert (usable["covered"], usable["total"]) == (3, 3)
    assert check(run, "lossless")["outcome"] == "pass"
    assert run["verdict"] == "valid", run
    # However many backups: the marker does not grow.
    for _ in range(11):
        ready.cluster.api("POST", f"{MOUNT}/data/marker",
                             {"data": {"nonce": "of another Assay"}})
    kept = ready.cluster.api("GET", f"{MOUNT}/metadata/marker").data
    assert len(kept["versions"]) == 10, kept


def test_18_an_older_archive_passed_off_as_this_one(ready):
    """Something in between hands out what it kept: whole, signed by the
    cluster, restorable, and of yesterday."""
    cluster = ready.cluster
    auth = ready.config["clusters"]["main"]["auth"]
    path = ready.dir / "yesterday.snap"
    path.write_bytes(cluster.snapshot())
    newest = cluster.api("GET", f"{MOUNT}/metadata/marker").data
    newest = newest["current_version"]
    standin = StandIn(ready.dir, path)
    seal = cluster.nodes[0].status()
    credential = {key: pathlib.Path(auth[key + "_file"]).read_text().strip()
                  for key in ("role_id", "secret_id")}
    standin.control(
        product=ready.server.product, version=seal["version"],
        cluster_id=seal["cluster_id"], cluster_name=seal["cluster_name"],
        **credential)
    assay = Assay(ready.binary, ready.dir / "b", config=merge(
        ready.config, {"clusters": {"main": {
            "address": standin.address}}}))
    try:
        assay.start()
        assay.token = standin.login(**credential)
        # A version that came later, and one that somebody else wrote.
        for version, word in ((newest + 1, f"lost version {newest + 1}"),
                              (newest, "another nonce")):
            standin.fault(f"body:path={MOUNT}/data/marker,json="
                          f'{{"data":{{"version":{version}}}}}')
            run = assay.run("validations", snapshot=assay.backup())
            usable = check(run, "usable")
            assert usable["outcome"] == "fail", usable
            assert word in usable["message"], usable
            assert [f["kind"] for f in usable["findings"]] == [
                "canary_marker"]
            assert check(run, "lossless")["outcome"] == "pass", run
            assert run["verdict"] == "invalid", run
    finally:
        assay.process.kill()
        standin.process.kill()


def test_18_a_policy_that_went_away(ready):
    """Away in the copy, and so on the primary: the line is named."""
    assay = ready.assay
    ready.cluster.api("PUT", "sys/policies/acl/assay", {
        "policy": policy(ready.binary, "daemon", "restore", "canary")
        .replace(DECRYPT, 'path "nowhere"')})
    assay.backup()
    run = assay.run("validations")
    usable = check(run, "usable")
    daemon_policy(ready, "canary")
    assert usable["outcome"] == "not_run", usable
    assert DECRYPT in usable["message"], usable
    assert (usable["covered"], usable["total"]) == (2, 3)


def test_18_a_transit_key_that_was_replaced(ready):
    """By one of the same name: nothing but decrypting shows it."""
    assay, cluster = ready.assay, ready.cluster
    key = f"{MOUNT}-transit/keys/canary"
    cluster.api("POST", key + "/config", {"deletion_allowed": True})
    cluster.api("DELETE", key)
    gone = assay.backup()
    cluster.api("POST", key)
    replaced = assay.backup()
    for snapshot, word in ((gone, "not found"), (replaced, "authentication")):
        problem = assay.snapshot(snapshot)
        assert problem["canary"] == "incomplete", problem
        assert word in problem["canary_problem"], problem
        run = assay.run("validations", snapshot=snapshot)
        usable = check(run, "usable")
        assert usable["outcome"] == "fail", usable
        assert word in usable["message"]
        assert "nor did it on the primary" in usable["message"]
        assert [f["kind"] for f in usable["findings"]] == [
            "canary_ciphertext"]
        assert run["verdict"] == "invalid", run
    # Setup does not paper over it, unless it is told to.
    token = operator_token(ready, "canary-setup")
    done = canary_setup(ready, token)
    assert done.returncode == 1 and "-renew" in done.stderr, done
    assert canary_setup(ready, token, "-renew").returncode == 0
    assert assay.snapshot(assay.backup())["canary"] == "written"
