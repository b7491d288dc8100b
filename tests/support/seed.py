# SPDX-License-Identifier: Apache-2.0
"""Data worth losing, people who may do things, and Assay's own role."""
import pathlib

from . import rest
from .process import until


def fill(cluster, secrets=20):
    """A KV store, a transit key, a policy, a login: a bit of everything
    that a snapshot must bring back."""
    cluster.api("POST", "sys/mounts/secret",
                {"type": "kv", "options": {"version": "2"}})
    cluster.api("POST", "sys/mounts/transit", {"type": "transit"})
    cluster.api("POST", "transit/keys/orders")
    cluster.api("PUT", "sys/policies/acl/shop",
                {"policy": 'path "secret/data/shop/*" '
                           '{ capabilities = ["read"] }'})
    cluster.api("POST", "sys/auth/userpass", {"type": "userpass"})
    cluster.api("POST", "sys/auth/approle", {"type": "approle"})
    # A fresh KV version 2 store refuses writes while it sets itself up.
    until(lambda: rest.request(
        cluster.leader().address, "POST", "/v1/secret/data/shop/first",
        {"data": {"price": "1"}}, token=cluster.root).status == 200,
        10, "the KV store is ready")
    for i in range(secrets):
        cluster.put(f"shop/item-{i}", price=str(i * 100))


def approle(cluster, policy_text, directory, name="assay"):
    """A role for the daemon under `policy_text`; its `auth` settings.  Batch
    tokens: a login into the restored copy then leaves no entry in it."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    cluster.api("PUT", f"sys/policies/acl/{name}", {"policy": policy_text})
    cluster.api("POST", f"auth/approle/role/{name}",
                {"token_policies": name, "token_type": "batch",
                 "token_ttl": "20m"})
    role_id = cluster.api("GET", f"auth/approle/role/{name}/role-id").data
    secret_id = cluster.api("POST",
                            f"auth/approle/role/{name}/secret-id").data
    role_file, secret_file = directory / "role-id", directory / "secret-id"
    role_file.write_text(role_id["role_id"] + "\n")
    secret_file.write_text(secret_id["secret_id"] + "\n")
    secret_file.chmod(0o600)
    return {"method": "approle", "role_id_file": str(role_file),
            "secret_id_file": str(secret_file)}


def person(cluster, name, policy_text=None):
    """Somebody with a login (and so an entity), allowed what the text says."""
    if policy_text is not None:
        cluster.api("PUT", f"sys/policies/acl/{name}",
                    {"policy": policy_text})
    cluster.api("POST", f"auth/userpass/users/{name}",
                {"password": name, "token_policies":
                 name if policy_text is not None else "default"})


def login(cluster, name):
    """A new token of that person."""
    answer = rest.request(
        cluster.leader().address, "POST", f"/v1/auth/userpass/login/{name}",
        {"password": name}).ok()
    return answer.json["auth"]["client_token"]


def audit_file(cluster, path, name="file"):
    cluster.api("PUT", f"sys/audit/{name}",
                {"type": "file", "options": {"file_path": str(path)}})
