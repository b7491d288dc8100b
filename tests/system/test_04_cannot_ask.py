# SPDX-License-Identifier: Apache-2.0
"""A validation that cannot ask its question is inconclusive, never valid,
and says what to do."""
import os

import pytest


def inconclusive(world, **fields):
    world.assay.backup()
    proof = world.assay.run("validations", **fields)
    assert proof["status"] == "succeeded", proof
    assert proof["verdict"] == "inconclusive", proof
    assert world.assay.snapshot("latest")["verdict"] in (
        "unvalidated", "inconclusive")
    assert world.assay.api("GET", "snapshots/latest-valid").status == 404
    said = " ".join([str(proof.get("error") or "")] + [
        c.get("message") or "" for c in proof["checks"]
        if c["outcome"] == "not_run"])
    assert said.strip(), proof
    return said


def test_04_wrong_unseal_keys(new_world):
    world = new_world(start=False)
    other = world.cluster.key_files(
        world.dir / "other-keys",
        ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
         "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9A"])
    world.assay.config["clusters"]["main"]["unseal"]["key_files"] = [
        str(p) for p in other]
    world.assay.start()
    world.assay.token = world.login()
    said = inconclusive(world)
    assert "of another cluster" in said and "a rekey has replaced them" in said


def test_04_too_few_unseal_keys(new_world):
    world = new_world(start=False)
    files = world.assay.config["clusters"]["main"]["unseal"]["key_files"]
    world.assay.config["clusters"]["main"]["unseal"]["key_files"] = files[:1]
    world.assay.start()
    world.assay.token = world.login()
    said = inconclusive(world)
    assert "1 of the 2" in said, said


@pytest.mark.parametrize("program", ["missing", "/bin/true"])
def test_04_no_server_of_the_product(new_world, program):
    path = program if program.startswith("/") else "/nonexistent/server"
    world = new_world(config={"transient": {"server": path}})
    assert path in inconclusive(world)


def test_04_no_server_on_the_path(new_world):
    world = new_world(config={"transient": {"server": None}}, start=False)
    empty = world.dir / "empty"
    empty.mkdir()
    world.assay.env = {"PATH": str(empty)}
    world.assay.start()
    world.assay.token = world.login()
    said = inconclusive(world)
    assert "bao" in said or "vault" in said


def test_04_a_missing_key_file(new_world):
    world = new_world(start=False)
    config = world.assay.config["clusters"]["main"]["unseal"]
    os.unlink(config["key_files"][0])
    world.assay.start()
    world.assay.token = world.login()
    assert config["key_files"][0] in inconclusive(world)
