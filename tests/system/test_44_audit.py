# SPDX-License-Identifier: Apache-2.0
"""Who asked for what: written down before it is done, and not to be rewritten
without being found out."""
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import sqlite3

import pytest

from tests.support import seed
from tests.support.assay import Assay, merge, policy, run_assay
from tests.support.process import until
from tests.support.world import World
from tests.system.conftest import make_directory


@pytest.fixture(scope="module")
def place(server, binary):
    """One world for the file; alice restores, carol approves, olga audits."""
    path = make_directory()
    world = World(path, server, binary)
    try:
        world.up(start=False, config={
            "audit": {"file": str(path / "audit.log"), "heads_every": "1s"}})
        seed.person(world.cluster, "olga", policy(binary, "auditor"))
        world.file = path / "audit.log"
        world.assay.start()
        world.assay.token = world.login("alice")
        yield world
    finally:
        world.down()
        shutil.rmtree(path, ignore_errors=True)


def lines(path):
    return path.read_text().splitlines()


def entries(place, **wanted):
    """Those of the file that have all of this."""
    found = [json.loads(x) for x in lines(place.file)]
    return [e for e in found
            if all(e.get(k) == v for k, v in wanted.items())]


def heads(place):
    return sorted((place.assay.storage / "audit").rglob("*.json"))


def covered(place):
    """Wait until the storage has the end of the record; its number."""
    def look():
        last = json.loads(lines(place.file)[-1])["seq"]
        return last if heads(place) and \
            int(heads(place)[-1].stem) == last else None
    return until(look, 60, "the record's end is in the storage", 0.2)


def verify(place, *args, config=None):
    return run_assay(place.binary, "audit", "verify", *args, "-config",
                     config or place.assay.dir / "assay.json")


def test_44_a_request_and_its_outcome(place):
    bob = place.login("bob")
    answer = place.assay.api("POST", "backups", {"cluster": "main"},
                             token=bob).ok()
    run = answer.data["id"]
    place.assay.wait("backups", run)
    both = entries(place, request_id=answer.json["request_id"])
    assert [e["type"] for e in both] == ["request", "response"]
    for each in both:
        assert each["operation"] == "write"
        assert each["path"] == "assay/backups"
        assert each["who"]["display_name"].endswith("bob"), each
        assert each["who"]["entity_id"] and each["who"]["accessor"]
        assert each["remote"] == "127.0.0.1", each
    assert both[0]["fields"] == {"cluster": "main"}
    assert both[1]["status"] == 200 and both[1]["subject"] == run
    assert bob not in place.file.read_text()
    assert place.file.stat().st_mode & 0o777 == 0o600


def test_44_what_is_not_allowed_is_on_record(place):
    victor = place.login("victor")
    answer = place.assay.api("POST", "backups", token=victor)
    assert answer.status == 403
    said = entries(place, type="refused", path="assay/backups")[-1]
    assert said["status"] == 403 and "update" in said["error"]
    assert said["who"]["display_name"].endswith("victor"), said
    assert said["remote"] == "127.0.0.1"
    # Looking around leaves nothing.
    before = len(lines(place.file))
    place.assay.api("GET", "status", token=victor).ok()
    place.assay.api("LIST", "backups", token=victor).ok()
    assert len(lines(place.file)) == before


def test_44_those_who_may_see_it(place):
    place.assay.backup()
    for name, status in (("bob", 403), ("victor", 403), ("olga", 200)):
        answer = place.assay.api("LIST", "audit", token=place.login(name))
        assert answer.status == status, (name, answer)
    keys, after = [], None
    while True:
        query = {"limit": "3", "type": "request"}
        if after:
            query["after"] = after
        data = place.assay.api("LIST", "audit", query=query,
                               token=place.login("olga")).ok().data
        keys += data["keys"]
        after = data["next_after"]
        if not after:
            break
    assert len(keys) == len(set(keys)) >= 3
    assert [int(k) for k in keys] == sorted(map(int, keys), reverse=True)
    one = place.assay.api("GET", f"audit/{keys[-1]}").ok().data
    assert one["line"] == lines(place.file)[int(keys[-1]) - 1]


def test_44_a_restore_is_on_record_before_it_is_sent(place):
    assay = place.assay
    snapshot = assay.backup()
    assert assay.run("validations", snapshot=snapshot)["verdict"] == "valid"
    run = assay.create("restores", snapshot=snapshot)["id"]
    assert assay.pending(run)["status"] == "pending_approval"
    assay.api("POST", f"restores/{run}/approve", token=place.login("carol"),
              headers={"If-Match": '"1"'}).ok()
    assay.wait("restores", run)
    # Not with the token of before: the restore may have taken it.
    assay.token = place.login("alice")
    done = assay.api("GET", f"restores/{run}").ok().data
    assert done["status"] == "succeeded", done
    about = entries(place, subject=run)
    assert [e["type"] for e in about[:3]] == ["response", "request",
                                              "response"], about
    assert about[1]["path"] == f"assay/restores/{run}/approve"
    assert about[1]["who"]["display_name"].endswith("carol")
    assert about[1]["fields"] == {"If-Match": '"1"'}
    ours = [e for e in about if e["type"] == "run"]
    assert [e["event"] for e in ours] == ["sending", "succeeded"], ours
    assert snapshot in ours[0]["message"]
    assert ours[0]["who"]["display_name"].endswith("alice")
    sha256 = assay.snapshot(snapshot)["sha256"]
    assert sha256 in ours[0]["message"]
    keys = assay.api("LIST", "audit", query={"subject": run}).ok().data["keys"]
    assert len(keys) >= len(about)


def test_44_the_record_goes_on_after_a_crash(place):
    assay = place.assay
    run = assay.create("restores", snapshot="latest-valid")["id"]
    assert assay.pending(run)["status"] == "pending_approval"
    assay.process.kill()
    assay.start()
    assay.token = place.login("alice")
    assay.api("POST", f"restores/{run}/cancel").ok()
    assay.wait("restores", run)
    covered(place)
    assert verify(place).returncode == 0
    # Alike in the file and the catalog, across the crash.
    assert verify(place, place.file).returncode == 0


def test_44_a_file_moved_away(place):
    old = place.file.with_suffix(".log.1")
    place.assay.backup()
    place.file.rename(old)
    place.assay.reload()
    place.assay.backup()
    assert json.loads(lines(place.file)[0])["seq"] == \
        json.loads(lines(old)[-1])["seq"] + 1
    covered(place)
    done = verify(place, old, place.file)
    assert done.returncode == 0, done.stdout
    # One of them alone is not all of it, and says so.
    done = verify(place, place.file)
    assert done.returncode == 1 and "entry 1 is missing" in done.stdout
    assert verify(place, "-part", place.file).returncode == 0
    done = verify(place, old)
    assert done.returncode == 1 and "is missing: it ends before" in done.stdout
    # For the other tests: one file again.
    whole = old.read_text() + place.file.read_text()
    old.unlink()
    place.file.write_text(whole)
    place.assay.reload()


def test_44_no_room_no_change(place):
    """A limit for the size of files, in place of a disk that is full."""
    assay = place.assay
    pid = assay.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    count = len(assay.api("LIST", "backups").ok().data["keys"])
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        for method, path in (("POST", "backups"), ("POST", "validations"),
                             ("LIST", "audit")):
            answer = assay.api(method, path)
            assert answer.status == 500, (path, answer)
            assert "audit record" in answer.errors[0], answer
        # What is not audited still works.
        assay.api("GET", "status").ok()
        left = assay.api("LIST", "backups").ok().data["keys"]
        assert len(left) == count
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    assay.backup()
    covered(place)
    done = verify(place)
    assert done.returncode == 0, done.stdout
    done = verify(place, place.file)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def on_a_small_disk(place, workdir):
    """Another Assay, whose data lie on a disk of 4 MiB; that disk, as it is
    seen from here."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root may mount a disk, and look into it")
    data = workdir / "data"
    data.mkdir()
    program = workdir / "assay"
    program.write_text(
        "#!/bin/sh\n"
        "exec unshare -m sh -c 'mount -t tmpfs -o size=4m none \"$0\" && "
        f"exec {place.binary} \"$@\"' {data} \"$@\"\n")
    program.chmod(0o755)
    config = merge(place.config, {
        "data_dir": str(data),
        "audit": {"file": str(data / "audit.log"), "reserve": "512KiB"}})
    assay = Assay(program, workdir / "a", config=config)
    assay.start()
    assay.token = place.login("alice")
    yield assay, pathlib.Path(f"/proc/{assay.process.pid}/root{data}")
    assay.process.kill()


def fill(path):
    with open(path, "wb", buffering=0) as f:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    f.write(bytes(size))
            except OSError:
                pass


def test_44_a_full_disk_is_itself_on_record(place, on_a_small_disk, workdir):
    assay, disk = on_a_small_disk
    reserve = disk / "audit.reserve"
    first = assay.backup()
    assert reserve.stat().st_size == 512 * 1024
    fill(disk / "filler")
    # The catalog has some room of its own left, but not for long.
    for _ in range(500):
        answer = assay.api("POST", "backups")
        if answer.status == 500:
            break
    assert answer.status == 500, answer
    assert "no disk space left in reserve" in answer.errors[0], answer
    assert not reserve.exists()
    # From now on at once; what is only looked at is still there, and space
    # may be given back.
    assert assay.api("POST", "validations").status == 500
    assay.api("GET", "status").ok()
    assay.api("GET", f"snapshots/{first}").ok()
    assert assay.api("DELETE", f"snapshots/{first}").status == 204
    # Stopping something is urgent, too: it is over, and not refused for space.
    run = assay.api("LIST", "backups").ok().data["keys"][0]
    assert assay.api("POST", f"backups/{run}/cancel").status == 409
    (disk / "filler").unlink()
    assay.backup()
    assert reserve.exists()
    said = [json.loads(x) for x in lines(disk / "audit.log")]
    assert any(e["type"] == "refused" and "disk is full" in e["error"]
               for e in said), said[-5:]
    # SQLite would not find it by way of /proc; nobody writes just now.
    out = shutil.copytree(disk, workdir / "out")
    config = workdir / "out.json"
    config.write_text(json.dumps(dict(assay.config, data_dir=str(out))))
    for files in ((), (out / "audit.log",)):
        done = verify(place, *files, config=config)
        assert done.returncode == 0, done.stdout


# Whoever gets at the catalog.  On a copy, as somebody would do it while the
# daemon does not look.

@pytest.fixture
def stolen(place, workdir):
    """A copy of everything that `assay audit verify` looks at."""
    covered(place)
    config = dict(place.assay.config, data_dir=str(workdir / "data"),
                  storage={"disk": {"type": "local",
                                    "path": str(workdir / "snapshots")}})
    shutil.copytree(place.assay.dir / "data", workdir / "data",
                    ignore=shutil.ignore_patterns("*.lock", "assay.db*"))
    shutil.copytree(place.assay.storage, workdir / "snapshots")
    with sqlite3.connect(place.assay.dir / "data" / "assay.db") as live, \
            sqlite3.connect(workdir / "data" / "assay.db") as copy:
        live.backup(copy)
    path = workdir / "assay.json"
    path.write_text(json.dumps(config))

    class Stolen:
        config = path
        storage = workdir / "snapshots"

        @staticmethod
        def sql(text, *values):
            with sqlite3.connect(workdir / "data" / "assay.db") as db:
                return db.execute(text, values).fetchall()

        @staticmethod
        def verify():
            return verify(place, config=path)

    return Stolen


def test_44_intact(stolen):
    done = stolen.verify()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "signed heads in the storage" in done.stdout


def test_44_a_changed_entry_is_named(stolen):
    stolen.sql("UPDATE audit SET entry = replace(entry, 'alice', 'mallory')"
               " WHERE seq = 5")
    stolen.sql("UPDATE audit SET entry = replace(entry, 'bob', 'mallory')"
               " WHERE seq = 5")
    stolen.sql("UPDATE audit SET entry = replace(entry, '127.0.0.1', "
               "'127.0.0.2') WHERE seq = 5")
    done = stolen.verify()
    assert done.returncode == 1 and "entry 5:" in done.stdout, done.stdout


def test_44_a_column_that_hides_an_entry_is_named(stolen):
    stolen.sql("UPDATE audit SET entity_id = 'nobody' WHERE seq = 4")
    done = stolen.verify()
    assert done.returncode == 1 and "entry 4:" in done.stdout, done.stdout


def test_44_a_missing_entry_is_named(stolen):
    stolen.sql("DELETE FROM audit WHERE seq = 3")
    done = stolen.verify()
    assert done.returncode == 1, done.stdout
    assert "entry 3: it is missing" in done.stdout, done.stdout


def test_44_a_missing_end_is_named(stolen):
    (last,), = stolen.sql("SELECT max(seq) FROM audit")
    stolen.sql("DELETE FROM audit WHERE seq > ?", last - 2)
    done = stolen.verify()
    assert done.returncode == 1, done.stdout
    assert f"entry {last - 1} is missing" in done.stdout, done.stdout


def rewrite(stolen, change):
    """All of it anew from the first entry on, with hashes that are right."""
    prev = "0" * 64
    rows = stolen.sql("SELECT seq, entry FROM audit ORDER BY seq")
    for seq, line in rows:
        body, _, _ = line.rpartition(',"hash":"')
        head, _, _ = body.rpartition(',"prev":"')
        body = change(seq, head) + f',"prev":"{prev}"'
        prev = hashlib.sha256((body + "}").encode()).hexdigest()
        stolen.sql("UPDATE audit SET entry = ?, hash = ? WHERE seq = ?",
                   body + f',"hash":"{prev}"}}', prev, seq)


def test_44_a_record_written_anew_is_found_by_its_heads(stolen):
    rewrite(stolen, lambda seq, body: body)
    assert stolen.verify().returncode == 0  # it is how we write it ourselves
    rewrite(stolen, lambda seq, body: body.replace("127.0.0.1", "127.0.0.2")
            if seq == 1 else body)
    done = stolen.verify()
    assert done.returncode == 1, done.stdout
    assert "another than the signed head" in done.stdout, done.stdout


def test_44_a_catalog_taken_away_is_missed(stolen):
    stolen.sql("DELETE FROM audit")
    done = stolen.verify()
    assert done.returncode == 1, done.stdout
    assert "is missing, of which the storage has" in done.stdout, done.stdout


def test_44_a_catalog_that_is_not_there_is_not_made(stolen):
    data = stolen.config.parent / "data"
    (data / "assay.db").unlink()
    shutil.rmtree(stolen.storage / "audit")
    done = stolen.verify()
    assert done.returncode == 2 and "is not there" in done.stdout, done.stdout
    assert not (data / "assay.db").exists()


def test_44_an_older_catalog_is_not_changed(stolen):
    count = "SELECT count(*) FROM schema_migrations"
    stolen.sql("DELETE FROM schema_migrations WHERE number = "
               "(SELECT max(number) FROM schema_migrations)")
    before = stolen.sql(count)
    done = stolen.verify()
    assert done.returncode == 2 and "older version" in done.stdout, done.stdout
    assert stolen.sql(count) == before


def spoil(head):
    head.write_text(head.read_text().replace("2", "3"))


def test_44_a_head_that_was_changed_is_told(stolen):
    spoil(sorted((stolen.storage / "audit").rglob("*.json"))[0])
    done = stolen.verify()
    assert "1 heads in the storage are not signed" in done.stdout, done.stdout


def test_44_a_head_by_another_hand_does_not_count(stolen):
    """Who can write to the storage only can hide a change there, not make
    one good."""
    stolen.sql("UPDATE audit SET entry = replace(entry, '127.0.0.1', "
               "'127.0.0.2') WHERE seq = 1")
    shutil.rmtree(stolen.storage / "audit")
    done = stolen.verify()
    assert done.returncode == 1 and "entry:" in done.stdout, done.stdout


def test_44_no_heads_where_some_should_be(stolen):
    """The record itself is good; that nobody vouches for it, though the
    daemon had the time, is no good answer."""
    shutil.rmtree(stolen.storage / "audit")
    rewrite(stolen, lambda seq, body: re.sub(
        r'"at":"[^"]*"', '"at":"2020-01-01T00:00:00.000Z"', body, count=1))
    stolen.sql("UPDATE audit SET at_ms = 1577836800000")
    done = stolen.verify()
    assert "the storage says nothing of these entries" in done.stdout
    assert done.returncode == 2, done.stdout
    assert "could not tell" in done.stdout, done.stdout


def test_44_no_heads_but_changed_ones_where_some_should_be(stolen):
    """Why it cannot be told is said."""
    changed = list((stolen.storage / "audit").rglob("*.json"))
    for head in changed:
        spoil(head)
    rewrite(stolen, lambda seq, body: re.sub(
        r'"at":"[^"]*"', '"at":"2020-01-01T00:00:00.000Z"', body, count=1))
    stolen.sql("UPDATE audit SET at_ms = 1577836800000")
    done = stolen.verify()
    assert done.returncode == 2, done.stdout
    assert f"{len(changed)} heads in the storage are not signed" \
        in done.stdout, done.stdout


def test_44_the_last_heads_are_put_at_the_stop(place):
    place.assay.config["audit"]["heads_every"] = "1h"
    place.assay.stop()
    place.assay.start()
    place.assay.token = place.login("alice")
    place.assay.backup()
    place.assay.stop()
    last = json.loads(lines(place.file)[-1])["seq"]
    assert int(heads(place)[-1].stem) == last
    done = verify(place)
    assert done.returncode == 0, done.stdout
