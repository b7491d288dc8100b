/* SPDX-License-Identifier: Apache-2.0
 *
 * Tried on OpenBao 2.7.2 and Vault 1.21.0 (tests/system/test_16_inventory.py).
 * No row reads what a server keeps secret: where an answer could hold a
 * password or a private key, it is not asked for. */
#include "proof/probes.h"

#include <string.h>

#include "proof/shape.h"

#define CONFIG(engine_, kind_, read_, ...)                                     \
    {                                                                          \
        .engine = (engine_), .kind = (kind_), .read = (read_), __VA_ARGS__     \
    }
/* Named objects that are listed and then read at the same place. */
#define NAMED(engine_, kind_, at_, ...)                                        \
    {                                                                          \
        .engine = (engine_), .kind = (kind_), .list = (at_), .read = at_ "/",  \
        __VA_ARGS__                                                            \
    }

#define MOUNT_IGNORE                                                           \
    "running_plugin_version running_sha256 deprecation_status "                \
    "external_entropy_access"

const struct probe probes[] = {
    /* The system itself, in every namespace. */
    CONFIG("system", "mount", "mounts", .flags = PROBE_MAP | PROBE_BARE,
           .ignore = MOUNT_IGNORE),
    CONFIG("system", "auth", "auth", .flags = PROBE_MAP | PROBE_BARE,
           .ignore = MOUNT_IGNORE),
    CONFIG("system", "audit", "audit",
           .flags = PROBE_MAP | PROBE_BARE | PROBE_SUDO, .ignore = "path"),
    {.engine = "system",
     .kind = "namespace",
     .list = "namespaces",
     .flags = PROBE_INFO | PROBE_BARE | PROBE_OPENBAO,
     .ignore = "path",
     .hash = "custom_metadata"},
    NAMED("system", "policy", "policies/acl", .flags = PROBE_BARE,
          .shape = shape_policy),
    NAMED("system", "password_policy", "policies/password", .flags = PROBE_BARE,
          .shape = shape_policy),
    NAMED("system", "quota", "quotas/rate-limit", .flags = PROBE_ROOT,
          .ignore = "name"),

    /* Membership is the group's; aliases are objects of their own. */
    NAMED("identity", "entity", "entity/id", .created = "creation_time",
          .changed = "last_update_time",
          .ignore = "id aliases group_ids direct_group_ids "
                    "inherited_group_ids namespace_id",
          .hash = "metadata"),
    NAMED("identity", "entity_alias", "entity-alias/id",
          .created = "creation_time", .changed = "last_update_time",
          .ignore = "id namespace_id", .hash = "metadata custom_metadata"),
    NAMED("identity", "group", "group/id", .created = "creation_time",
          .changed = "last_update_time", .version = "modify_index",
          .ignore = "id alias parent_group_ids namespace_id",
          .hash = "metadata"),
    NAMED("identity", "group_alias", "group-alias/id",
          .created = "creation_time", .changed = "last_update_time",
          .ignore = "id namespace_id", .hash = "metadata custom_metadata"),
    NAMED("identity", "oidc_key", "oidc/key", 0),
    NAMED("identity", "oidc_role", "oidc/role", 0),
    CONFIG("identity", "oidc_config", "oidc/config", 0),
    NAMED("identity", "oidc_scope", "oidc/scope", 0),
    NAMED("identity", "oidc_assignment", "oidc/assignment", 0),
    /* The address in an issuer may be the server's own. */
    NAMED("identity", "oidc_provider", "oidc/provider", .flags = PROBE_INFO,
          .ignore = "issuer"),
    /* To be read, a client tells its secret; in a list it does not. */
    NAMED("identity", "oidc_client", "oidc/client", .flags = PROBE_INFO),
    NAMED("identity", "mfa_method", "mfa/method", .flags = PROBE_INFO,
          .ignore = "id namespace_id"),
    NAMED("identity", "mfa_enforcement", "mfa/login-enforcement",
          .flags = PROBE_INFO, .ignore = "id namespace_id"),

    {.engine = "kv1",
     .kind = "kv1",
     .list = "",
     .flags = PROBE_TREE | PROBE_SCAN | PROBE_SHORT},
    {.engine = "kv1",
     .kind = "kv1_value",
     .list = "",
     .read = "",
     .flags = PROBE_TREE | PROBE_SHORT | PROBE_VALUES,
     .shape = shape_kv_value},
    CONFIG("kv2", "kv2_config", "config", 0),
    {.engine = "kv2",
     .kind = "kv2",
     .list = "metadata",
     .read = "metadata/",
     .flags = PROBE_TREE | PROBE_PAGED | PROBE_SHORT,
     .shape = shape_kv2,
     .detailed = "detailed-metadata"},
    {.engine = "kv2",
     .kind = "kv2_value",
     .list = "metadata",
     .read = "data/",
     .flags = PROBE_TREE | PROBE_PAGED | PROBE_SHORT | PROBE_VALUES,
     .shape = shape_kv2_value},

    NAMED("transit", "transit_key", "keys", .flags = PROBE_PAGED,
          .shape = shape_transit_key),
    CONFIG("transit", "transit_config", "config/keys", 0),

    {.engine = "pki",
     .kind = "pki_issuer",
     .list = "issuers",
     .read = "issuer/",
     .hash = "certificate ca_chain"},
    {.engine = "pki",
     .kind = "pki_key",
     .list = "keys",
     .read = "key/",
     .flags = PROBE_INFO},
    NAMED("pki", "pki_role", "roles", .flags = PROBE_PAGED),
    {.engine = "pki",
     .kind = "pki_cert",
     .list = "certs",
     .read = "cert/",
     .flags = PROBE_PAGED | PROBE_INFO},
    CONFIG("pki", "pki_config", "config/crl", 0),
    CONFIG("pki", "pki_config", "config/urls", 0),
    CONFIG("pki", "pki_config", "config/issuers", 0),
    CONFIG("pki", "pki_config", "config/keys", 0),
    CONFIG("pki", "pki_config", "config/cluster", 0),
    CONFIG("pki", "pki_config", "config/auto-tidy", 0),
    CONFIG("pki", "pki_config", "config/acme", 0),

    NAMED("ssh", "ssh_role", "roles", .flags = PROBE_PAGED),
    CONFIG("ssh", "ssh_config", "config/ca", 0),
    {.engine = "ssh",
     .kind = "ssh_issuer",
     .list = "issuers",
     .read = "issuer/",
     .flags = PROBE_INFO | PROBE_OPENBAO,
     .hash = "public_key"},

    NAMED("database", "database_config", "config",
          .hash = "connection_details"),
    NAMED("database", "database_role", "roles", .flags = PROBE_PAGED),
    NAMED("database", "database_static_role", "static-roles",
          .ignore = "last_vault_rotation next_vault_rotation ttl"),

    NAMED("totp", "totp_key", "keys", .flags = PROBE_PAGED),

    NAMED("auth/token", "token_role", "roles", .ignore = "name"),
    NAMED("auth/approle", "approle_role", "role", .flags = PROBE_PAGED),
    {.engine = "auth/approle",
     .kind = "approle_role_id",
     .list = "role",
     .read = "role/",
     .suffix = "/role-id",
     .flags = PROBE_PAGED,
     .hash = "role_id"},
    CONFIG("auth/kubernetes", "kubernetes_config", "config",
           .hash = "kubernetes_ca_cert pem_keys"),
    NAMED("auth/kubernetes", "kubernetes_role", "role", 0),
    CONFIG("auth/jwt", "jwt_config", "config", .ignore = "status"),
    NAMED("auth/jwt", "jwt_role", "role", .flags = PROBE_PAGED),
    CONFIG("auth/oidc", "jwt_config", "config", .ignore = "status"),
    NAMED("auth/oidc", "jwt_role", "role", .flags = PROBE_PAGED),
    NAMED("auth/userpass", "userpass_user", "users", .flags = PROBE_PAGED),
    CONFIG("auth/ldap", "ldap_config", "config",
           .ignore = "last_bind_password_rotation last_rotation"),
    NAMED("auth/ldap", "ldap_user", "users", 0),
    NAMED("auth/ldap", "ldap_group", "groups", 0),
    CONFIG("auth/cert", "cert_config", "config", 0),
    NAMED("auth/cert", "cert_role", "certs", .hash = "certificate"),
    {.engine = "auth/cert",
     .kind = "cert_crl",
     .list = "crls",
     .read = "crls/",
     .flags = PROBE_INFO},
};
const size_t probes_count = sizeof probes / sizeof probes[0];

bool probes_know(const char *engine)
{
    /* What each token has for itself dies with it. */
    if (strcmp(engine, "cubbyhole") == 0)
        return true;
    for (size_t i = 0; i < probes_count; i++)
        if (strcmp(probes[i].engine, engine) == 0)
            return true;
    return false;
}

bool probes_word(const char *list, const char *name)
{
    size_t len = strlen(name);

    while (list != NULL && *list != '\0') {
        size_t word = strcspn(list, " ");

        if (word == len && memcmp(list, name, len) == 0)
            return true;
        list += word;
        list += *list == ' ';
    }
    return false;
}
