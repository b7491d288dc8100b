/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "vault/env.h"

int settings_load_report(const struct settings_flags *flags,
                         struct config_report *report, struct config **out)
{
    const char *file =
        flags->file != NULL ? flags->file : getenv("ASSAY_CONFIG");
    const struct config_source source = {
        .file = file != NULL && *file != '\0' ? file : NULL,
        .env = (const char *const *)environ,
        .dev = flags->dev,
        .offline = flags->offline,
        .root = geteuid() == 0,
        .listen = flags->listen,
    };

    return config_load(&source, report, out);
}

void settings_print_report(const struct config_report *report)
{
    for (size_t i = 0; i < report->kept; i++)
        fprintf(stderr, "%s: %s\n",
                report->items[i].warning ? "warning" : "error",
                report->items[i].text);
    if (report->errors + report->warnings > report->kept)
        fprintf(stderr, "... and %zu more\n",
                report->errors + report->warnings - report->kept);
}

int settings_load(const struct settings_flags *flags, struct config **out)
{
    struct config_report report;
    int rc = settings_load_report(flags, &report, out);

    settings_print_report(&report);
    return rc;
}

static enum vault_auth_method auth_method(const struct config_auth *auth)
{
    switch ((enum config_auth_method)auth->method) {
    case CONFIG_AUTH_UNSET:
        break;
    case CONFIG_AUTH_TOKEN:
        return VAULT_AUTH_TOKEN;
    case CONFIG_AUTH_TOKEN_FILE:
        return VAULT_AUTH_TOKEN_FILE;
    case CONFIG_AUTH_APPROLE:
        return VAULT_AUTH_APPROLE;
    case CONFIG_AUTH_KUBERNETES:
        return VAULT_AUTH_KUBERNETES;
    case CONFIG_AUTH_APPROVER:
        return VAULT_AUTH_APPROVER;
    }
    return VAULT_AUTH_NONE;
}

static struct vault_auth_options auth_options(const struct config_auth *auth)
{
    return (struct vault_auth_options){
        .method = auth_method(auth),
        .mount = auth->mount,
        .token = auth->token,
        .token_file = auth->token_file,
        .role_id = auth->role_id,
        .role_id_file = auth->role_id_file,
        .secret_id = auth->secret_id,
        .secret_id_file = auth->secret_id_file,
        .role = auth->role,
        .jwt_file = auth->jwt_file,
    };
}

int settings_vault(const struct config_cluster *cluster,
                   struct vault_options *out, struct error *err)
{
    struct vault_options o = {
        .address = cluster->address,
        .peers = (const char *const *)cluster->peers.items,
        .namespace = cluster->namespace,
        .proxy = cluster->proxy,
        .tls = {.ca_file = cluster->ca_cert_file,
                .ca_dir = cluster->ca_cert_dir,
                .cert_file = cluster->client_cert_file,
                .key_file = cluster->client_key_file,
                .server_name = cluster->tls_server_name,
                .skip_verify = cluster->tls_skip_verify},
        .refuse_root = !cluster->auth.allow_root,
        .auth = auth_options(&cluster->auth),
    };

    if (cluster->from_environment && vault_options_from_env(&o, err) != 0)
        return -1;
    if (o.auth.method == VAULT_AUTH_NONE)
        return error_set(err, ERR_INVALID,
                         "clusters.%s.auth: no credential; set VAULT_TOKEN or "
                         "configure an AppRole (`assay policy backup` says "
                         "how to make one)",
                         cluster->name);
    if (vault_options_check(&o, err) != 0)
        return error_prefix(err, "clusters.%s", cluster->name);
    *out = o;
    return 0;
}

int settings_restore_vault(const struct config_cluster *cluster,
                           struct vault_options *out, struct error *err)
{
    struct vault_options o;

    if (settings_vault(cluster, &o, err) != 0)
        return -1;
    if (cluster->restore_auth.method != CONFIG_AUTH_UNSET) {
        o.refuse_root = !cluster->restore_auth.allow_root;
        o.auth = auth_options(&cluster->restore_auth);
        if (vault_options_check(&o, err) != 0)
            return error_prefix(err, "clusters.%s.restore_auth", cluster->name);
    }
    *out = o;
    return 0;
}

struct program_pair *settings_pairs(const struct config_pairs *from,
                                    struct program_pairs *to)
{
    struct program_pair *list = calloc(from->count + 1, sizeof(*list));

    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < from->count; i++)
        list[i] = (struct program_pair){.name = from->items[i].name,
                                        .value = from->items[i].value};
    *to = (struct program_pairs){.items = list, .count = from->count};
    return list;
}

static const char *const *texts(const struct config_texts *t)
{
    return t->count == 0 ? NULL : (const char *const *)t->items;
}

int settings_drivers_init(const struct config *config,
                          struct settings_drivers *out, struct error *err)
{
    const struct config_transient *t = &config->transient;
    struct transient_drivers *d = &out->drivers;

    *out = (struct settings_drivers){.auth = auth_options(&t->auth)};
    *d = (struct transient_drivers){
        .egress_blocked = t->egress_blocked,
        .allow_generate_root = t->allow_generate_root,
        .auth = t->auth.method == CONFIG_AUTH_UNSET ? NULL : &out->auth,
        .terraform = {.dir = t->terraform.dir,
                      .binary = t->terraform.binary,
                      .timeout_ms = t->terraform.timeout_ms},
        .command = {.up = texts(&t->command.up),
                    .down = texts(&t->command.down),
                    .status = texts(&t->command.status),
                    .egress_probe = texts(&t->command.egress_probe),
                    .timeout_ms = t->command.timeout_ms},
        .existing = {.address = t->existing.address,
                     .ca_cert_file = t->existing.ca_cert_file,
                     .token_file = t->existing.token_file,
                     .key_files = texts(&t->existing.key_files)},
    };
    out->vars = settings_pairs(&t->terraform.vars, &d->terraform.vars);
    out->env = settings_pairs(&t->terraform.env, &d->terraform.env);
    return out->vars == NULL || out->env == NULL ? error_memory(err) : 0;
}

void settings_drivers_done(struct settings_drivers *d)
{
    free(d->vars);
    free(d->env);
}

static const char *driver_name(unsigned driver)
{
    static const char *const names[] = {
        [CONFIG_DRIVER_PROCESS] = "process",
        [CONFIG_DRIVER_TERRAFORM] = "terraform",
        [CONFIG_DRIVER_COMMAND] = "command",
        [CONFIG_DRIVER_EXISTING] = "existing",
    };

    return names[driver];
}

struct storage_options settings_storage(const struct config *config)
{
    assert(config->storage_count == 1);
    return (struct storage_options){
        .name = config->storage[0].name,
        .type = "local",
        .path = config->storage[0].path,
    };
}

static struct jobs_oracle settings_oracle(const struct config_validation *v)
{
    static const char *const names[] = {
        [CONFIG_ORACLE_NONE] = "none",
        [CONFIG_ORACLE_AUTO] = "auto",
        [CONFIG_ORACLE_PRIMARY] = "primary",
        [CONFIG_ORACLE_BASELINE] = "baseline",
        [CONFIG_ORACLE_TERRAFORM] = "terraform",
    };

    return (struct jobs_oracle){
        .name = names[v->oracle],
        .baseline = v->baseline == CONFIG_TRUE,
        .compare_values = v->compare_values,
        .requests_per_second = (unsigned)v->requests_per_second,
    };
}

static struct transient_process process_options(const struct config *config)
{
    const struct config_transient *t = &config->transient;

    return (struct transient_process){
        .seal_file = t->seal_file,
        .seal_files = (const char *const *)t->seal_files.items,
        .seal_files_count = t->seal_files.count,
        .seal_endpoint = t->seal_endpoint,
        .client_address = t->client_address,
        .audit_file = t->audit_file,
        .license_file = t->license_file,
        .memory_limit = t->memory_limit,
        .time_limit_ms = t->time_limit_ms,
    };
}

struct jobs_options settings_jobs(const struct config *config)
{
    return (struct jobs_options){
        .data_dir = config->data_dir,
        .transient_driver = driver_name(config->transient.driver),
        .transient_server = config->transient.server,
        .transient_no_isolation =
            config->transient.isolation == CONFIG_ISOLATION_OFF,
        .transient_process = process_options(config),
        .required = (const char *const *)config->validation.required.items,
        .required_count = config->validation.required.count,
        .canary_mount = config->canary.mount,
        .rto_target_ms = config->validation.rto_target_ms,
        .rpo_target_ms = config->validation.rpo_target_ms,
        .plausible =
            {.max_drop_percent =
                 (unsigned)config->validation.plausible.max_drop_percent,
             .min_entries = config->validation.plausible.min_entries,
             .min_bytes = config->validation.plausible.min_bytes,
             .ignore =
                 (const char *const *)config->validation.plausible.ignore.items,
             .ignore_count = config->validation.plausible.ignore.count},
        .oracle = settings_oracle(&config->validation),
        .http_read_timeout_ms = config->restore.server_read_timeout_ms,
        .upload_bytes_per_second = config->restore.upload_bytes_per_second,
        .validation_await_ms = config->validation.await_unseal_ms,
        .await_unseal_ms = config->restore.await_unseal_ms,
        .approvals = (unsigned)config->restore.approvals,
        .approval_ttl_ms = config->restore.approval_ttl_ms,
        .settle_ms = config->restore.settle_ms,
        .audit_heads_ms = config->audit.heads_ms,
        /* 0 would mean the default. */
        .drain_ms = config->drain_ms > 0 ? config->drain_ms : 1,
    };
}

int settings_trusted_keys(const struct config *config, uint8_t (**out)[32],
                          size_t *count, struct error *err)
{
    size_t n = config->trusted_keys.count;
    uint8_t(*keys)[32] = calloc(n + 1, sizeof(*keys));

    if (keys == NULL)
        return error_memory(err);
    /* config_load has refused anything else. */
    for (size_t i = 0; i < n; i++)
        (void)text_unhex(config->trusted_keys.items[i], keys[i],
                         sizeof(keys[i]));
    *out = keys;
    *count = n;
    return 0;
}

char *settings_data_path(const struct config *config, const char *name)
{
    return text_format("%s/%s", config->data_dir, name);
}

void settings_apply_log(const struct config *config)
{
    log_set_level(config_log_level(config));
    log_set_json(config->log.format == CONFIG_LOG_JSON);
}
