/* SPDX-License-Identifier: Apache-2.0
 *
 * Attributes as of provider 5; those that it does not read back from the
 * server (passwords, private keys) are in no row, nor are those that it
 * writes in another form than the server. */
#include "proof/tftypes.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

enum { PATH_MAX_LEN = 4096 };

#define TOKEN                                                                  \
    " token_bound_cidrs token_explicit_max_ttl token_max_ttl "                 \
    "token_no_default_policy token_num_uses token_period token_policies "      \
    "token_ttl token_type"

/* An engine of its own type: that it is there, and that it is that one. */
#define ENGINE(type_)                                                          \
    {                                                                          \
        .type = (type_), .kind = "mount", .path = "{path}/",                   \
        .same = "accessor description local"                                   \
    }
#define METHOD(type_)                                                          \
    {                                                                          \
        .type = (type_), .kind = "auth", .path = "auth/{path}/",               \
        .same = "accessor description local"                                   \
    }

const struct tftype tftypes[] = {
    {.type = "vault_mount",
     .kind = "mount",
     .path = "{path}/",
     .same = "accessor type description local seal_wrap options "
             "default_lease_ttl_seconds:config.default_lease_ttl "
             "max_lease_ttl_seconds:config.max_lease_ttl"},
    {.type = "vault_auth_backend",
     .kind = "auth",
     .path = "auth/{path}/",
     .same = "accessor type description local"},
    {.type = "vault_audit",
     .kind = "audit",
     .path = "{path}/",
     .same = "type description local options"},
    {.type = "vault_namespace", .kind = "namespace", .path = "{path}/"},
    {.type = "vault_policy",
     .kind = "policy",
     .path = "{^name}",
     .same = "#policy"},
    {.type = "vault_password_policy",
     .kind = "password_policy",
     .path = "{name}",
     .same = "#policy"},
    {.type = "vault_quota_rate_limit",
     .kind = "quota",
     .path = "sys/quotas/rate-limit/{name}",
     .same = "rate interval block_interval"},
    ENGINE("vault_ad_secret_backend"),
    ENGINE("vault_aws_secret_backend"),
    ENGINE("vault_azure_secret_backend"),
    ENGINE("vault_consul_secret_backend"),
    ENGINE("vault_gcp_secret_backend"),
    ENGINE("vault_kmip_secret_backend"),
    ENGINE("vault_kubernetes_secret_backend"),
    ENGINE("vault_ldap_secret_backend"),
    ENGINE("vault_rabbitmq_secret_backend"),

    {.type = "vault_kv_secret_v2",
     .kind = "kv2",
     .path = "{mount}/{name}",
     .version = "metadata.version"},
    {.type = "vault_kv_secret", .kind = "kv1", .path = "{path}"},
    {.type = "vault_generic_secret",
     .kind = "kv1",
     .path = "{path}",
     .flags = TFTYPES_EITHER},
    {.type = "vault_generic_secret",
     .kind = "kv2",
     .path = "{path}",
     .flags = TFTYPES_EITHER},
    {.type = "vault_kv_secret_backend_v2",
     .kind = "kv2_config",
     .path = "{mount}/config",
     .same = "max_versions cas_required delete_version_after"},

    {.type = "vault_identity_entity",
     .kind = "entity",
     .path = "identity/entity/id/{id}",
     .same = "name disabled policies #metadata"},
    {.type = "vault_identity_entity_alias",
     .kind = "entity_alias",
     .path = "identity/entity-alias/id/{id}",
     .same = "name mount_accessor canonical_id #custom_metadata"},
    {.type = "vault_identity_group",
     .kind = "group",
     .path = "identity/group/id/{id}",
     .same = "name type policies member_entity_ids member_group_ids "
             "#metadata"},
    {.type = "vault_identity_group_alias",
     .kind = "group_alias",
     .path = "identity/group-alias/id/{id}",
     .same = "name mount_accessor canonical_id"},
    {.type = "vault_identity_oidc_key",
     .kind = "oidc_key",
     .path = "identity/oidc/key/{name}",
     .same = "algorithm rotation_period verification_ttl"},
    {.type = "vault_identity_oidc_role",
     .kind = "oidc_role",
     .path = "identity/oidc/role/{name}",
     .same = "key ttl client_id"},

    {.type = "vault_approle_auth_backend_role",
     .kind = "approle_role",
     .path = "auth/{backend}/role/{^role_name}",
     .same = "bind_secret_id secret_id_bound_cidrs secret_id_num_uses "
             "secret_id_ttl" TOKEN},
    {.type = "vault_approle_auth_backend_role",
     .kind = "approle_role_id",
     .path = "auth/{backend}/role/{^role_name}/role-id",
     .same = "#role_id"},
    METHOD("vault_jwt_auth_backend"),
    {.type = "vault_jwt_auth_backend",
     .kind = "jwt_config",
     .path = "auth/{path}/config",
     .same = "bound_issuer default_role jwks_url jwt_supported_algs "
             "oidc_client_id oidc_discovery_url oidc_response_mode"},
    {.type = "vault_jwt_auth_backend_role",
     .kind = "jwt_role",
     .path = "auth/{backend}/role/{role_name}",
     .same = "allowed_redirect_uris bound_audiences bound_claims_type "
             "bound_subject groups_claim oidc_scopes role_type "
             "user_claim" TOKEN},
    {.type = "vault_kubernetes_auth_backend_config",
     .kind = "kubernetes_config",
     .path = "auth/{backend}/config",
     .same = "kubernetes_host issuer disable_iss_validation "
             "disable_local_ca_jwt"},
    {.type = "vault_kubernetes_auth_backend_role",
     .kind = "kubernetes_role",
     .path = "auth/{backend}/role/{role_name}",
     .same = "alias_name_source audience bound_service_account_names "
             "bound_service_account_namespaces" TOKEN},
    METHOD("vault_ldap_auth_backend"),
    {.type = "vault_ldap_auth_backend",
     .kind = "ldap_config",
     .path = "auth/{path}/config",
     .same = "url binddn case_sensitive_names deny_null_bind discoverdn "
             "groupattr groupdn groupfilter insecure_tls starttls upndomain "
             "use_token_groups userattr userdn userfilter "
             "username_as_alias" TOKEN},
    {.type = "vault_ldap_auth_backend_user",
     .kind = "ldap_user",
     .path = "auth/{backend}/users/{username}",
     .same = "policies groups"},
    {.type = "vault_ldap_auth_backend_group",
     .kind = "ldap_group",
     .path = "auth/{backend}/groups/{groupname}",
     .same = "policies"},
    {.type = "vault_cert_auth_backend_role",
     .kind = "cert_role",
     .path = "auth/{backend}/certs/{name}",
     .same = "#certificate allowed_common_names allowed_dns_sans "
             "allowed_email_sans allowed_names allowed_organizational_units "
             "allowed_uri_sans display_name" TOKEN},
    {.type = "vault_token_auth_backend_role",
     .kind = "token_role",
     .path = "auth/token/roles/{role_name}",
     .same = "allowed_entity_aliases allowed_policies allowed_policies_glob "
             "disallowed_policies disallowed_policies_glob orphan path_suffix "
             "renewable token_bound_cidrs token_explicit_max_ttl "
             "token_no_default_policy token_num_uses token_period token_type"},

    {.type = "vault_transit_secret_backend_key",
     .kind = "transit_key",
     .path = "{backend}/keys/{name}",
     .same = "allow_plaintext_backup auto_rotate_period deletion_allowed "
             "derived exportable min_decryption_version "
             "min_encryption_version type",
     .version = "latest_version"},
    {.type = "vault_pki_secret_backend_role",
     .kind = "pki_role",
     .path = "{backend}/roles/{name}",
     .same = "allow_any_name allow_bare_domains allow_glob_domains "
             "allow_ip_sans allow_localhost allow_subdomains "
             "allow_wildcard_certificates allowed_domains "
             "allowed_domains_template allowed_uri_sans client_flag "
             "code_signing_flag email_protection_flag enforce_hostnames "
             "ext_key_usage generate_lease issuer_ref key_bits key_type "
             "key_usage max_ttl no_store require_cn server_flag ttl "
             "use_csr_common_name use_csr_sans"},
    {.type = "vault_ssh_secret_backend_role",
     .kind = "ssh_role",
     .path = "{backend}/roles/{name}",
     .same = "allow_bare_domains allow_host_certificates allow_subdomains "
             "allow_user_certificates allow_user_key_ids allowed_domains "
             "allowed_extensions allowed_users allowed_users_template "
             "default_user key_id_format key_type max_ttl ttl"},
    {.type = "vault_ssh_secret_backend_ca",
     .kind = "ssh_config",
     .path = "{backend}/config/ca",
     .same = "public_key"},
    {.type = "vault_database_secret_backend_connection",
     .kind = "database_config",
     .path = "{backend}/config/{name}",
     .same = "allowed_roles"},
    {.type = "vault_database_secret_backend_role",
     .kind = "database_role",
     .path = "{backend}/roles/{name}",
     .same = "creation_statements credential_type db_name default_ttl max_ttl "
             "renew_statements revocation_statements rollback_statements"},
    {.type = "vault_database_secret_backend_static_role",
     .kind = "database_static_role",
     .path = "{backend}/static-roles/{name}",
     .same = "db_name username rotation_period rotation_schedule"},
};
const size_t tftypes_count = sizeof tftypes / sizeof tftypes[0];

const struct tftype *tftypes_find(const char *type)
{
    for (size_t i = 0; i < tftypes_count; i++)
        if (strcmp(tftypes[i].type, type) == 0)
            return &tftypes[i];
    return NULL;
}

const struct tftype *tftypes_next(const struct tftype *row)
{
    const struct tftype *next = row + 1;

    if (next == tftypes + tftypes_count || strcmp(next->type, row->type) != 0)
        return NULL;
    return next;
}

/* Slashes at both ends are how somebody wrote it, and no part of the name. */
static bool add_part(const char *text, bool lower, struct buf *out)
{
    size_t len;

    text += strspn(text, "/");
    len = strlen(text);
    while (len > 0 && text[len - 1] == '/')
        len--;
    for (size_t i = 0; i < len; i++)
        buf_char(out, lower ? (char)tolower((unsigned char)text[i]) : text[i]);
    return len > 0;
}

/* The attribute that "{…}" at `from` names; false when there is none. */
static bool add_attribute(const char *from, size_t len, const struct tape *tape,
                          const struct tape_node *attributes, struct buf *out)
{
    bool lower = from[0] == '^';
    char name[64];
    const char *text;

    from += lower;
    len -= lower;
    if (len >= sizeof name)
        return false;
    memcpy(name, from, len);
    name[len] = '\0';
    text = tape_get_text(tape, attributes, name, NULL);
    return text != NULL && add_part(text, lower, out);
}

char *tftypes_path(const struct tftype *row, const struct tape *tape,
                   const struct tape_node *attributes, const char *ns)
{
    const char *own = tape_get_text(tape, attributes, "namespace", ns);
    const char *p = row->path;
    struct buf out;
    bool good = true;
    char *path = NULL;

    buf_init(&out, PATH_MAX_LEN);
    if (own != NULL && add_part(own, false, &out))
        buf_char(&out, '/');
    while (good && *p != '\0') {
        if (*p == '{') {
            size_t len = strcspn(++p, "}");

            good = add_attribute(p, len, tape, attributes, &out);
            p += len + 1;
        } else {
            buf_char(&out, *p++);
        }
    }
    if (good)
        path = buf_take(&out);
    buf_done(&out);
    return path;
}
