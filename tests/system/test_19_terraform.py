# SPDX-License-Identifier: Apache-2.0
"""What the cluster was meant to be: Terraform's code and state held against
the restored copy, with the primary stopped."""
import hashlib
import json
import shutil

import pytest

from tests.support.assay import check
from tests.support.planned import Terraform, resource, write_state
from tests.support.process import until
from tests.support.witness import WitnessWorld, objects
from tests.system.conftest import make_directory

CLEAN = ("intact", "authentic", "decryptable", "restorable", "lossless")


class Meant(WitnessWorld):
    """A cluster that Terraform is meant to have made."""

    def least(self, *more):
        return super().least("terraform", *more)

    def terraform(self, **settings):
        """SIGHUP with these `oracles.terraform`, and nothing of those before."""
        self.assay.config["oracles"] = {"terraform": settings}
        self.reload(oracle="terraform")

    def alone(self, **fields):
        """A validation, the primary stopped before anybody is asked."""
        made = self.assay.create("validations", **fields)
        self.crash()
        until(lambda: any("is valid" in line or "is in" in line
                          for line in self.assay.log().splitlines()
                          if made["id"] in line), 180, "the run is over")
        self.recover()
        run = self.assay.wait("validations", made["id"])
        assert run["status"] == "succeeded", run
        return run, check(run, "consistent")

    def left_over(self):
        return [p for p in (self.assay.dir / "data").rglob("*")
                if "terraform" in p.name or "vault-token" in p.name]


def world(server, binary, **more):
    path = make_directory()
    made = Meant(path, server, binary)
    made.path = path
    return made


def down(made):
    made.down()
    shutil.rmtree(made.path, ignore_errors=True)


@pytest.fixture(scope="module")
def stated(server, binary):
    """Only a state, and no program to run."""
    made = world(server, binary)
    try:
        yield made.up()
    finally:
        down(made)


@pytest.fixture(scope="module")
def planned(server, binary):
    """With the real provider."""
    Terraform.provider()
    made = world(server, binary)
    try:
        made.up()
        made.tf = Terraform(made.dir / "infra", made.cluster)
        made.tf.apply()
        made.terraform(**made.tf.settings())
        made.assay.backup()
        yield made
    finally:
        down(made)


def passes(run, *names):
    for name in names:
        found = check(run, name)
        assert found["outcome"] == "pass", (found["message"],
                                            found["findings"])


def estate_state(made, path, **policy):
    """A state as Terraform would have written it for some of the estate."""
    api = made.estate.api
    mount = api("GET", "sys/mounts").data["secret/"]
    auth = api("GET", "sys/auth").data["approle/"]
    shop = policy.get("shop") or \
        api("GET", "sys/policies/acl/shop").data["policy"]
    role_id = api("GET", "auth/approle/role/deploy/role-id").data["role_id"]
    entity = api("GET", f"identity/entity/id/{made.estate.entity}").data
    resources = [
        resource("vault_mount", "secret", path="secret", type="kv",
                 accessor=mount["accessor"], description="",
                 options={"version": "2"}, default_lease_ttl_seconds=0,
                 local=False, namespace=None),
        resource("vault_auth_backend", "approle", path="approle",
                 type="approle", accessor=auth["accessor"], local=False,
                 description=""),
        resource("vault_policy", "shop", name="shop", policy=shop,
                 namespace=None),
        resource("vault_approle_auth_backend_role", "deploy",
                 backend="approle", role_name="deploy", role_id=role_id,
                 token_policies=["shop"], token_ttl=1200, token_max_ttl=0,
                 secret_id_num_uses=5, bind_secret_id=True),
        resource("vault_kv_secret_v2", "item", mount="secret",
                 name="shop/item", data={"price": "hunter2-hunter2"},
                 metadata={"version": "2"}),
        resource("vault_generic_secret", "plain", path="plain/first",
                 data_json='{"a":"hunter2-hunter2"}'),
        resource("vault_identity_entity", "erin", id=made.estate.entity,
                 name="erin", policies=["shop"], disabled=False,
                 metadata=entity["metadata"], external_policies=False),
        resource("vault_pki_secret_backend_role", "web", backend="pki",
                 name="web", allowed_domains=["estate.test"],
                 allow_subdomains=True, max_ttl="259200"),
        resource("vault_database_secret_backend_role", "reader",
                 backend="database", name="reader", db_name="orders",
                 default_ttl=3600, creation_statements=["CREATE ROLE x"]),
        resource("vault_jwt_auth_backend_role", "ci", backend="jwt",
                 role_name="ci", role_type="jwt", user_claim="sub",
                 bound_subject="ci", token_policies=["shop"]),
        resource("vault_kubernetes_auth_backend_role", "pods",
                 backend="kubernetes", role_name="pods",
                 bound_service_account_names=["shop"],
                 bound_service_account_namespaces=["default"],
                 token_policies=["shop"]),
        resource("vault_token_auth_backend_role", "ops", role_name="ops",
                 allowed_policies=["shop"], orphan=True),
        resource("vault_ssh_secret_backend_role", "admin", backend="ssh",
                 name="admin", key_type="ca", default_user="ops",
                 allow_user_certificates=True, ttl="1800"),
        resource("vault_transit_secret_backend_key", "orders",
                 backend="transit", name="orders", latest_version=1,
                 deletion_allowed=False, exportable=False),
        resource("vault_audit", "file", path="file", type="file"),
        resource("vault_generic_endpoint", "erin",
                 path="auth/userpass/users/erin"),
    ]
    if made.estate.bao:
        resources += [
            resource("vault_namespace", "team", path="team", namespace=None),
            resource("vault_policy", "inside", name="inside",
                     namespace="team",
                     policy='path "secret/*" { capabilities=["list"] }')]
    return write_state(path, *resources), len(resources)


def test_a_state_is_looked_up_in_the_copy(stated):
    path, count = estate_state(stated, stated.dir / "state.tfstate")
    stated.terraform(state_file=str(path))
    stated.assay.backup()
    run, found = stated.alone()
    passes(run, *CLEAN)
    assert found["outcome"] == "pass", found
    assert run["verdict"] == "valid" and run["oracle"] == "terraform"
    assert (found["covered"], found["total"]) == (count - 1, count)
    assert "the Terraform state: all are as it says" in found["message"]
    assert "vault_generic_endpoint" in found["message"]
    assert objects(found, "not_covered") == {"vault_generic_endpoint"}


def test_what_the_state_has_and_the_copy_has_not_is_named(stated):
    path, count = estate_state(
        stated, stated.dir / "state.tfstate",
        shop='path "secret/data/shop/*" { capabilities = ["deny"] }')
    stated.estate.api("DELETE", "auth/jwt/role/ci")
    stated.estate.api("POST", "auth/approle/role/deploy",
                      {"token_ttl": "10h"})
    stated.terraform(state_file=str(path))
    stated.assay.backup()
    run, found = stated.consistent()
    passes(run, *CLEAN)
    assert found["outcome"] == "fail" and run["verdict"] == "invalid", found
    named = {f["path"]: f for f in found["findings"]
             if f["kind"].startswith("fault_")}
    assert set(named) == {"vault_policy.shop",
                          "vault_jwt_auth_backend_role.ci",
                          "vault_approle_auth_backend_role.deploy"}
    assert named["vault_jwt_auth_backend_role.ci"]["kind"] == "fault_missing"
    role = named["vault_approle_auth_backend_role.deploy"]
    assert role["expected"].endswith("token_ttl 1200")
    assert role["found"] == "token_ttl 36000"
    assert named["vault_policy.shop"]["expected"].startswith(
        "policy:shop: policy h:")
    # What it was read from is secret, and is nowhere.
    assert "hunter2" not in json.dumps(run) + stated.assay.log()
    for file in stated.assay.dir.rglob("*.json"):
        assert "hunter2" not in file.read_text()


def test_a_state_that_is_none(stated):
    path = stated.dir / "state.tfstate"
    path.write_text('{"version": 3, "modules": []}')
    stated.terraform(state_file=str(path))
    run, found = stated.consistent()
    assert found["outcome"] == "not_run" and "version 3" in found["message"]
    assert run["verdict"] == "inconclusive"
    # With "auto" there is somebody else to ask.
    run, found = stated.alone(oracle="auto")
    assert found["outcome"] == "pass", found
    assert "the baseline (auto: the primary cannot be asked" in \
        found["message"]
    assert "; terraform could not tell: " in found["message"]
    assert "version 3" in found["message"]
    path.unlink()
    run, found = stated.consistent()
    assert found["outcome"] == "not_run"
    assert "there is no " in found["message"]


def test_the_plan_agrees_with_the_primary_stopped(planned):
    before = planned.tf.contents()
    state = hashlib.sha256(
        (planned.tf.dir / "terraform.tfstate").read_bytes()).hexdigest()
    run, found = planned.alone(oracle="auto")
    passes(run, *CLEAN)
    assert found["outcome"] == "pass", found
    assert run["verdict"] == "valid"
    assert found["covered"] == found["total"] == 8
    assert "the Terraform code in" in found["message"]
    assert "(auto: the primary cannot be asked" in found["message"]
    assert planned.tf.contents() == before
    assert hashlib.sha256((planned.tf.dir / "terraform.tfstate")
                          .read_bytes()).hexdigest() == state
    assert not planned.left_over()


def test_what_an_archive_of_another_time_lacks_is_named(planned):
    planned.estate.api("DELETE", "sys/policies/acl/reader")
    planned.estate.api("POST", "auth/approle/role/app",
                       {"token_ttl": "9h", "token_policies": "lister"})
    planned.swap.archive = planned.cluster.snapshot()
    planned.tf.apply()
    planned.assay.backup()
    planned.swap.archive = None
    run, found = planned.alone()
    passes(run, *CLEAN)
    assert found["outcome"] == "fail" and run["verdict"] == "invalid", found
    assert {f["path"]: f["found"] for f in found["findings"]} == {
        "vault_policy.reader": "update: policy",
        "vault_approle_auth_backend_role.app":
            "update: token_policies, token_ttl"}
    assert {f["kind"] for f in found["findings"]} == {"fault_changed"}
    assert "2 of 8 resources" in found["message"]
    planned.assay.backup()


def test_code_that_was_never_applied_is_drift(planned):
    planned.terraform(**planned.tf.settings(
        vars={"vault_addr": "http://127.0.0.1:1", "ttl": "900"}))
    run, found = planned.consistent()
    assert found["outcome"] == "drift" and run["verdict"] == "valid", found
    assert objects(found, "drift_changed") == {
        "vault_approle_auth_backend_role.app"}


def test_where_init_has_nothing_to_do(planned):
    """A provider that is overridden makes `init` fail, and is all there."""
    planned.terraform(**planned.tf.settings(env=planned.tf.overridden()))
    run, found = planned.consistent()
    assert found["outcome"] == "pass", found
    assert found["covered"] == 8


def test_without_the_provider_the_state_is_looked_up(planned):
    planned.terraform(**planned.tf.settings(
        env=planned.tf.mirror(empty=True)))
    run, found = planned.consistent()
    assert found["outcome"] == "pass", found
    assert "the Terraform state, for there can be no plan (terraform init" \
        in found["message"]
    assert found["covered"] == found["total"] == 8


def test_a_plan_that_cannot_tell(planned):
    """The login in the copy may not read what the provider asks for."""
    text = seed_policy_without(planned, "+/role/*")
    with planned.allowed(text):
        planned.assay.backup()
        planned.terraform(**planned.tf.settings())
        run, found = planned.consistent()
    assert found["outcome"] == "not_run", found
    assert run["verdict"] == "inconclusive"
    assert "terraform plan could not tell: " in found["message"]
    planned.assay.backup()


def seed_policy_without(made, path):
    """The daemon's policy less the block for a path of auth methods."""
    text = made.least()
    begin = text.index(f'path "auth/{path}" {{')
    return text[:begin] + text[text.index("}\n", begin) + 2:]


def test_a_backend_gives_out_the_state(planned):
    kept = planned.dir / "kept.tfstate"
    shutil.move(planned.tf.dir / "terraform.tfstate", kept)
    planned.tf.code(backend=f'  backend "local" {{ path = "{kept}" }}')
    planned.terraform(**planned.tf.settings())
    before = kept.read_bytes()
    run, found = planned.consistent()
    assert found["outcome"] == "pass", found
    assert "the Terraform code in" in found["message"]
    assert found["covered"] == 8
    assert kept.read_bytes() == before
    # And without any there is nothing to plan with.
    kept.unlink()
    run, found = planned.consistent()
    assert found["outcome"] == "not_run", found
    assert "oracles.terraform.state_file" in found["message"]
    assert not planned.left_over()
