# SPDX-License-Identifier: Apache-2.0
"""An operator's Terraform directory beside a cluster: his code, his state,
and the real Vault provider where a test machine has one.

ASSAY_TEST_TF_PROVIDER  a folder with a terraform-provider-vault program"""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

_MAIN = """
terraform {
  required_providers {
    vault = { source = "hashicorp/vault" }
  }
%(backend)s
}
variable "vault_addr" {}
variable "ttl" { default = 300 }
provider "vault" {
  address          = var.vault_addr
  skip_child_token = true
}
provider "vault" {
  alias            = "second"
  address          = var.vault_addr
  skip_child_token = true
}
resource "vault_mount" "team" {
  path    = "team-kv"
  type    = "kv"
  options = { version = "2" }
}
resource "vault_policy" "reader" {
  name   = "reader"
  policy = <<EOT
path "team-kv/data/*" { capabilities = ["read"] }
EOT
}
resource "vault_policy" "lister" {
  provider = vault.second
  name     = "lister"
  policy   = "path \\"team-kv/metadata/*\\" { capabilities = [\\"list\\"] }"
}
resource "vault_approle_auth_backend_role" "app" {
  backend        = "approle"
  role_name      = "app"
  token_policies = [vault_policy.reader.name, vault_policy.lister.name]
  token_ttl      = var.ttl
}
resource "vault_auth_backend" "people" {
  type = "userpass"
  path = "people"
  tune {
    default_lease_ttl = "1h"
    max_lease_ttl     = "2h"
  }
}
resource "vault_identity_group" "buyers" {
  name     = "tf-buyers"
  policies = [vault_policy.reader.name]
}
resource "vault_kv_secret_backend_v2" "team" {
  mount        = vault_mount.team.path
  max_versions = 7
}
resource "vault_token_auth_backend_role" "job" {
  role_name        = "job"
  allowed_policies = [vault_policy.reader.name]
}
resource "terraform_data" "other" {
  input = "of no interest"
}
%(more)s
"""


class Terraform:
    """`directory` is the operator's; what is needed to run in it is beside
    it."""

    VERSION = "5.6.0"  # as the mirror calls it

    def __init__(self, directory, cluster, backend="", more=""):
        self.program = shutil.which("terraform") or shutil.which("tofu")
        if not self.program:
            pytest.skip("there is no terraform or tofu")
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True)
        self.cluster = cluster
        self.beside = self.dir.parent / (self.dir.name + "-cli")
        self.beside.mkdir()
        self.code(backend=backend, more=more)

    def code(self, backend="", more=""):
        (self.dir / "main.tf").write_text(
            _MAIN % {"backend": backend, "more": more})

    @staticmethod
    def provider():
        folder = os.environ.get("ASSAY_TEST_TF_PROVIDER")
        if not folder:
            pytest.skip("ASSAY_TEST_TF_PROVIDER is not set: the real Vault "
                        "provider is not tried")
        return pathlib.Path(folder) / "terraform-provider-vault"

    def mirror(self, empty=False):
        """A CLI configuration under which `init` finds the provider, or
        none."""
        root = self.beside / ("empty" if empty else "mirror")
        host = ("registry.opentofu.org" if self.program.endswith("tofu")
                else "registry.terraform.io")
        place = root / host / "hashicorp" / "vault" / self.VERSION / \
            "linux_amd64"
        if not place.exists():
            root.mkdir()
            if not empty:
                place.mkdir(parents=True)
                (place / f"terraform-provider-vault_v{self.VERSION}") \
                    .symlink_to(self.provider())
        rc = self.beside / f"{root.name}.tfrc"
        rc.write_text("provider_installation {\n  filesystem_mirror {\n"
                      f'    path = "{root}"\n  }}\n}}\n')
        return {"TF_CLI_CONFIG_FILE": str(rc)}

    def overridden(self):
        """One under which `init` fails and nothing needs it."""
        rc = self.beside / "dev.tfrc"
        rc.write_text("provider_installation {\n  dev_overrides {\n"
                      f'    "hashicorp/vault" = "{self.provider().parent}"\n'
                      "  }\n}\n")
        return {"TF_CLI_CONFIG_FILE": str(rc)}

    def run(self, *args):
        """As the operator does, with his own rights."""
        done = subprocess.run(
            [self.program, *args], cwd=self.dir, capture_output=True,
            text=True, timeout=180,
            env={"PATH": os.environ["PATH"], "HOME": str(self.beside),
                 "TF_VAR_vault_addr": self.cluster.address,
                 "TF_DATA_DIR": str(self.beside / "data"),
                 "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1",
                 "VAULT_TOKEN": self.cluster.root, **self.mirror()})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def apply(self):
        if not (self.beside / "data").exists():
            self.run("init", "-input=false", "-no-color")
        self.run("apply", "-auto-approve", "-input=false", "-no-color")

    def settings(self, **more):
        """Assay's `oracles.terraform`: an address that nobody answers at, so
        that whoever uses it is caught."""
        return {"dir": str(self.dir), "binary": self.program,
                "vars": {"vault_addr": "http://127.0.0.1:1"},
                "env": self.mirror(), **more}

    def contents(self):
        """Every file of the operator's directory."""
        return {p.relative_to(self.dir): p.read_bytes()
                for p in sorted(self.dir.rglob("*")) if p.is_file()}


def resource(type_, label, /, **attributes):
    """One of a state file."""
    return {"mode": "managed", "type": type_, "name": label,
            "provider":
                'provider["registry.terraform.io/hashicorp/vault"]',
            "instances": [{"schema_version": 0, "attributes": attributes}]}


def write_state(path, *resources):
    path.write_text(json.dumps(
        {"version": 4, "terraform_version": "1.11.4", "serial": 3,
         "lineage": "0", "outputs": {}, "resources": list(resources)}))
    return path
