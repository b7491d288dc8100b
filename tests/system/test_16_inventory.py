# SPDX-License-Identifier: Apache-2.0
"""An inventory of a cluster with one of everything: what is written down is
what was put in, under a token that has no more than `assay policy daemon
inventory`; and what is forbidden is named, with the line that is missing."""
import json
import shutil
import subprocess

import pytest

from tests.support import rest
from tests.support.assay import policy
from tests.support.cluster import Cluster
from tests.support.estate import Estate
from tests.system.conftest import make_directory


class Walker:
    """inventory_tool against a cluster, as whoever holds a token."""

    def __init__(self, program, binary, cluster, directory):
        self.program, self.binary = program, binary
        self.cluster, self.dir = cluster, directory

    def token(self, policy_text):
        """A new one, allowed what the text says."""
        self.cluster.api("PUT", "sys/policies/acl/walker",
                         {"policy": policy_text})
        return self.cluster.api(
            "POST", "auth/token/create",
            {"policies": ["walker"]}).json["auth"]["client_token"]

    def policy(self, *names):
        return policy(self.binary, "-kv1=plain", *names)

    def least(self):
        names = ["daemon", "inventory"]
        if self.cluster.server.product == "openbao":
            names.append("inventory-namespaces")
        return self.policy(*names)

    def walk(self, token, *options):
        """(kind, path) -> record, and what the walk said of itself."""
        token_file = self.dir / "token"
        token_file.write_text(token)
        done = subprocess.run(
            [self.program, self.cluster.address, token_file, self.dir,
             *options], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        lines = (self.dir / "inventory").read_text().splitlines()
        records = [json.loads(line) for line in lines[1:-1]]
        assert json.loads(lines[-1]) == {"records": len(records)}
        keys = [(r["kind"].encode(), r["path"].encode()) for r in records]
        assert keys == sorted(set(keys))
        return ({(r["kind"], r["path"]): r for r in records},
                json.loads(done.stdout))


@pytest.fixture(scope="module")
def walker(server, binary):
    program = binary.parent / "tests/unit/proof/inventory_tool"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    path = make_directory()
    cluster = Cluster(server, path / "cluster")
    try:
        cluster.start()
        walker = Walker(program, binary, cluster, path)
        walker.estate = Estate(cluster).fill()
        walker.root = walker.walk(cluster.root)[0]
        yield walker
    finally:
        cluster.stop()
        shutil.rmtree(path, ignore_errors=True)


def paths(records, kind):
    return {path for k, path in records if k == kind}


def in_root(records, kind):
    return {p for p in paths(records, kind) if not p.startswith("team/")}


SECRETS = {"first", "shop/item", "shop/deep/er/leaf", "shop/deep", "a b+c%"}


def test_everything_is_found(walker):
    found, estate = walker.root, walker.estate
    assert paths(found, "not_covered") == set()
    assert paths(found, "kv1") == {f"plain/{s}" for s in SECRETS}
    assert in_root(found, "kv2") == {f"secret/{s}" for s in SECRETS}
    assert in_root(found, "mount") == {
        f"{m}/" for m in ("cubbyhole", "database", "identity", "pki", "plain",
                          "secret", "ssh", "sys", "totp", "transit")}
    assert {"auth/approle/", "auth/token/", "auth/jwt/"} <= \
        in_root(found, "auth")
    assert in_root(found, "policy") >= {"default", "root", "shop"}
    assert in_root(found, "password_policy") == {"strong"}
    assert paths(found, "audit") == {"file/"}
    assert paths(found, "quota") == {"sys/quotas/rate-limit/gentle"}
    assert f"identity/entity/id/{estate.entity}" in paths(found, "entity")
    assert paths(found, "entity_alias") == {
        f"identity/entity-alias/id/{estate.alias}"}
    assert f"identity/group/id/{estate.group}" in paths(found, "group")
    assert paths(found, "group_alias") == {
        f"identity/group-alias/id/{estate.group_alias}"}
    assert paths(found, "transit_key") == {
        "transit/keys/orders", "transit/keys/signer"}
    assert paths(found, "pki_role") == {"pki/roles/web"}
    assert f"pki/cert/{estate.serial}" in paths(found, "pki_cert")
    assert len(paths(found, "pki_cert")) == 2  # and the issuer's own
    assert "pki/config/crl" in paths(found, "pki_config")
    one_each = {
        "ssh_role": "ssh/roles/admin",
        "ssh_config": "ssh/config/ca",
        "database_config": "database/config/orders",
        "database_role": "database/roles/reader",
        "totp_key": "totp/keys/me",
        "userpass_user": "auth/userpass/users/erin",
        "jwt_role": "auth/jwt/role/ci",
        "jwt_config": "auth/jwt/config",
        "kubernetes_role": "auth/kubernetes/role/pods",
        "kubernetes_config": "auth/kubernetes/config",
        "cert_role": "auth/cert/certs/peer",
        "token_role": "auth/token/roles/ops",
        "oidc_client": "identity/oidc/client/shop",
        "oidc_scope": "identity/oidc/scope/teams",
        "mfa_enforcement": "identity/mfa/login-enforcement/peers",
    }
    for kind, path in one_each.items():
        assert paths(found, kind) == {path}, kind
    # A namespace of OpenBao's lists those of the ones above it as well.
    assert in_root(found, "mfa_method") == {
        f"identity/mfa/method/{estate.mfa}"}
    assert in_root(found, "oidc_config") == {"identity/oidc/config"}
    assert "identity/oidc/provider/shop" in paths(found, "oidc_provider")
    assert "identity/oidc/assignment/shop" in \
        paths(found, "oidc_assignment")
    assert "auth/approle/role/deploy" in paths(found, "approle_role")
    assert "auth/approle/role/deploy/role-id" in \
        paths(found, "approle_role_id")
    if ("auth", "auth/ldap/") in found:
        assert paths(found, "ldap_group") == {"auth/ldap/groups/admins"}
        assert paths(found, "ldap_user") == {"auth/ldap/users/fred"}


def test_what_is_known_of_each(walker):
    found = walker.root
    item = found["kv2", "secret/shop/item"]
    assert item["version"] == 4
    assert item["fields"]["deleted"] == "3"
    assert item["fields"]["destroyed"] == "1"
    assert item["fields"]["max_versions"] == "7"
    assert item["fields"]["custom_metadata"].startswith("h:")
    assert item["created_ms"] < item["changed_ms"]
    tuned = found["auth", "auth/approle/"]["fields"]
    assert tuned["config.default_lease_ttl"] == "2700"
    assert tuned["config.max_lease_ttl"] == "18000"
    assert found["mount", "pki/"]["fields"]["description"] == "our own"
    key = found["transit_key", "transit/keys/orders"]
    assert key["version"] == 2 and key["created_ms"] > 0
    assert found["policy", "shop"]["fields"]["policy"].startswith("h:")
    role = found["approle_role", "auth/approle/role/deploy"]["fields"]
    assert role["token_policies"] == "shop"
    assert role["secret_id_num_uses"] == "5"
    assert found["pki_config", "pki/config/crl"]["fields"]["expiry"] == "48h"
    client = found["oidc_client", "identity/oidc/client/shop"]["fields"]
    assert client["redirect_uris"] == "https://shop.test/callback"
    assert client["client_id"]
    provider = found["oidc_provider", "identity/oidc/provider/shop"]["fields"]
    assert provider["scopes_supported"] == "teams"
    assert "issuer" not in provider
    method = found["mfa_method", f"identity/mfa/method/{walker.estate.mfa}"]
    assert method["fields"]["type"] == "duo"
    assert found["mfa_enforcement", "identity/mfa/login-enforcement/peers"][
        "fields"]["mfa_method_ids"] == walker.estate.mfa


def test_nothing_secret_is_written_down(walker):
    text = (walker.dir / "inventory").read_text()
    for word in ("hunter2", "correct-horse", "BEGIN ", '"x"', "a.b.c",
                 "capabilities =", walker.estate.client_secret):
        assert word not in text


def test_namespaces(walker):
    if not walker.estate.bao:
        pytest.skip("the community edition has none")
    found = walker.root
    assert paths(found, "namespace") == {"team/", "team/sub/"}
    for at in ("team/", "team/sub/"):
        assert ("kv2", f"{at}secret/first") in found
        assert ("policy", f"{at}inside") in found
        assert ("approle_role", f"{at}auth/approle/role/inner") in found


def test_the_policy_is_enough_and_no_more(walker):
    token = walker.token(walker.least())
    found, said = walker.walk(token)
    assert said["not_covered"] == 0
    root = dict(walker.root)
    found.pop(("policy", "walker"))
    root.pop(("policy", "walker"), None)
    assert found == root
    # It reads no secret.
    answer = rest.request(walker.cluster.address, "GET",
                          "/v1/secret/data/shop/item", token=token)
    assert answer.status == 403
    answer = rest.request(walker.cluster.address, "GET",
                          "/v1/plain/shop/item", token=token)
    assert answer.status == 403


def without(text, path):
    """The policy less the block for a path."""
    begin = text.index(f'path "{path}" {{')
    return text[:begin] + text[text.index("}\n", begin) + 2:]


@pytest.mark.parametrize("line,path,missing", [
    ("+/metadata/*", "secret/metadata/",
     'path "secret/metadata/*" { capabilities = ["list", "read"] }'),
    ("sys/audit", "sys/audit",
     'path "sys/audit" { capabilities = ["read", "sudo"] }'),
    ("identity/group/id", "identity/group/id", None),
])
def test_a_missing_line_is_named(walker, line, path, missing):
    text = without(walker.least(), line)
    if missing is None:
        missing = 'path "identity/group/id" { capabilities = ["list"] }'
        text = without(text, line + "/*")
    # What stands in for it on OpenBao is another line's business.
    found, said = walker.walk(walker.token(
        text.replace("+/detailed-metadata/*", "+/nothing/*")))
    assert said["not_covered"] == 1
    fields = found["not_covered", path]["fields"]
    assert fields["reason"] == "denied" and fields["status"] == "403"
    assert fields["policy"] == missing
    # Put into place, it is what was missing.
    found, said = walker.walk(walker.token(
        text + missing + f'\npath "{line.replace("+", "secret")}" '
        '{ capabilities = ["list", "read", "sudo"] }\n'
        f'path "{line}/*" {{ capabilities = ["read"] }}'))
    assert said["not_covered"] == 0


def test_values_are_compared_when_asked_for(walker):
    token = walker.token(walker.least() + walker.policy("inventory-values"))
    before, _ = walker.walk(token, "values=1")
    assert before["kv1_value", "plain/first"]["fields"].keys() == {"value"}
    assert ("kv2_value", "secret/shop/item") in before
    walker.cluster.api("POST", "plain/first", {"a": "c"})
    walker.cluster.api("POST", "secret/data/first", {"data": {"a": "c"}})
    after, _ = walker.walk(token, "values=1")
    changed = {key for key, record in after.items() if record != before[key]}
    assert changed == {("kv1_value", "plain/first"),
                       ("kv2_value", "secret/first"),
                       ("kv2", "secret/first")}
    assert not [key for key in walker.walk(token)[0] if "value" in key[0]]


def test_an_engine_without_probes_is_named(walker):
    # Every product has this one, and no row of the table.
    walker.cluster.api("POST", "sys/mounts/far/away",
                       {"type": "kubernetes"})
    try:
        found, said = walker.walk(walker.cluster.root)
    finally:
        walker.cluster.api("DELETE", "sys/mounts/far/away")
    assert said["not_covered"] == 1
    fields = found["not_covered", "far/away/"]["fields"]
    assert fields == {"kind": "kubernetes", "reason": "unknown engine"}


def test_a_key_replaced_by_one_of_the_same_name(walker):
    before = walker.root["transit_key", "transit/keys/signer"]
    api = walker.cluster.api
    api("POST", "transit/keys/signer/config", {"deletion_allowed": True})
    api("DELETE", "transit/keys/signer")
    api("POST", "transit/keys/signer", {"type": "ed25519"})
    after = walker.walk(walker.cluster.root)[0][
        "transit_key", "transit/keys/signer"]
    assert after["fields"]["keys"] != before["fields"]["keys"]
    assert after["created_ms"] > before["created_ms"]


def test_a_slow_walk_takes_its_time(walker):
    _, said = walker.walk(walker.cluster.root, "per_second=100")
    assert said["ms"] > (said["requests"] - 20) * 10
