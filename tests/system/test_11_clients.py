# SPDX-License-Identifier: Apache-2.0
"""Driven by the clients people already have."""
import json

import pytest

from tests.support import rest


@pytest.fixture
def cli(shared):
    def run(*args, **env):
        done = shared.server.cli(shared.assay.address, shared.assay.token,
                                 *args, env=env)
        return done
    return run


def test_11_write_force_creates_a_backup(shared, cli):
    done = cli("write", "-f", "-field=id", "assay/backups")
    assert done.returncode == 0, done.stderr
    run = shared.assay.wait("backups", done.stdout.strip())
    assert run["status"] == "succeeded"


def test_11_read_a_field_and_a_whole_snapshot(shared, cli):
    done = cli("read", "-field=verdict", f"assay/snapshots/{shared.snapshot}")
    assert (done.returncode, done.stdout.strip()) == (0, "valid")
    done = cli("read", "-format=json", "assay/snapshots/latest-valid")
    assert json.loads(done.stdout)["data"]["id"] == shared.snapshot


def test_11_list_and_list_detailed(shared, cli):
    done = cli("list", "assay/snapshots")
    assert done.returncode == 0 and shared.snapshot in done.stdout
    done = cli("list", "-detailed", "assay/snapshots")
    assert done.returncode == 0, done.stderr
    assert "verdict" in done.stdout and "valid" in done.stdout


def test_11_strings_for_every_field(shared, cli):
    done = cli("write", "-format=json", "assay/restores",
               f"snapshot={shared.snapshot}", "dry_run=true")
    assert done.returncode == 0, done.stderr
    run = shared.assay.wait("restores",
                            json.loads(done.stdout)["data"]["id"])
    assert run["dry_run"] is True and run["status"] == "succeeded", run


def test_11_a_field_that_cannot_be_is_named(shared, cli):
    done = cli("write", "assay/restores", f"snapshot={shared.snapshot}",
               "dry_run=perhaps")
    assert done.returncode == 2
    assert "dry_run" in done.stderr


def test_11_what_is_not_there(shared, cli):
    done = cli("read", "assay/snapshots/019aaaaa-0000-7000-8000-000000000000")
    assert done.returncode == 2
    done = cli("list", "assay/restores", VAULT_TOKEN=shared.login("victor"),
               BAO_TOKEN=shared.login("victor"))
    assert done.returncode in (0, 2)


def test_11_path_help(cli):
    done = cli("path-help", "assay/backups")
    assert done.returncode == 0, done.stderr


def test_11_the_envelope_is_whole(shared):
    answer = shared.assay.api("GET", "status")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) >= {
        "request_id", "lease_id", "renewable", "lease_duration", "data",
        "wrap_info", "warnings", "auth"}
    assert isinstance(answer.data, dict)


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("body", [None, b"", b"{}", b"null"])
def test_11_bodies_as_clients_send_them(shared, method, body):
    answer = shared.assay.api(method, "backups", body)
    assert answer.status == 200, answer
    assert answer.headers["Location"].endswith(answer.data["id"])
    shared.assay.wait("backups", answer.data["id"])


@pytest.mark.parametrize("listing", ["true", "True", "1", "t"])
def test_11_list_by_query(shared, listing):
    answer = shared.assay.api("GET", "snapshots", query={"list": listing})
    assert answer.status == 200 and answer.data["keys"]


def test_11_202_only_when_preferred(shared):
    answer = shared.assay.api("POST", "backups", {},
                              headers={"Prefer": "respond-async"})
    assert answer.status == 202
    shared.assay.wait("backups", answer.data["id"])


def test_11_unknown_fields_warn(shared):
    answer = shared.assay.api("POST", "backups", {"colour": "blue"})
    assert answer.status == 200
    assert any("colour" in w for w in answer.json["warnings"])
    shared.assay.wait("backups", answer.data["id"])


def test_11_the_same_request_gets_the_same_run(shared):
    assay = shared.assay
    first = assay.create("validations", snapshot=shared.snapshot)
    again = assay.create("validations", snapshot=shared.snapshot)
    assert first["id"] == again["id"]
    assay.wait("validations", first["id"])


def test_11_idempotency_key_replays(shared):
    assay = shared.assay
    key = {"Idempotency-Key": "nightly-2026-11-24"}
    first = assay.api("POST", "backups", {}, headers=key).ok().data
    assay.wait("backups", first["id"])
    again = assay.api("POST", "backups", {}, headers=key).ok().data
    assert again["id"] == first["id"]


def test_11_paging(shared):
    assay = shared.assay
    ids = assay.snapshot_ids()
    assert len(ids) > 2
    seen, after = [], None
    while True:
        page = assay.snapshot_ids(limit=2, **({"after": after} if after
                                              else {}))
        if not page:
            break
        seen += page
        after = page[-1]
    assert seen == ids
    assert assay.snapshot_ids(verdict="valid") == [shared.snapshot]


def test_11_a_standby_proxy_is_not_pretended(shared):
    """Vault's own paths are not ours: a clear 404, not a wrong answer."""
    answer = rest.request(shared.assay.address, "GET",
                          "/v1/secret/data/shop/first",
                          token=shared.assay.token)
    assert answer.status == 404 and len(answer.errors) <= 1
