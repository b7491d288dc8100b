# SPDX-License-Identifier: Apache-2.0
"""One of everything that an inventory knows, on a real cluster."""
import pathlib
import subprocess

from . import rest
from .process import until


class Estate:
    """Fills a cluster.  What was put where is in the constants and in what
    the methods return; nothing here is a secret worth keeping."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.bao = cluster.server.product == "openbao"

    def api(self, method, path, body=None, namespace=None):
        headers = {"X-Vault-Namespace": namespace} if namespace else None
        return self.cluster.api(method, path, body, headers=headers)

    def fill(self):
        self.secrets()
        self.machines()
        self.logins()
        self.people()
        if self.bao:
            self.namespaces()
        return self

    def kv(self, mount, version, namespace=None):
        self.api("POST", f"sys/mounts/{mount}",
                 {"type": "kv", "options": {"version": str(version)}},
                 namespace)
        prefix = "data/" if version == 2 else ""
        body = {"data": {"a": "b"}} if version == 2 else {"a": "b"}
        headers = {"X-Vault-Namespace": namespace} if namespace else None
        # A fresh KV version 2 store refuses writes while it sets itself up.
        until(lambda: rest.request(
            self.cluster.leader().address, "POST",
            f"/v1/{mount}/{prefix}first", body, token=self.cluster.root,
            headers=headers).status in (200, 204), 20, f"{mount} is ready")

    def secrets(self):
        """KV trees of both versions."""
        self.kv("secret", 2)
        self.kv("plain", 1)
        for name in ("shop/item", "shop/deep/er/leaf", "shop/deep", "a b+c%"):
            path = name.replace("%", "%25").replace(" ", "%20")
            self.api("POST", f"secret/data/{path}", {"data": {"x": name}})
            self.api("POST", f"plain/{path}", {"x": name})
        for price in ("1", "2", "3"):
            self.api("POST", "secret/data/shop/item",
                     {"data": {"price": price}})
        self.api("POST", "secret/metadata/shop/item",
                 {"max_versions": 7, "cas_required": False,
                  "delete_version_after": "720h",
                  "custom_metadata": {"owner": "shop", "tier": "1"}})
        self.api("POST", "secret/destroy/shop/item", {"versions": [1]})
        self.api("POST", "secret/delete/shop/item", {"versions": [3]})

    def machines(self):
        """Transit, PKI, SSH, database, TOTP."""
        self.api("POST", "sys/mounts/transit", {"type": "transit"})
        self.api("POST", "transit/keys/orders")
        self.api("POST", "transit/keys/orders/rotate")
        self.api("POST", "transit/keys/signer", {"type": "ed25519"})
        self.api("POST", "sys/mounts/pki", {
            "type": "pki", "description": "our own",
            "config": {"max_lease_ttl": "87600h"}})
        self.api("POST", "pki/root/generate/internal",
                 {"common_name": "estate root", "ttl": "87600h",
                  "issuer_name": "root-one"})
        self.api("POST", "pki/roles/web",
                 {"allowed_domains": "estate.test", "allow_subdomains": True,
                  "max_ttl": "72h"})
        self.serial = self.api(
            "POST", "pki/issue/web",
            {"common_name": "www.estate.test"}).data["serial_number"]
        self.api("POST", "pki/config/crl", {"expiry": "48h"})
        self.api("POST", "sys/mounts/ssh", {"type": "ssh"})
        self.api("POST", "ssh/config/ca", {"generate_signing_key": True})
        self.api("POST", "ssh/roles/admin",
                 {"key_type": "ca", "allow_user_certificates": True,
                  "default_user": "ops", "ttl": "30m"})
        self.api("POST", "sys/mounts/database", {"type": "database"})
        self.api("POST", "database/config/orders",
                 {"plugin_name": "postgresql-database-plugin",
                  "verify_connection": False, "allowed_roles": "reader",
                  "connection_url": "postgresql://{{username}}:{{password}}"
                                    "@127.0.0.1:1/orders",
                  "username": "vault", "password": "hunter2-hunter2"})
        self.api("POST", "database/roles/reader",
                 {"db_name": "orders", "default_ttl": "1h",
                  "creation_statements": ["CREATE ROLE x"]})
        self.api("POST", "sys/mounts/totp", {"type": "totp"})
        self.api("POST", "totp/keys/me",
                 {"generate": True, "issuer": "estate", "account_name": "me"})

    def certificate(self):
        """A self-signed certificate in PEM."""
        key = self.cluster.dir / "estate.key"
        return subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key),
             "-subj", "/CN=estate", "-days", "30"],
            check=True, capture_output=True, text=True).stdout

    def logins(self):
        """A method of each kind with a role; roles of tokens."""
        for name in ("approle", "userpass", "jwt", "kubernetes", "cert"):
            self.api("POST", f"sys/auth/{name}", {"type": name})
        if not self.bao:  # not in its catalog since 2.7
            self.ldap()
        self.api("POST", "sys/auth/approle/tune",
                 {"default_lease_ttl": "45m", "max_lease_ttl": "5h"})
        self.api("POST", "auth/approle/role/deploy",
                 {"token_policies": "shop", "token_ttl": "20m",
                  "secret_id_num_uses": 5})
        self.api("POST", "auth/userpass/users/erin",
                 {"password": "correct-horse", "token_policies": "shop"})
        public = subprocess.run(
            ["openssl", "pkey", "-pubout"], check=True, capture_output=True,
            text=True, input=subprocess.run(
                ["openssl", "genpkey", "-algorithm", "ED25519"], check=True,
                capture_output=True, text=True).stdout).stdout
        self.api("POST", "auth/jwt/config",
                 {"jwt_validation_pubkeys": [public],
                  "bound_issuer": "estate"})
        self.api("POST", "auth/jwt/role/ci",
                 {"role_type": "jwt", "user_claim": "sub",
                  "bound_subject": "ci", "token_policies": "shop"})
        pem = self.certificate()
        self.api("POST", "auth/kubernetes/config",
                 {"kubernetes_host": "https://127.0.0.1:1",
                  "kubernetes_ca_cert": pem,
                  "token_reviewer_jwt": "a.b.c"})
        self.api("POST", "auth/kubernetes/role/pods",
                 {"bound_service_account_names": "shop",
                  "bound_service_account_namespaces": "default",
                  "token_policies": "shop"})
        self.api("POST", "auth/cert/certs/peer",
                 {"certificate": pem, "token_policies": "shop"})
        self.api("POST", "auth/token/roles/ops",
                 {"allowed_policies": "shop", "orphan": True})

    def ldap(self):
        self.api("POST", "sys/auth/ldap", {"type": "ldap"})
        self.api("POST", "auth/ldap/config",
                 {"url": "ldap://127.0.0.1:1", "userdn": "ou=people",
                  "binddn": "cn=vault", "bindpass": "hunter2-hunter2"})
        self.api("POST", "auth/ldap/groups/admins", {"policies": "shop"})
        self.api("POST", "auth/ldap/users/fred", {"groups": "admins"})

    def people(self):
        """Policies, identity, quotas, an audit device."""
        self.api("PUT", "sys/policies/acl/shop",
                 {"policy": 'path "secret/data/shop/*" '
                            '{ capabilities = ["read"] }'})
        self.api("PUT", "sys/policies/password/strong",
                 {"policy": 'length = 20\nrule "charset" '
                            '{ charset = "abcdefghij" }'})
        self.entity = self.api(
            "POST", "identity/entity",
            {"name": "erin", "policies": "shop",
             "metadata": {"team": "shop"}}).data["id"]
        accessor = self.api("GET", "sys/auth").data["userpass/"]["accessor"]
        self.alias = self.api(
            "POST", "identity/entity-alias",
            {"name": "erin", "canonical_id": self.entity,
             "mount_accessor": accessor}).data["id"]
        self.group = self.api(
            "POST", "identity/group",
            {"name": "buyers", "member_entity_ids": [self.entity],
             "policies": "shop"}).data["id"]
        outside = self.api(
            "POST", "identity/group",
            {"name": "outside", "type": "external"}).data["id"]
        jwt = self.api("GET", "sys/auth").data["jwt/"]["accessor"]
        self.group_alias = self.api(
            "POST", "identity/group-alias",
            {"name": "admins", "canonical_id": outside,
             "mount_accessor": jwt}).data["id"]
        self.sign_on()
        self.api("POST", "sys/quotas/rate-limit/gentle", {"rate": 1000000})
        self.api("PUT", "sys/audit/file",
                 {"type": "file", "options": {
                     "file_path": str(pathlib.Path(self.cluster.dir)
                                      / "audit.log")}})

    def sign_on(self):
        """Vault as an identity provider; a second factor, asked of nobody who
        is here."""
        self.api("POST", "identity/oidc/key/web",
                 {"allowed_client_ids": "*"})
        self.api("POST", "identity/oidc/scope/teams",
                 {"template":
                  '{"teams": {{identity.entity.groups.names}}}'})
        self.api("POST", "identity/oidc/assignment/shop",
                 {"entity_ids": [self.entity], "group_ids": []})
        self.api("POST", "identity/oidc/client/shop",
                 {"key": "web", "assignments": ["shop"],
                  "redirect_uris": ["https://shop.test/callback"]})
        self.client_secret = self.api(
            "GET", "identity/oidc/client/shop").data["client_secret"]
        self.api("POST", "identity/oidc/provider/shop",
                 {"allowed_client_ids": "*", "scopes_supported": ["teams"]})
        self.mfa = self.api(
            "POST", "identity/mfa/method/duo",
            {"secret_key": "hunter2-hunter2", "api_hostname": "duo.test",
             "integration_key": "hunter2-hunter2"}).data["method_id"]
        accessor = self.api("GET", "sys/auth").data["cert/"]["accessor"]
        self.api("POST", "identity/mfa/login-enforcement/peers",
                 {"mfa_method_ids": [self.mfa],
                  "auth_method_accessors": [accessor]})

    def namespaces(self):
        """team/, team/sub/, with something in each."""
        self.api("POST", "sys/namespaces/team",
                 {"custom_metadata": {"cost": "42"}})
        self.api("POST", "sys/namespaces/sub", namespace="team")
        for namespace in ("team", "team/sub"):
            self.kv("secret", 2, namespace)
            self.api("PUT", "sys/policies/acl/inside",
                     {"policy": 'path "secret/*" { capabilities=["list"] }'},
                     namespace)
            self.api("POST", "sys/auth/approle", {"type": "approle"},
                     namespace)
            self.api("POST", "auth/approle/role/inner",
                     {"token_policies": "inside"}, namespace)
