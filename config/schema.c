/* SPDX-License-Identifier: Apache-2.0
 *
 * The table itself.  A setting is added here, in config.h and in
 * docs/CONFIGURATION.md (a test compares); nothing else reads names. */
#include "config/schema.h"

#include <assert.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])
#define HOUR_MS (INT64_C(3600) * 1000)

static const char *const auth_methods[] = {
    "token", "token_file", "approle", "kubernetes", "approver", NULL};
static const char *const storage_types[] = {"local", NULL};
static const char *const log_levels[] = {"error", "warn", "info", "debug",
                                         NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const checks[] = {"intact",      "plausible",  "authentic",
                                     "decryptable", "restorable", "lossless",
                                     "consistent",  "usable",     NULL};
static const char *const oracles[] = {"none",     "auto",      "primary",
                                      "baseline", "terraform", NULL};
static const char *const either[] = {"true", "false", NULL};

static const struct schema_field auth_fields[] = {
    {.name = "method",
     .type = SCHEMA_CHOICE,
     .offset = offsetof(struct config_auth, method),
     .choices = auth_methods},
    {.name = "mount",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_auth, mount)},
    {.name = "token",
     .type = SCHEMA_SECRET,
     .offset = offsetof(struct config_auth, token)},
    {.name = "token_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_auth, token_file)},
    {.name = "role_id",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_auth, role_id)},
    {.name = "role_id_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_auth, role_id_file)},
    {.name = "secret_id",
     .type = SCHEMA_SECRET,
     .offset = offsetof(struct config_auth, secret_id)},
    {.name = "secret_id_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_auth, secret_id_file)},
    {.name = "role",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_auth, role)},
    {.name = "jwt_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_auth, jwt_file)},
    {.name = "allow_root",
     .type = SCHEMA_BOOL,
     .offset = offsetof(struct config_auth, allow_root),
     .preset = "false"},
};
const struct schema_section schema_auth = {FIELDS(auth_fields),
                                           sizeof(struct config_auth)};

static const struct schema_field unseal_fields[] = {
    {.name = "key_files",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_unseal, key_files)},
    {.name = "command",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_unseal, command)},
};
static const struct schema_section unseal = {FIELDS(unseal_fields),
                                             sizeof(struct config_unseal)};

static const struct schema_field cluster_fields[] = {
    {.name = "address",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_cluster, address)},
    {.name = "peers",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_cluster, peers)},
    {.name = "namespace",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_cluster, namespace)},
    {.name = "proxy",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_cluster, proxy)},
    {.name = "ca_cert_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_cluster, ca_cert_file)},
    {.name = "ca_cert_dir",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_cluster, ca_cert_dir)},
    {.name = "client_cert_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_cluster, client_cert_file)},
    {.name = "client_key_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_cluster, client_key_file)},
    {.name = "tls_server_name",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_cluster, tls_server_name)},
    {.name = "tls_skip_verify",
     .type = SCHEMA_BOOL,
     .offset = offsetof(struct config_cluster, tls_skip_verify),
     .preset = "false"},
    {.name = "auth",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config_cluster, auth),
     .section = &schema_auth},
    {.name = "restore_auth",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config_cluster, restore_auth),
     .section = &schema_auth},
    {.name = "unseal",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config_cluster, unseal),
     .section = &unseal},
};
static const struct schema_section cluster = {FIELDS(cluster_fields),
                                              sizeof(struct config_cluster)};

static const struct schema_field storage_fields[] = {
    {.name = "type",
     .type = SCHEMA_CHOICE,
     .offset = offsetof(struct config_storage, type),
     .choices = storage_types,
     .preset = "local"},
    {.name = "path",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_storage, path)},
};
static const struct schema_section storage = {FIELDS(storage_fields),
                                              sizeof(struct config_storage)};

#define PLAUSIBLE_OFFSET(member)                                               \
    (offsetof(struct config_validation, plausible.member) -                    \
     offsetof(struct config_validation, plausible))

static const struct schema_field plausible_fields[] = {
    {.name = "max_drop_percent",
     .type = SCHEMA_COUNT,
     .offset = PLAUSIBLE_OFFSET(max_drop_percent),
     .min = 1,
     .max = 100,
     .preset = "50"},
    {.name = "min_entries",
     .type = SCHEMA_COUNT,
     .offset = PLAUSIBLE_OFFSET(min_entries),
     .min = 0,
     .max = INT64_MAX,
     .preset = "20"},
    {.name = "min_bytes",
     .type = SCHEMA_SIZE,
     .offset = PLAUSIBLE_OFFSET(min_bytes),
     .min = 0,
     .max = INT64_MAX,
     .preset = "64KiB"},
    {.name = "ignore",
     .type = SCHEMA_TEXTS,
     .offset = PLAUSIBLE_OFFSET(ignore),
     .preset = "core/leader,sys/counters,sys/expire,sys/token"},
};
static const struct schema_section plausible = {
    FIELDS(plausible_fields),
    sizeof(((struct config_validation *)NULL)->plausible)};

static const struct schema_field validation_fields[] = {
    {.name = "required",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_validation, required),
     .choices = checks,
     .preset = "intact,authentic,decryptable,restorable,lossless"},
    {.name = "await_unseal",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_validation, await_unseal_ms),
     .min = 0,
     .max = 7 * 24 * HOUR_MS,
     .preset = "1h"},
    {.name = "oracle",
     .type = SCHEMA_CHOICE,
     .offset = offsetof(struct config_validation, oracle),
     .choices = oracles,
     .preset = "none"},
    {.name = "baseline",
     .type = SCHEMA_CHOICE,
     .offset = offsetof(struct config_validation, baseline),
     .choices = either},
    {.name = "compare_values",
     .type = SCHEMA_BOOL,
     .offset = offsetof(struct config_validation, compare_values),
     .preset = "false"},
    {.name = "requests_per_second",
     .type = SCHEMA_COUNT,
     .offset = offsetof(struct config_validation, requests_per_second),
     .min = 0,
     .max = 1000000,
     .preset = "500"},
    {.name = "rto_target",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_validation, rto_target_ms),
     .min = 0,
     .max = 366 * 24 * HOUR_MS},
    {.name = "rpo_target",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_validation, rpo_target_ms),
     .min = 0,
     .max = 366 * 24 * HOUR_MS},
    {.name = "plausible",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config_validation, plausible),
     .section = &plausible},
};
static const struct schema_section validation = {
    FIELDS(validation_fields), sizeof(struct config_validation)};

static const struct schema_field canary_fields[] = {
    {.name = "mount", .type = SCHEMA_TEXT, .offset = 0},
};
static const struct schema_section canary = {
    FIELDS(canary_fields), sizeof(((struct config *)NULL)->canary)};

static const struct schema_field restore_fields[] = {
    {.name = "approvals",
     .type = SCHEMA_COUNT,
     .offset = offsetof(struct config_restore, approvals),
     .min = 0,
     .max = 10,
     .preset = "1"},
    {.name = "approval_ttl",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_restore, approval_ttl_ms),
     .min = 1000,
     .max = 7 * 24 * HOUR_MS,
     .preset = "1h"},
    {.name = "targets",
     .type = SCHEMA_LATER,
     .note = "a restore goes to the cluster the snapshot was taken from"},
    {.name = "server_read_timeout",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_restore, server_read_timeout_ms),
     .min = 1000,
     .max = 24 * HOUR_MS,
     .preset = "30s"},
    {.name = "upload_bytes_per_second",
     .type = SCHEMA_SIZE,
     .offset = offsetof(struct config_restore, upload_bytes_per_second),
     .min = 0,
     .max = INT64_MAX},
    {.name = "await_unseal",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_restore, await_unseal_ms),
     .min = 1000,
     .max = 7 * 24 * HOUR_MS,
     .preset = "1h"},
    {.name = "settle",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_restore, settle_ms),
     .min = 1000,
     .max = 24 * HOUR_MS,
     .preset = "2m"},
};
static const struct schema_section restore = {FIELDS(restore_fields),
                                              sizeof(struct config_restore)};

#define LOG_OFFSET(member)                                                     \
    (offsetof(struct config, log.member) - offsetof(struct config, log))

static const struct schema_field log_fields[] = {
    {.name = "level",
     .type = SCHEMA_CHOICE,
     .offset = LOG_OFFSET(level),
     .choices = log_levels,
     .preset = "info"},
    {.name = "format",
     .type = SCHEMA_CHOICE,
     .offset = LOG_OFFSET(format),
     .choices = log_formats,
     .preset = "text"},
};
static const struct schema_section log_section = {
    FIELDS(log_fields), sizeof(((struct config *)NULL)->log)};

static const struct schema_field notify_fields[] = {
    {.name = "command",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config, notify.command) -
               offsetof(struct config, notify)},
    {.name = "timeout",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config, notify.timeout_ms) -
               offsetof(struct config, notify),
     .min = 1000,
     .max = 10 * 60 * 1000,
     .preset = "30s"},
};
static const struct schema_section notify = {
    FIELDS(notify_fields), sizeof(((struct config *)NULL)->notify)};

static const struct schema_field root_fields[] = {
    {.name = "data_dir",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config, data_dir),
     .preset = "/var/lib/assay"},
    {.name = "user",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config, user)},
    {.name = "group",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config, group)},
    {.name = "drain",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config, drain_ms),
     .min = 0,
     .max = HOUR_MS,
     .preset = "10s"},
    {.name = "trusted_keys",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config, trusted_keys)},
    {.name = "listen",
     .type = SCHEMA_ARRAY,
     .offset = offsetof(struct config, listen),
     .section = &schema_listen},
    {.name = "limits",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, limits),
     .section = &schema_limits},
    {.name = "clusters",
     .type = SCHEMA_MAP,
     .offset = offsetof(struct config, clusters),
     .section = &cluster},
    {.name = "storage",
     .type = SCHEMA_MAP,
     .offset = offsetof(struct config, storage),
     .section = &storage},
    {.name = "transient",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, transient),
     .section = &schema_transient},
    {.name = "validation",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, validation),
     .section = &validation},
    {.name = "oracles",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, oracles),
     .section = &schema_oracles},
    {.name = "canary",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, canary),
     .section = &canary},
    {.name = "restore",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, restore),
     .section = &restore},
    {.name = "access",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, access),
     .section = &schema_access},
    {.name = "audit",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, audit),
     .section = &schema_audit},
    {.name = "hardening",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, hardening),
     .section = &schema_hardening},
    {.name = "notify",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, notify),
     .section = &notify},
    {.name = "log",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config, log),
     .section = &log_section},
    {.name = "schedules",
     .type = SCHEMA_LATER,
     .note = "use cron or a timer to POST to backups"},
    {.name = "retention",
     .type = SCHEMA_LATER,
     .note = "nothing would be removed"},
};
const struct schema_section schema_root = {FIELDS(root_fields),
                                           sizeof(struct config)};

/* schema_element and its kin rely on it. */
static_assert(offsetof(struct config, listen_count) ==
                  offsetof(struct config, listen) + sizeof(void *),
              "a count follows its pointer");
static_assert(offsetof(struct config, clusters_count) ==
                  offsetof(struct config, clusters) + sizeof(void *),
              "a count follows its pointer");
static_assert(offsetof(struct config, storage_count) ==
                  offsetof(struct config, storage) + sizeof(void *),
              "a count follows its pointer");
static_assert(offsetof(struct config_cluster, name) == 0, "name comes first");
static_assert(offsetof(struct config_storage, name) == 0, "name comes first");

const struct schema_field *schema_find(const struct schema_section *section,
                                       const char *name)
{
    for (size_t i = 0; i < section->fields_count; i++)
        if (strcmp(section->fields[i].name, name) == 0)
            return &section->fields[i];
    return NULL;
}

const char *schema_nearest(const struct schema_section *section,
                           const char *name)
{
    struct nearest n;

    nearest_init(&n, name);
    for (size_t i = 0; i < section->fields_count; i++)
        nearest_offer(&n, section->fields[i].name);
    return nearest_best(&n);
}

static void expected_range(const struct schema_field *field, struct buf *out)
{
    char low[32];
    char high[32];

    text_human_duration(field->min, low, sizeof(low));
    text_human_duration(field->max, high, sizeof(high));
    buf_printf(out, "expected a duration from %s to %s, such as \"90s\"", low,
               high);
}

void schema_expected(const struct schema_field *field, struct buf *out)
{
    static const char *const plain[] = {
        [SCHEMA_TEXT] = "expected text",
        [SCHEMA_SECRET] = "expected text",
        [SCHEMA_BOOL] = "expected true or false",
        [SCHEMA_OBJECT] = "expected an object",
        [SCHEMA_MAP] = "expected an object, by name",
        [SCHEMA_ARRAY] = "expected an array of objects",
        [SCHEMA_TEXTS] = "expected an array of texts",
        [SCHEMA_PAIRS] = "expected an object of texts by variable",
    };

    if (field->type == SCHEMA_COUNT && field->note != NULL) {
        buf_str(out, field->note);
    } else if (field->type == SCHEMA_COUNT) {
        buf_printf(out, "expected a whole number from %lld to %lld",
                   (long long)field->min, (long long)field->max);
    } else if (field->type == SCHEMA_DURATION) {
        expected_range(field, out);
    } else if (field->type == SCHEMA_SIZE) {
        buf_str(out, "expected a size, such as \"64MiB\"");
    } else if (field->choices != NULL) {
        buf_str(out, field->type == SCHEMA_TEXTS ? "expected an array of: "
                                                 : "expected one of ");
        for (size_t i = 0; field->choices[i] != NULL; i++)
            buf_printf(out, "%s%s", i == 0 ? "" : ", ", field->choices[i]);
    } else {
        buf_str(out, plain[field->type]);
    }
}
