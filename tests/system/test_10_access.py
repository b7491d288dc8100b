# SPDX-License-Identifier: Apache-2.0
"""Vault's own policies decide who may do what."""
import pytest

from tests.support import rest, seed


def test_10_without_a_token_403_not_401(shared):
    for path in ("status", "snapshots?list=true", "backups/1"):
        answer = rest.request(shared.assay.address, "GET",
                              "/v1/assay/" + path)
        assert answer.status == 403, (path, answer)
        assert len(answer.errors) == 1


def test_10_a_token_that_does_not_exist(shared):
    assert shared.assay.api("GET", "status", token="s.nobody").status == 403


def test_10_a_login_alone_allows_nothing(shared):
    nell = shared.login("nell")
    for method, path in (("GET", "status"), ("LIST", "snapshots"),
                         ("POST", "backups"), ("POST", "restores"),
                         ("DELETE", "snapshots/latest")):
        assert shared.assay.api(method, path, token=nell).status == 403, path


def test_10_a_viewer_looks_and_does_not_touch(shared):
    victor = shared.login("victor")
    assert shared.assay.api("GET", "status", token=victor).status == 200
    assert shared.assay.api("LIST", "snapshots", token=victor).status == 200
    for method, path in (("POST", "backups"), ("POST", "validations"),
                         ("POST", "restores"),
                         ("DELETE", f"snapshots/{shared.snapshot}")):
        assert shared.assay.api(method, path, token=victor).status == 403, \
            (method, path)


def test_10_an_operator_backs_up_but_does_not_restore(shared):
    bob = shared.login("bob")
    run = shared.assay.run("backups", token=bob)
    assert run["status"] == "succeeded", run
    answer = shared.assay.api("POST", "restores",
                              {"snapshot": shared.snapshot}, token=bob)
    assert answer.status == 403, answer


def test_10_update_without_sudo_is_not_enough_for_a_restore(shared):
    seed.person(shared.cluster, "dora",
                'path "assay/*" { capabilities = '
                '["create", "read", "update", "delete", "list"] }')
    dora = shared.login("dora")
    assert shared.assay.api("GET", "status", token=dora).status == 200
    answer = shared.assay.api("POST", "restores",
                              {"snapshot": shared.snapshot}, token=dora)
    assert answer.status == 403, answer
    assert "sudo" in answer.errors[0]
    answer = shared.assay.api("DELETE", f"snapshots/{shared.snapshot}",
                              token=dora)
    assert answer.status == 403


def test_10_without_an_entity_nobody_requests_a_restore(shared):
    token = shared.cluster.api(
        "POST", "auth/token/create-orphan",
        {"policies": ["alice"]}).json["auth"]["client_token"]
    assert shared.assay.api("GET", "status", token=token).status == 200
    answer = shared.assay.api("POST", "restores",
                              {"snapshot": shared.snapshot}, token=token)
    assert answer.status == 403, answer


def test_10_the_callers_namespace_does_not_decide(shared):
    """A tenant's admin may grant himself anything inside his namespace."""
    if shared.server.product != "openbao":
        pytest.skip("namespaces are an Enterprise feature of Vault")
    cluster = shared.cluster
    inside = {"X-Vault-Namespace": "tenant/"}
    cluster.api("POST", "sys/namespaces/tenant")
    cluster.api("PUT", "sys/policies/acl/all",
                {"policy": 'path "*" { capabilities = ["create", "read", '
                           '"update", "delete", "list", "sudo"] }'},
                headers=inside)
    token = cluster.api("POST", "auth/token/create", {"policies": ["all"]},
                        headers=inside).json["auth"]["client_token"]
    for headers in ({}, inside):
        for method, path in (("GET", "status"), ("POST", "backups")):
            answer = shared.assay.api(method, path, token=token,
                                      headers=headers)
            assert answer.status == 403, (headers, path, answer)


def test_10_the_daemons_own_policy_is_enough(shared):
    """Everything in these tests ran with it: it is not root, and not more
    than this."""
    text = shared.cluster.api("GET", "sys/policies/acl/assay").data["policy"]
    assert "sudo" not in text
    assert '"secret' not in text
