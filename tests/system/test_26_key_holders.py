# SPDX-License-Identifier: Apache-2.0
"""No key files: the key holders submit their shares to the validation that
waits for them, as they would to sys/unseal, and the shares are nowhere else.
"""
import base64
import os
import shutil
import signal
import sqlite3
import stat
import subprocess

import pytest

from tests.support import rest
from tests.support.assay import check
from tests.support.process import children_of, until
from tests.support.world import World
from tests.system.conftest import make_directory

STRANGE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
CHECKS = ("intact", "authentic", "decryptable", "restorable", "lossless")


@pytest.fixture(scope="module")
def place(server, binary):
    """One daemon, two clusters (one server, two names): the key holders of
    `main` are asked, `files` has its shares in files."""
    path = make_directory()
    world = World(path, server, binary)
    try:
        world.up(start=False)
        main = world.assay.config["clusters"]["main"]
        world.assay.config["clusters"]["files"] = dict(main)
        world.assay.config["clusters"]["main"] = {
            k: v for k, v in main.items() if k != "unseal"}
        world.assay.start()
        world.assay.token = world.login()
        world.snapshot = world.assay.backup(cluster="main")
        yield world
    finally:
        world.down()
        shutil.rmtree(path, ignore_errors=True)


def restart(place, **settings):
    """With other settings for validations."""
    place.assay.stop()
    place.assay.config["validation"] = settings
    place.assay.start()


def unseal(place, run, **fields):
    """What a key holder does: without a token."""
    return rest.request(place.assay.address, "PUT",
                        f"/v1/assay/validations/{run}/unseal", fields)


def begin(place, **fields):
    """A validation that waits: its id."""
    run = place.assay.create("validations", cluster="main", **fields)["id"]
    until(lambda: show(place, run)["status"] == "awaiting_unseal", 30,
          "the validation waits for its key holders")
    return run


def show(place, run):
    return place.assay.api("GET", f"validations/{run}").ok().data


def assert_valid(run):
    assert run["status"] == "succeeded", run
    assert run["verdict"] == "valid", run["checks"]
    for name in CHECKS:
        assert check(run, name)["outcome"] == "pass", run["checks"]


def assert_nowhere(place):
    """Neither in a file of the daemon's nor in what it said."""
    needles = set()
    for key in place.cluster.keys + [STRANGE]:
        raw = base64.b64decode(key)
        needles |= {key.encode(), raw, raw.hex().encode()}
    for path in place.assay.dir.rglob("*"):
        if not stat.S_ISREG(path.lstat().st_mode):
            continue
        content = path.read_bytes()
        for needle in needles:
            assert needle not in content, path
    for needle in needles:
        assert needle not in place.assay.log().encode()


def test_26_two_of_three_holders(place):
    assay, keys = place.assay, place.cluster.keys
    run = begin(place)
    waiting = show(place, run)
    deadline = waiting["unseal"].pop("deadline")
    assert deadline > waiting["started_at"]
    assert waiting["unseal"] == {"type": "shamir", "sealed": True, "t": 2,
                                 "n": 3, "progress": 0, "nonce": ""}
    assert waiting["phase"] == "await_unseal"
    # Nothing that holds secrets runs meanwhile.
    assert not children_of(assay.process.pid)
    listed = assay.api("LIST", "validations",
                       query={"status": "awaiting_unseal"}).ok().data
    assert listed["keys"] == [run]
    index = assay.api("GET", f"validations/{run}").headers["X-Assay-Index"]

    first = unseal(place, run, key=keys[2]).ok().data
    assert first["id"] == run and first["status"] == "awaiting_unseal"
    assert first["sealed"] and first["progress"] == 1 and first["nonce"]
    # Whoever watches the run sees it.
    seen = assay.api("GET", f"validations/{run}",
                     query={"index": index, "wait": "10s"}).ok().data
    assert seen["unseal"]["progress"] == 1, seen
    assert seen["progress"] == {"done": 1, "total": 2, "unit": "shares"}
    again = unseal(place, run, key=keys[2]).ok().data
    assert again["progress"] == 1 and again["nonce"] == first["nonce"]
    assert_nowhere(place)

    last = unseal(place, run,
                  key=base64.b64decode(keys[0]).hex()).ok().data
    assert last["sealed"] is False
    done = assay.wait("validations", run)
    assert_valid(done)
    assert done["unseal"] is None
    phases = {p["name"]: p["duration_seconds"] for p in done["phases"]}
    assert phases["await_unseal"] > 0
    names = [p["name"] for p in done["phases"]]
    assert names.index("await_unseal") < names.index("up")
    assert done["restore_seconds"] <= done["duration_seconds"] - \
        phases["await_unseal"]
    assert assay.snapshot(done["snapshot_id"])["verdict"] == "valid"
    # The door is closed behind them.
    late = unseal(place, run, key=keys[1])
    assert late.status == 404, late
    assert_nowhere(place)


def test_26_wrong_shares_and_then_the_right_ones(place):
    keys = place.cluster.keys
    run = begin(place)
    unseal(place, run, key=keys[0]).ok()
    wrong = unseal(place, run, key=STRANGE)
    assert wrong.status == 400, wrong
    assert wrong.errors[0].startswith("Unseal failed, invalid key"), wrong
    assert show(place, run)["unseal"]["progress"] == 0
    assert show(place, run)["status"] == "awaiting_unseal"
    # What is no share at all costs nobody anything.
    unseal(place, run, key=keys[0]).ok()
    assert unseal(place, run, key="nonsense").status == 400
    assert unseal(place, run).status == 400
    assert show(place, run)["unseal"]["progress"] == 1
    reset = unseal(place, run, reset=True).ok().data
    assert reset["progress"] == 0 and reset["nonce"] == ""
    # A reload does not disturb it.
    place.assay.process.signal(signal.SIGHUP)
    for key in keys[1:]:
        unseal(place, run, key=key).ok()
    assert_valid(place.assay.wait("validations", run))
    assert_nowhere(place)


def test_26_others_go_on_while_one_waits(place):
    assay = place.assay
    run = begin(place, snapshot=place.snapshot)
    assert assay.run("backups", cluster="main")["status"] == "succeeded"
    assay.backup(cluster="files")
    assert_valid(assay.run("validations", cluster="files"))
    assert show(place, run)["status"] == "awaiting_unseal"
    other = assay.api("POST", "validations", {"cluster": "main"})
    assert other.status == 409, other
    for key in place.cluster.keys[:2]:
        unseal(place, run, key=key).ok()
    assert_valid(assay.wait("validations", run))


def test_26_a_stranger_learns_nothing(place):
    run = begin(place)
    unknown = unseal(place, "0198c0de-0000-7000-8000-000000000001",
                     key=place.cluster.keys[0])
    assert unknown.status == 404
    # In a URL it would end in somebody's log.
    exposed = rest.request(
        place.assay.address, "PUT", f"/v1/assay/validations/{run}/unseal",
        query={"key": STRANGE})
    assert exposed.status == 400 and "body" in exposed.errors[0]
    answers = [unseal(place, run, reset=True) for _ in range(60)]
    refused = [a for a in answers if a.status == 429]
    assert refused and refused[0].headers["Retry-After"] == "1"
    assert {a.status for a in answers} == {200, 429}
    done = place.assay.api("POST", f"validations/{run}/cancel")
    assert done.status == 200, done
    assert place.assay.wait("validations", run)["status"] == "cancelled"
    after = unseal(place, run, key=place.cluster.keys[0])
    assert after.json == unknown.json and after.status == 404
    assert_nowhere(place)


def test_26_with_the_command_line_client(place):
    """Vault's own, and no token; the share on its standard input."""
    run = begin(place)
    env = {"PATH": os.environ["PATH"], "HOME": str(place.dir),
           "VAULT_ADDR": place.assay.address, "BAO_ADDR": place.assay.address}
    for key in place.cluster.keys[:2]:
        done = subprocess.run(
            [place.server.path, "write", "-format=json",
             f"assay/validations/{run}/unseal", "key=-"],
            input=key, text=True, capture_output=True, env=env, timeout=60)
        assert done.returncode == 0, done.stderr
        assert '"nonce"' in done.stdout
    assert_valid(place.assay.wait("validations", run))


def test_26_sigterm_and_a_crash_forget_the_shares(place):
    assay = place.assay
    run = begin(place)
    unseal(place, run, key=place.cluster.keys[0]).ok()
    assert assay.stop() == 0
    assert_nowhere(place)
    assay.start()
    assert show(place, run)["status"] == "interrupted", show(place, run)
    run = begin(place)
    unseal(place, run, key=place.cluster.keys[0]).ok()
    assay.process.kill()
    assert_nowhere(place)
    assay.start()
    ended = show(place, run)
    assert ended["status"] == "interrupted", ended
    assert "awaiting_unseal" in ended["error"]
    assert unseal(place, run, key=place.cluster.keys[1]).status == 404
    assert not list((assay.dir / "data" / "work").glob("*"))
    with sqlite3.connect(assay.dir / "data" / "assay.db") as db:
        dump = "\n".join(db.iterdump())
    assert not any(k in dump for k in place.cluster.keys)


def test_26_nobody_comes(place):
    restart(place, await_unseal="3s")
    run = begin(place)
    unseal(place, run, key=place.cluster.keys[0]).ok()
    done = place.assay.wait("validations", run)
    assert done["status"] == "succeeded", done
    assert done["verdict"] == "inconclusive", done
    assert check(done, "intact")["outcome"] == "pass"
    for name in ("authentic", "decryptable", "restorable"):
        assert check(done, name)["outcome"] == "not_run"
        assert "1 of the 2 key shares" in check(done, name)["message"]
    assert done["restore_seconds"] is None


def test_26_not_to_wait(place):
    restart(place, await_unseal="0s")
    done = place.assay.run("validations", cluster="main")
    assert done["verdict"] == "inconclusive", done
    assert "await_unseal" not in [p["name"] for p in done["phases"]]
    assert check(done, "authentic")["outcome"] == "not_run"


def test_26_a_command_gives_the_shares(place):
    program = place.dir / "shares"
    program.write_text('#!/bin/sh\n[ -z "$VAULT_TOKEN" ] || exit 4\n'
                       'cat "$1"/unseal-*\n')
    program.chmod(0o755)
    place.assay.stop()
    clusters = place.assay.config["clusters"]
    clusters["main"]["unseal"] = {
        "command": [str(program), str(place.dir / "keys")]}
    place.assay.env = {"VAULT_TOKEN": "not-yours"}
    place.assay.start()
    assert_valid(place.assay.run("validations", cluster="main"))
    program.write_text("#!/bin/sh\necho it is broken >&2; exit 3\n")
    done = place.assay.run("validations", cluster="main")
    assert done["verdict"] == "inconclusive", done
    said = check(done, "authentic")["message"]
    assert "exit code 3" in said and "it is broken" not in said
    both = {"command": ["true"], "key_files": ["/dev/null"]}
    clusters["main"]["unseal"] = both
    place.assay.stop()
    place.assay.start(ready=False)
    until(lambda: not place.assay.process.alive(), 20, "it refuses to start")
    assert "not both" in place.assay.log()
