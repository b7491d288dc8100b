# SPDX-License-Identifier: Apache-2.0
"""A cluster with one of everything, Assay beside it with an oracle, and
between the two what may hand out an archive of another time."""
import contextlib
import time

from . import seed
from .assay import Assay, check, merge, policy
from .cluster import Cluster
from .estate import Estate
from .process import until
from .swap import Swap
from .world import World


class WitnessWorld(World):
    """As World, but for the estate, the swap and the oracle."""

    def __init__(self, directory, server, binary):
        super().__init__(directory, server, binary)
        self.swap = None

    def up(self, *, config=None, policies=()):
        self.cluster = Cluster(self.server, self.dir / "cluster").start()
        self.estate = Estate(self.cluster).fill()
        self.people()
        auth = seed.approle(self.cluster, self.least(*policies),
                            self.dir / "keys")
        keys = self.cluster.key_files(self.dir / "keys")
        self.swap = Swap(self.cluster.address)
        self.assay = Assay(self.binary, self.dir / "a", config=merge({
            "clusters": {"main": {
                "address": self.swap.address, "auth": auth,
                "unseal": {"key_files": [str(k) for k in keys]}}},
            "transient": {"driver": "process",
                          "server": str(self.server.path)},
            "validation": {"oracle": "auto"},
        }, config or {}))
        self.assay.start()
        self.assay.token = self.login()
        return self

    def least(self, *more):
        """The policy of Assay's role: what the documentation says."""
        names = ["daemon", "restore", "inventory", *more]
        if self.server.product == "openbao":
            names.append("inventory-namespaces")
        return policy(self.binary, "-kv1=plain", *names)

    def allow(self, text):
        self.cluster.api("PUT", "sys/policies/acl/assay", {"policy": text})

    def reload(self, **validation):
        """SIGHUP with these settings of `validation`."""
        self.assay.config = merge(self.assay.config,
                                  {"validation": validation})
        self.assay.reload()

    @contextlib.contextmanager
    def settings(self, **validation):
        """For a while."""
        before = dict(self.assay.config["validation"])
        self.reload(**validation)
        try:
            yield
        finally:
            self.assay.config["validation"] = before
            self.reload()

    @contextlib.contextmanager
    def allowed(self, text):
        """Another policy for Assay's role, for a while."""
        self.allow(text)
        try:
            yield
        finally:
            self.allow(self.least())

    def consistent(self, **fields):
        """A validation: the run, and what `consistent` said."""
        run = self.assay.run("validations", seconds=180, **fields)
        assert run["status"] == "succeeded", run
        return run, check(run, "consistent")

    def crash(self):
        self.cluster.nodes[0].process.kill()

    def recover(self):
        node = self.cluster.nodes[0]
        node.start()
        node.unseal()
        until(lambda: node.health() == 200, 30, "the node is active again")

    def down(self):
        super().down()
        if self.swap is not None:
            self.swap.stop()

    # Honest work on the primary: each one line of history.

    def write_much(self):
        """A hundred writes or more, of all kinds; how many."""
        count = 0
        e = self.estate

        def do(method, path, body=None, namespace=None):
            nonlocal count
            count += 1
            return e.api(method, path, body, namespace)

        for i in range(22):
            do("POST", "secret/data/shop/item", {"data": {"price": str(i)}})
            do("POST", f"secret/data/new/{i}", {"data": {"a": "b"}})
        for i in range(8):
            do("POST", f"plain/new/{i}", {"a": "b"})
            do("PUT", f"sys/policies/acl/new{i}",
               {"policy": 'path "a" { capabilities = ["read"] }'})
        do("DELETE", "plain/shop/item")
        do("DELETE", "secret/data/first")
        do("DELETE", "secret/metadata/shop/deep")
        do("POST", "secret/destroy/shop/item", {"versions": [5]})
        do("POST", "secret/metadata/shop/item",
           {"custom_metadata": {"owner": "nobody"}})
        do("PUT", "sys/policies/acl/shop",
           {"policy": 'path "secret/*" { capabilities = ["read"] }'})
        do("DELETE", "sys/policies/acl/victor")
        do("PUT", "sys/policies/password/strong",
           {"policy": 'length = 24\nrule "charset" { charset = "abcdefghi" }'})
        do("POST", "sys/mounts/fresh", {"type": "ssh"})
        do("DELETE", "sys/mounts/totp")
        do("POST", "sys/mounts/transit/tune", {"default_lease_ttl": "3h"})
        do("POST", "transit/keys/orders/rotate")
        do("POST", "transit/keys/orders/config", {"min_decryption_version": 2})
        do("POST", "transit/keys/another")
        do("POST", "transit/keys/signer/config", {"deletion_allowed": True})
        do("DELETE", "transit/keys/signer")
        do("POST", "identity/entity", {"name": "fresh"})
        do("POST", "identity/entity",
           {"name": "erin", "metadata": {"team": "sales"}})
        do("POST", "identity/group",
           {"name": "buyers", "member_entity_ids": [], "policies": "default"})
        do("POST", "identity/group", {"name": "sellers"})
        do("DELETE", f"identity/group-alias/id/{e.group_alias}")
        do("POST", "auth/approle/role/deploy", {"token_ttl": "5m"})
        do("POST", "auth/approle/role/extra", {"token_policies": "shop"})
        do("DELETE", "auth/userpass/users/erin")
        do("DELETE", "auth/kubernetes/role/pods")
        do("POST", "sys/auth/other", {"type": "userpass"})
        do("DELETE", "sys/auth/cert")
        do("DELETE", "auth/token/roles/ops")
        do("POST", "pki/roles/web",
           {"allowed_domains": "new.test", "allow_bare_domains": True})
        do("POST", "pki/roles/api", {"allowed_domains": "api.test"})
        do("POST", "pki/issue/web", {"common_name": "new.test"})
        do("POST", "pki/config/crl", {"expiry": "24h"})
        do("POST", "pki/root/generate/internal",
           {"common_name": "two", "issuer_name": "root-two"})
        do("POST", "pki/revoke", {"serial_number": e.serial})
        do("POST", "ssh/roles/more",
           {"key_type": "ca", "allow_user_certificates": True,
            "default_user": "ops"})
        do("DELETE", "ssh/roles/admin")
        do("DELETE", "database/roles/reader")
        do("PUT", "sys/audit/second",
           {"type": "file",
            "options": {"file_path": str(self.dir / "second.log")}})
        if e.bao:
            do("POST", "sys/namespaces/other")
            do("POST", "secret/data/first", {"data": {"q": "r"}}, "team/sub")
        for name in ("bob", "nell"):
            self.login(name)
            count += 1
        return count

    # What a snapshot of the wrong time does not have, or has otherwise.

    def younger_state(self):
        """Ready for the archive that will be handed out."""
        e = self.estate
        e.api("PUT", "sys/policies/acl/guard",
              {"policy": 'path "secret/*" { capabilities = ["list"] }'})
        e.api("POST", "transit/keys/seal", {"type": "aes256-gcm96"})
        e.api("POST", "transit/keys/seal/config", {"deletion_allowed": True})
        e.api("POST", "secret/data/rolled", {"data": {"n": "1"}})
        e.kv("vaulted", 2)
        e.api("DELETE", "vaulted/metadata/first")

    def older_state(self):
        """What was done after that archive and before the backup."""
        e = self.estate
        e.api("PUT", "sys/policies/acl/lost",
              {"policy": 'path "secret/*" { capabilities = ["read"] }'})
        e.api("PUT", "sys/policies/acl/guard",
              {"policy": 'path "secret/*" { capabilities = ["deny"] }'})
        # Times of keys are whole seconds.
        time.sleep(1.1)
        e.api("DELETE", "transit/keys/seal")
        e.api("POST", "transit/keys/seal", {"type": "aes256-gcm96"})
        e.api("POST", "secret/data/rolled", {"data": {"n": "2"}})
        e.api("POST", "auth/approle/role/vanished", {"token_policies": "shop"})
        for name in ("a", "b"):
            e.api("POST", f"vaulted/data/{name}", {"data": {"x": "y"}})

    DAMAGE = {
        "policy:lost": "fault_missing",
        "policy:guard": "fault_changed",
        "transit_key:transit/keys/seal": "fault_changed",
        "kv2:secret/rolled": "fault_changed",
        "approle_role:auth/approle/role/vanished": "fault_missing",
        "kv2:vaulted/a": "fault_missing",
        "kv2:vaulted/b": "fault_missing",
    }


def objects(found, kind):
    """Paths of the findings whose kind begins so."""
    return {f["path"] for f in found["findings"]
            if f["kind"].startswith(kind)}
