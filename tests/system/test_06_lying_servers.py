# SPDX-License-Identifier: Apache-2.0
"""What a real server will not do on demand: every answer that looks like
success and is none.  The product under test plays no part here."""
import time

import pytest

from tests.support import mksnap
from tests.support.process import until
from tests.support.trouble import StandIn, TroubledWorld, archive


@pytest.fixture
def troubled(workdir, binary):
    world = TroubledWorld(workdir, binary).up()
    yield world
    world.down()


def failed_backup(world):
    """The backup fails with a sentence, and nothing of it is left."""
    run = world.assay.run("backups")
    assert run["status"] == "failed", run
    assert run["snapshot_id"] is None
    assert run["error"], run
    assert world.assay.snapshot_ids() == []
    assert [p for p in world.assay.storage.rglob("*") if p.is_file()] == []
    assert world.assay.parts() == []
    return run["error"]


def test_06_a_good_one_passes(troubled):
    snapshot = troubled.assay.snapshot(troubled.assay.backup())
    assert snapshot["size_bytes"] == troubled.standin.archive.stat().st_size


@pytest.mark.parametrize("fault", [
    "empty", "truncate:after=1000", "truncate:after=20", "drop:after=1000",
    "reset:after=1000", "status:code=500", "status:code=403",
    "body:text=<html>it works</html>"])
def test_06_answers_that_are_no_snapshot(troubled, fault):
    troubled.standin.fault(fault)
    failed_backup(troubled)
    troubled.standin.fault()
    troubled.assay.backup()


@pytest.mark.parametrize("broken", sorted(mksnap.BREAKS))
def test_06_archives_that_are_none(troubled, broken):
    troubled.standin.control(archive=str(
        archive(troubled.dir, broken, name="broken.snap")))
    failed_backup(troubled)


def test_06_the_sentence_says_what_is_missing(troubled):
    troubled.standin.control(archive=str(
        archive(troubled.dir, "no-sealed", name="broken.snap")))
    assert "SHA256SUMS.sealed" in failed_backup(troubled)


def test_06_a_stalled_download_can_be_cancelled(troubled):
    assay = troubled.assay
    troubled.standin.fault("stall:after=1000")
    run = assay.create("backups")
    until(lambda: assay.api("GET", f"backups/{run['id']}").data["status"]
          == "running", 10, "the backup runs")
    time.sleep(0.3)
    assert assay.api("POST", f"backups/{run['id']}/cancel").status == 200
    run = assay.wait("backups", run["id"], seconds=20)
    assert run["status"] == "cancelled", run
    assert assay.parts() == [] and assay.snapshot_ids() == []


def test_06_a_crash_in_the_middle_of_a_download(troubled):
    assay = troubled.assay
    troubled.standin.fault("stall:after=100000")
    run = assay.create("backups")
    until(assay.parts, 10, "the download has begun")
    assay.process.kill()
    assert assay.parts()
    troubled.standin.fault()
    assay.start()
    run = assay.api("GET", f"backups/{run['id']}").ok().data
    assert run["status"] == "interrupted", run
    assert assay.parts() == [] and assay.snapshot_ids() == []
    assay.backup()


def test_06_sigterm_in_the_middle_of_a_download(troubled):
    assay = troubled.assay
    troubled.standin.fault("stall:after=100000")
    assay.create("backups")
    until(assay.parts, 10, "the download has begun")
    assert assay.stop() == 0
    assert assay.parts() == []


def test_06_other_requests_are_answered_during_a_stall(troubled):
    troubled.standin.fault("stall:after=1000")
    troubled.assay.create("backups")
    began = time.monotonic()
    assert troubled.assay.api("GET", "status").status == 200
    assert time.monotonic() - began < 2


def test_06_a_redirect_to_another_host_gets_no_token(troubled, workdir):
    other = StandIn(workdir, troubled.standin.archive, "other")
    try:
        troubled.standin.fault(f"redirect:to={other.address}")
        before = len(other.seen()["requests"])
        failed_backup(troubled)
        assert other.seen()["requests"][before:] == []
    finally:
        other.process.kill()


def restore(world, **fields):
    snapshot = world.assay.backup()
    return world.assay.run(
        "restores", snapshot=snapshot, overrides=["verdict"],
        reason="the stand-in validates nothing", **fields)


def test_06_a_204_that_restores_nothing_is_no_success(workdir, binary):
    world = TroubledWorld(workdir, binary, config={
        "restore": {"settle": "5s"}}).up()
    try:
        world.standin.fault("swallow:method=POST")
        run = restore(world)
        assert run["status"] == "failed", run
        assert len(world.standin.seen()["restores"]) == 1
        assert "not" in run["error"], run
    finally:
        world.down()


def test_06_a_refused_restore_is_sent_once(troubled):
    troubled.standin.fault("status:code=500,method=POST")
    run = restore(troubled)
    assert run["status"] == "failed", run
    posts = [r for r in troubled.standin.seen()["requests"]
             if r["method"] == "POST"
             and r["path"] == "sys/storage/raft/snapshot"]
    assert len(posts) == 1


def test_06_a_restore_does_not_follow_to_another_host(troubled, workdir):
    other = StandIn(workdir, troubled.standin.archive, "other")
    try:
        troubled.standin.fault(f"redirect:to={other.address},method=POST")
        run = restore(troubled)
        assert run["status"] == "failed", run
        assert other.seen()["restores"] == []
    finally:
        other.process.kill()


def test_06_a_restore_to_what_does_not_lead_is_not_sent(troubled):
    """OpenBao's standbys would say 204 and seal themselves."""
    snapshot = troubled.assay.backup()
    troubled.standin.control(is_self=False,
                             leader_address="http://127.0.0.1:9")
    run = troubled.assay.run("restores", snapshot=snapshot,
                             overrides=["verdict"],
                             reason="the stand-in validates nothing")
    assert run["status"] == "failed", run
    assert troubled.standin.seen()["restores"] == []
