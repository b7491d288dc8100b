/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/settings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/signer.h"
#include "base/text.h"
#include "proof/check.h"
#include "proof/oracle.h"
#include "proof/tfsettings.h"
#include "storage/storage.h"
#include "store/runs.h"

static const char *const required_default[] = {"intact",      "authentic",
                                               "decryptable", "restorable",
                                               "lossless",    "consistent"};

/* What goes by itself every day. */
static const char *const ignore_default[] = {"core/leader", "sys/counters",
                                             "sys/expire", "sys/token"};

static const struct proof_limits plausible_default = {
    .max_drop_percent = 50,
    .min_entries = 20,
    .min_bytes = 64 * 1024,
    .ignore = ignore_default,
    .ignore_count = sizeof(ignore_default) / sizeof(ignore_default[0]),
};

enum {
    READ_TIMEOUT_MS = 30 * 1000,
    UPLOAD_RATE = 100 * 1024 * 1024,
    AWAIT_UNSEAL_MS = 60 * 60 * 1000,
    APPROVAL_TTL_MS = 60 * 60 * 1000,
    SETTLE_MS = 2 * 60 * 1000,
    AUDIT_HEADS_MS = 5 * 60 * 1000,
    DRAIN_MS = 10 * 1000,
};

static int copy_texts(const char *const *from, size_t count, char ***list,
                      size_t *copied, struct error *err)
{
    char **copies = text_dup_list(from, count);

    if (copies == NULL)
        return error_memory(err);
    *list = copies;
    *copied = count;
    return 0;
}

/* NULL and "" stay NULL. */
static int copy_text(const char *from, char **out, struct error *err)
{
    if (from == NULL || from[0] == '\0')
        return 0;
    *out = text_dup(from);
    return *out == NULL ? error_memory(err) : 0;
}

static bool named_before(const struct jobs_options *o, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(o->clusters[i].name, o->clusters[at].name) == 0)
            return true;
    return false;
}

static int copy_clusters(const struct jobs_options *o, struct jobs_settings *s,
                         struct error *err)
{
    s->clusters = calloc(o->clusters_count + 1, sizeof(*s->clusters));
    if (s->clusters == NULL)
        return error_memory(err);
    for (size_t i = 0; i < o->clusters_count; i++) {
        const struct jobs_cluster *from = &o->clusters[i];
        struct jobs_settings_cluster *to = &s->clusters[i];
        char key[STORAGE_KEY_MAX];
        assert(from->name != NULL);
        if (storage_key(
                &(struct storage_snapshot){.cluster = from->name, .id = "x"},
                "snap", key, err) != 0)
            return -1;
        if (strlen(from->name) >= RUN_NAME_MAX)
            return error_set(err, ERR_INVALID,
                             "the cluster name %s is longer than %d bytes",
                             from->name, RUN_NAME_MAX - 1);
        if (named_before(o, i))
            return error_set(err, ERR_INVALID, "two clusters are named %s",
                             from->name);
        s->clusters_count++;
        to->vault = from->vault;
        to->restore_vault =
            from->restore_vault != NULL ? from->restore_vault : from->vault;
        to->name = text_dup(from->name);
        if (to->name == NULL)
            return error_memory(err);
        if (copy_texts(from->unseal_key_files, from->unseal_key_files_count,
                       &to->key_files, &to->key_files_count, err) != 0 ||
            copy_texts(from->unseal_command, from->unseal_command_count,
                       &to->command, &to->command_count, err) != 0)
            return -1;
    }
    return 0;
}

static int copy_keys(const struct jobs_options *o, struct jobs_settings *s,
                     struct error *err)
{
    s->keys = calloc(o->trusted_keys_count + 1, sizeof(*s->keys));
    if (s->keys == NULL)
        return error_memory(err);
    signer_public_key(o->signer, s->keys[0]);
    for (size_t i = 0; i < o->trusted_keys_count; i++)
        memcpy(s->keys[i + 1], o->trusted_keys[i], DIGEST_PUBLIC_KEY_SIZE);
    s->keys_count = o->trusted_keys_count + 1;
    return 0;
}

static int copy_oracle(const struct jobs_options *o, struct jobs_settings *s,
                       struct error *err)
{
    const char *name = o->oracle.name == NULL ? "none" : o->oracle.name;

    if (!oracle_is_name(name))
        return error_set(err, ERR_INVALID,
                         "validation.oracle: there is none named \"%s\"", name);
    s->baseline = o->oracle.baseline;
    s->compare_values = o->oracle.compare_values;
    s->requests_per_second = o->oracle.requests_per_second;
    if (o->oracle.terraform != NULL &&
        tfsettings_copy(o->oracle.terraform, &s->terraform, err) != 0)
        return -1;
    return copy_text(name, &s->oracle, err);
}

/* By default all of it, if there is something to be consistent with. */
static int copy_required(const struct jobs_options *o, struct jobs_settings *s,
                         struct error *err)
{
    const char *const *from = o->required;
    size_t count = o->required_count;
    if (count == 0) {
        from = required_default;
        count = sizeof(required_default) / sizeof(required_default[0]);
        count -= strcmp(s->oracle, "none") == 0;
    }
    for (size_t i = 0; i < count; i++)
        if (proof_check_find(from[i]) == NULL)
            return error_set(err, ERR_INVALID,
                             "validation.required: there is no check named "
                             "\"%s\"",
                             from[i]);
    return copy_texts(from, count, &s->required, &s->required_count, err);
}

static int copy_names(const struct jobs_options *o, struct jobs_settings *s,
                      struct error *err)
{
    const char *driver = o->transient_driver;
    if (copy_text(driver == NULL ? "process" : driver, &s->driver, err) != 0 ||
        copy_text(o->transient_server, &s->server, err) != 0 ||
        copy_text(o->transient_helper, &s->helper, err) != 0 ||
        transient_process_copy(&o->transient_process, &s->process, err) != 0)
        return -1;
    return copy_text(o->canary_mount, &s->canary_mount, err);
}

static int copy_plausible(const struct jobs_options *o, struct jobs_settings *s,
                          struct error *err)
{
    const struct proof_limits *from =
        o->plausible.max_drop_percent == 0 ? &plausible_default : &o->plausible;
    s->plausible = *from;
    s->plausible.ignore_count = 0;
    if (copy_texts(from->ignore, from->ignore_count, &s->ignore,
                   &s->plausible.ignore_count, err) != 0)
        return -1;
    s->plausible.ignore = (const char *const *)s->ignore;
    return 0;
}

static int copy_validation(const struct jobs_options *o,
                           struct jobs_settings *s, struct error *err)
{
    s->rto_target_ms = o->rto_target_ms;
    s->rpo_target_ms = o->rpo_target_ms;
    if (copy_required(o, s, err) != 0)
        return -1;
    return copy_plausible(o, s, err);
}

static int copy_drivers(const struct jobs_options *o, struct jobs_settings *s,
                        struct error *err)
{
    static const struct transient_drivers none;
    if (transient_drivers_copy(
            o->transient_drivers != NULL ? o->transient_drivers : &none,
            &s->drivers, err) != 0)
        return -1;
    if (transient_drivers_check(s->driver, s->drivers, err) != 0)
        return error_prefix(err, "transient.driver");
    return 0;
}

int jobs_settings_new(const struct jobs_options *o, struct jobs_settings **out,
                      struct error *err)
{
    assert(o != NULL && o->signer != NULL && out != NULL);
    struct jobs_settings *s = calloc(1, sizeof(*s));
    int rc = -1;

    if (s == NULL)
        return error_memory(err);
    atomic_init(&s->users, 1);
    if (copy_clusters(o, s, err) != 0 || copy_keys(o, s, err) != 0 ||
        copy_oracle(o, s, err) != 0 || copy_validation(o, s, err) != 0 ||
        copy_names(o, s, err) != 0 || copy_drivers(o, s, err) != 0)
        goto done;
    s->no_isolation = o->transient_no_isolation;
    s->http_read_timeout_ms =
        o->http_read_timeout_ms > 0 ? o->http_read_timeout_ms : READ_TIMEOUT_MS;
    s->upload_bytes_per_second = o->upload_bytes_per_second > 0
                                     ? o->upload_bytes_per_second
                                     : UPLOAD_RATE;
    s->validation_await_ms = o->validation_await_ms;
    s->await_unseal_ms =
        o->await_unseal_ms > 0 ? o->await_unseal_ms : AWAIT_UNSEAL_MS;
    s->approvals = o->approvals;
    s->approval_ttl_ms =
        o->approval_ttl_ms > 0 ? o->approval_ttl_ms : APPROVAL_TTL_MS;
    s->settle_ms = o->settle_ms > 0 ? o->settle_ms : SETTLE_MS;
    s->audit_heads_ms =
        o->audit_heads_ms > 0 ? o->audit_heads_ms : AUDIT_HEADS_MS;
    s->drain_ms = o->drain_ms > 0 ? o->drain_ms : DRAIN_MS;
    *out = s;
    s = NULL;
    rc = 0;
done:
    jobs_settings_release(s);
    return rc;
}

struct jobs_settings *jobs_settings_hold(struct jobs_settings *s)
{
    atomic_fetch_add(&s->users, 1);
    return s;
}

void jobs_settings_release(struct jobs_settings *s)
{
    if (s == NULL || atomic_fetch_sub(&s->users, 1) != 1)
        return;
    for (size_t i = 0; i < s->clusters_count + s->dropped; i++) {
        free(s->clusters[i].name);
        text_free_list(s->clusters[i].key_files,
                       s->clusters[i].key_files_count);
        text_free_list(s->clusters[i].command, s->clusters[i].command_count);
    }
    free(s->clusters);
    free(s->keys);
    transient_drivers_free(s->drivers);
    free(s->driver);
    free(s->server);
    free(s->helper);
    transient_process_free(s->process);
    free(s->canary_mount);
    free(s->oracle);
    tfsettings_free(s->terraform);
    text_free_list(s->required, s->required_count);
    text_free_list(s->ignore, s->plausible.ignore_count);
    free(s);
}

const struct jobs_settings_cluster *
jobs_settings_cluster(const struct jobs_settings *s, const char *name)
{
    for (size_t i = 0; i < s->clusters_count; i++)
        if (strcmp(s->clusters[i].name, name) == 0)
            return &s->clusters[i];
    return NULL;
}

struct manifest_trust jobs_settings_trust(const struct jobs_settings *s)
{
    return (struct manifest_trust){
        .keys = (const uint8_t(*)[DIGEST_PUBLIC_KEY_SIZE])s->keys,
        .count = s->keys_count,
    };
}
