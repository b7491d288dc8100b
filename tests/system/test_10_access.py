# SPDX-License-Identifier: Apache-2.0
"""Vault's own policies decide who may do what."""
import re
import uuid

import pytest

from tests.support import rest, seed
from tests.support.assay import policy


def test_10_without_a_token_403_not_401(shared):
    for path in ("status", "snapshots?list=true", "backups/1"):
        answer = rest.request(shared.assay.address, "GET",
                              "/v1/assay/" + path)
        assert answer.status == 403, (path, answer)
        assert len(answer.errors) == 1


def test_10_a_token_that_does_not_exist(shared):
    assert shared.assay.api("GET", "status", token="s.nobody").status == 403


def test_10_an_odd_token_shuts_out_nobody_else(shared):
    """Vault has an error of its own for some texts that are no token.  That
    is not Vault being down."""
    victor = shared.login("victor")
    odd = "b.!"
    said = rest.request(shared.cluster.address, "POST",
                        "/v1/sys/capabilities-self",
                        {"path": "assay/status"}, token=odd)
    assert said.status == 500, said
    assert shared.assay.api("GET", "status", token=odd).status == 503
    assert shared.assay.api("GET", "status", token=victor).status == 200
    run = shared.assay.run("backups", token=shared.login("bob"))
    assert run["status"] == "succeeded", run


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


METHODS = {"read": "GET", "list": "LIST", "update": "POST",
           "delete": "DELETE"}


def blocks(text):
    """The blocks of a policy: text, path, capabilities."""
    return [(m[0], m[1], re.findall(r'"(\w+)"', m[2])) for m in re.finditer(
        r'path "([^"]+)" \{\n  capabilities = \[([^\]]*)\]\n\}\n', text)]


@pytest.mark.parametrize("name", ["viewer", "operator", "restorer",
                                  "recoverer", "approver"])
def test_10_every_line_of_a_callers_policy_is_needed(shared, name):
    """With all of them nothing is refused; without one, what it is for is,
    and the refusal says which it was."""
    text = policy(shared.binary, name)
    seed.person(shared.cluster, name, text)
    token = shared.login(name)
    parts = blocks(text)
    assert len(parts) > 5

    def ask(path, capability, token):
        # Nothing that there is, so that nothing happens.
        real = path.replace("+", str(uuid.uuid4()))
        return real, shared.assay.api(
            METHODS[capability], real.removeprefix("assay/"),
            {"cluster": "nowhere"} if capability == "update" else None,
            token=token)

    # In this order: what was allowed is remembered for some seconds.
    for block, path, capabilities in parts:
        shared.cluster.api("PUT", f"sys/policies/acl/{name}",
                           {"policy": text.replace(block, "")})
        for capability in set(capabilities) - {"sudo"}:
            real, answer = ask(path, capability, token)
            assert answer.status == 403, (path, capability, answer)
            assert f'"{capability}"' in answer.errors[0], answer
            assert real in answer.errors[0], answer
        if "sudo" in capabilities:
            shared.cluster.api(
                "PUT", f"sys/policies/acl/{name}",
                {"policy": text.replace(block, block.replace(', "sudo"', ""))})
            answer = ask(path, "update", token)[1]
            assert answer.status == 403 and '"sudo"' in answer.errors[0], \
                answer
    shared.cluster.api("PUT", f"sys/policies/acl/{name}", {"policy": text})
    token = shared.login(name)
    for _, path, capabilities in parts:
        for capability in set(capabilities) - {"sudo"}:
            _, answer = ask(path, capability, token)
            assert answer.status != 403, (path, capability, answer)


def sudo(path, capabilities='"update", "sudo"'):
    return f'path "{path}" {{ capabilities = [{capabilities}] }}\n'


def may_approve(shared, name):
    """403 or not, of a restore that does not exist."""
    return shared.assay.api(
        "POST", f"restores/{uuid.uuid4()}/approve", {"plan_revision": 1},
        token=shared.login(name))


def test_10_the_real_path_is_asked_for(shared):
    """A policy for the path without its id means nothing, one for any id
    does."""
    seed.person(shared.cluster, "short", sudo("assay/restores/approve"))
    assert may_approve(shared, "short").status == 403
    seed.person(shared.cluster, "right", sudo("assay/restores/+/approve"))
    assert may_approve(shared, "right").status == 404


def test_10_a_wildcard_of_somebody_else_approves_nothing(shared):
    seed.person(shared.cluster, "wild", sudo("+/+/+/approve", '"update"'))
    answer = may_approve(shared, "wild")
    assert answer.status == 403 and '"sudo"' in answer.errors[0], answer


def test_10_parameters_in_a_policy_are_no_limit(shared):
    """Vault does not say them: one who may ask for dry runs only may ask for
    restores, which is why a restore takes somebody else besides."""
    seed.person(shared.cluster, "dry", (
        'path "assay/restores" { capabilities = ["update", "sudo"]\n'
        'allowed_parameters = { "dry_run" = ["true"] } }\n'
        'path "assay/restores/+/cancel" { capabilities = ["update"] }\n'))
    dry = shared.login("dry")
    run = shared.assay.create("restores", token=dry, snapshot=shared.snapshot)
    assert run["approvals_needed"] == 1, run
    shared.assay.api("POST", f"restores/{run['id']}/cancel", token=dry).ok()
    assert shared.assay.wait("restores", run["id"])["status"] == "cancelled"


def test_10_what_is_taken_away_counts_at_once(shared):
    """Nothing that needs sudo is answered from memory."""
    allowed = sudo("assay/restores")
    seed.person(shared.cluster, "ex", allowed)
    ex = shared.login("ex")
    for _ in range(2):
        assert shared.assay.api("POST", "restores", token=ex).status == 400
        shared.cluster.api("PUT", "sys/policies/acl/ex",
                           {"policy": sudo("assay/status", '"read"')})
        assert shared.assay.api("POST", "restores", token=ex).status == 403
        shared.cluster.api("PUT", "sys/policies/acl/ex", {"policy": allowed})
    shared.cluster.api("POST", "auth/token/revoke-self", token=ex)
    assert shared.assay.api("POST", "restores", token=ex).status == 403


def test_10_root_neither_asks_for_a_restore_nor_approves_one(shared):
    root = shared.cluster.root
    assert shared.assay.api("GET", "status", token=root).status == 200
    for path, body in (("restores", {"snapshot": shared.snapshot}),
                       (f"restores/{uuid.uuid4()}/approve",
                        {"plan_revision": 1})):
        answer = shared.assay.api("POST", path, body, token=root)
        assert answer.status == 403, answer
        assert "root token" in answer.errors[0], answer


def test_10_a_mount_of_that_name_in_vault_changes_nothing(shared):
    """The paths are asked for as they are, whatever is mounted there."""
    shared.cluster.api("POST", "sys/mounts/assay", {"type": "kv"})
    try:
        assert shared.assay.api("GET", "status").status == 200
        answer = shared.assay.api("GET", "status",
                                  token=shared.login("nell"))
        assert answer.status == 403
    finally:
        shared.cluster.api("DELETE", "sys/mounts/assay")
