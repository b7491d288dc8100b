/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows from the settings together: defaults that depend on others,
 * and combinations that cannot be meant. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/privileges.h"
#include "base/text.h"
#include "config/check.h"
#include "config/check_access.h"
#include "config/mount.h"
#include "config/schema.h"

enum {
    PATH_TEXT_MAX = 256,
    CANARY_MOUNT_MAX = 100, /* there is room behind it for "-transit/…" */
};

static int set_text(char **where, const char *value)
{
    *where = text_dup(value);
    return *where != NULL ? 0 : -1;
}

/* A file of its own: lines in the catalog or beside archives would destroy
 * them. */
static void check_audit(const struct config *config,
                        struct config_report *report)
{
    const char *file = config->audit.file;

    if (file != NULL && file[0] != '/')
        report_error(report, "audit.file: expected an absolute path");
}

static void check_hardening(const struct config *config,
                            struct config_report *report)
{
    const struct config_texts *paths = &config->hardening.write_paths;

    for (size_t i = 0; i < paths->count; i++)
        if (paths->items[i][0] != '/')
            report_error(report,
                         "hardening.write_paths: %s is not an absolute path",
                         paths->items[i]);
}

/* Only root can become somebody else; for others it says who they are. */
static void check_user(const struct config *config, bool root,
                       struct config_report *report)
{
    struct privileges_user who;
    struct error err;
    bool known;

    if (config->user == NULL) {
        if (config->group != NULL)
            report_error(report, "group: needs user");
        else if (root && !config->dev)
            report_warning(report,
                           "user: not set, so that the daemon stays root; name "
                           "a user of its own, who owns data_dir and the "
                           "storages");
        return;
    }
    known = privileges_find(config->user, config->group, &who, &err) == 0;
    if (root && !known)
        report_error(report, "%s", err.text);
    if (!root && (!known || who.uid != geteuid() ||
                  (config->group != NULL && who.gid != getegid())))
        report_warning(report,
                       "user: only root can become somebody else, so that %s "
                       "has no effect",
                       config->user);
}

/* It may be installed later, hence only a warning. */
static void check_command(const struct config_texts *command, const char *path,
                          struct config_report *report)
{
    if (command->count > 0 && strchr(command->items[0], '/') != NULL &&
        access(command->items[0], X_OK) != 0)
        report_warning(report, "%s.command: cannot run %s: %m", path,
                       command->items[0]);
}

/* The method, from the credential that is there. */
static void infer_method(struct config_auth *auth)
{
    if (auth->method != CONFIG_AUTH_UNSET)
        return;
    if (auth->token != NULL)
        auth->method = CONFIG_AUTH_TOKEN;
    else if (auth->token_file != NULL)
        auth->method = CONFIG_AUTH_TOKEN_FILE;
    else if (auth->role_id != NULL || auth->role_id_file != NULL)
        auth->method = CONFIG_AUTH_APPROLE;
    else if (auth->role != NULL)
        auth->method = CONFIG_AUTH_KUBERNETES;
}

/* What the approver brings must not lie here as well. */
static void check_approver(const struct config_auth *auth, const char *path,
                           struct config_report *report)
{
    if (!text_ends(path, ".restore_auth"))
        report_error(report,
                     "%s.method: an approver brings the credential that "
                     "restores, and no other: \"approver\" belongs into "
                     "restore_auth",
                     path);
    if (auth->token != NULL || auth->token_file != NULL ||
        auth->secret_id != NULL || auth->secret_id_file != NULL)
        report_error(report,
                     "%s: the approver brings the credential: with the method "
                     "\"approver\" there are only mount and role_id",
                     path);
}

void config_check_auth(struct config_auth *auth, const char *path,
                       const char *const *env, struct config_report *report)
{
    infer_method(auth);
    switch ((enum config_auth_method)auth->method) {
    case CONFIG_AUTH_UNSET:
        break;
    case CONFIG_AUTH_TOKEN: {
        const char *token =
            config_environment_get(env, "BAO_TOKEN", "VAULT_TOKEN");

        if (auth->token == NULL && token != NULL)
            (void)schema_set(schema_find(&schema_auth, "token"), auth, token);
        if (auth->token == NULL)
            report_error(report,
                         "%s.token: missing, and neither VAULT_TOKEN nor "
                         "BAO_TOKEN is set",
                         path);
        break;
    }
    case CONFIG_AUTH_TOKEN_FILE:
        if (auth->token_file == NULL)
            report_error(report, "%s.token_file: missing", path);
        break;
    case CONFIG_AUTH_APPROLE:
        if (auth->role_id == NULL && auth->role_id_file == NULL)
            report_error(report, "%s.role_id_file: missing", path);
        break;
    case CONFIG_AUTH_KUBERNETES:
        if (auth->role == NULL)
            report_error(report, "%s.role: missing", path);
        break;
    case CONFIG_AUTH_APPROVER:
        check_approver(auth, path, report);
        break;
    }
}

static void check_cluster_auth(struct config_cluster *c, const char *const *env,
                               struct config_report *report)
{
    char path[PATH_TEXT_MAX];

    (void)snprintf(path, sizeof(path), "clusters.%s.auth", c->name);
    config_check_auth(&c->auth, path, env, report);
    if (c->auth.method == CONFIG_AUTH_UNSET && !c->from_environment)
        report_error(report,
                     "%s.method: expected one of token, token_file, approle, "
                     "kubernetes",
                     path);
    (void)snprintf(path, sizeof(path), "clusters.%s.restore_auth", c->name);
    config_check_auth(&c->restore_auth, path, env, report);
}

/* Files may be written later (by an agent, say), hence only a warning. */
static void check_readable(struct config_report *report, const char *cluster,
                           const char *setting, const char *path)
{
    if (path != NULL && access(path, R_OK) != 0)
        report_warning(report, "clusters.%s.%s: cannot read %s: %m", cluster,
                       setting, path);
}

static void check_auth_files(struct config_report *report, const char *cluster,
                             const char *part, const struct config_auth *auth)
{
    const struct {
        const char *setting;
        const char *path;
    } files[] = {
        {"token_file", auth->token_file},
        {"role_id_file", auth->role_id_file},
        {"secret_id_file", auth->secret_id_file},
        {"jwt_file", auth->jwt_file},
    };
    char setting[64];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)snprintf(setting, sizeof(setting), "%s.%s", part,
                       files[i].setting);
        check_readable(report, cluster, setting, files[i].path);
    }
}

static void check_files(const struct config_cluster *c,
                        struct config_report *report)
{
    char path[128];

    check_readable(report, c->name, "ca_cert_file", c->ca_cert_file);
    check_readable(report, c->name, "ca_cert_dir", c->ca_cert_dir);
    check_readable(report, c->name, "client_cert_file", c->client_cert_file);
    check_readable(report, c->name, "client_key_file", c->client_key_file);
    check_auth_files(report, c->name, "auth", &c->auth);
    check_auth_files(report, c->name, "restore_auth", &c->restore_auth);
    (void)snprintf(path, sizeof(path), "clusters.%s.unseal", c->name);
    check_command(&c->unseal.command, path, report);
    for (size_t i = 0; i < c->unseal.key_files.count; i++)
        check_readable(report, c->name, "unseal.key_files",
                       c->unseal.key_files.items[i]);
}

static bool is_server_address(const char *address)
{
    return text_starts(address, "http://") ||
           text_starts(address, "https://") || text_starts(address, "unix:///");
}

static void check_cluster(struct config_cluster *c, const char *const *env,
                          struct config_report *report)
{
    if (c->address == NULL && !c->from_environment)
        report_error(report, "clusters.%s.address: missing", c->name);
    else if (c->address != NULL && !is_server_address(c->address))
        report_error(report,
                     "clusters.%s.address: expected https://host:port, "
                     "http://host:port or unix:///path",
                     c->name);
    for (size_t i = 0; i < c->peers.count; i++)
        if (!is_server_address(c->peers.items[i]))
            report_error(report,
                         "clusters.%s.peers[%zu]: expected https://host:port "
                         "or http://host:port",
                         c->name, i);
    if ((c->client_cert_file == NULL) != (c->client_key_file == NULL))
        report_error(report,
                     "clusters.%s: client_cert_file and client_key_file go "
                     "together",
                     c->name);
    if (c->tls_skip_verify)
        report_warning(report,
                       "clusters.%s.tls_skip_verify: whoever answers gets "
                       "the token",
                       c->name);
    if (c->unseal.key_files.count > 0 && c->unseal.command.count > 0)
        report_error(report,
                     "clusters.%s.unseal: key_files or command, not both",
                     c->name);
    check_cluster_auth(c, env, report);
    check_files(c, report);
}

/* Without a word about it, the cluster is the one that Vault's own CLI would
 * speak to. */
static void check_clusters(struct config *config, const char *const *env,
                           struct config_report *report)
{
    const char *address = config_environment_get(env, "BAO_ADDR", "VAULT_ADDR");

    if (config->clusters_count == 0 && (address != NULL || config->dev) &&
        schema_element(schema_find(&schema_root, "clusters"), config, "main",
                       0) == NULL)
        report_error(report, "clusters: out of memory");
    if (config->clusters_count == 0)
        report_error(report, "clusters: none is configured, and neither "
                             "VAULT_ADDR nor BAO_ADDR is set");
    if (config->clusters_count == 1 && config->clusters[0].address == NULL) {
        struct config_cluster *c = &config->clusters[0];

        c->from_environment = address != NULL || config->dev;
        if (address == NULL && config->dev &&
            set_text(&c->address, "http://127.0.0.1:8200") != 0)
            report_error(report, "clusters: out of memory");
        if (config->dev)
            c->auth.allow_root = c->restore_auth.allow_root = true;
    }
    for (size_t i = 0; i < config->clusters_count; i++)
        check_cluster(&config->clusters[i], env, report);
}

static void check_storage(struct config *config, struct config_report *report)
{
    struct config_storage *s = NULL;

    if (config->storage_count == 0 && config->data_dir != NULL) {
        s = schema_element(schema_find(&schema_root, "storage"), config, "disk",
                           0);
        if (s == NULL ||
            (s->path = text_format("%s/snapshots", config->data_dir)) == NULL)
            report_error(report, "storage: out of memory");
    }
    if (config->storage_count > 1)
        report_error(report,
                     "storage: this version of Assay keeps archives in one "
                     "place; %zu are configured",
                     config->storage_count);
    for (size_t i = 0; i < config->storage_count; i++)
        if (config->storage[i].path == NULL)
            report_error(report, "storage.%s.path: missing",
                         config->storage[i].name);
}

static void check_restore(const struct config *config,
                          struct config_report *report)
{
    if (config->restore.approvals == 0 && !config->dev)
        report_error(report, "restore.approvals: 0 is for -dev alone: a "
                             "restore takes at least one other person");
}

static bool requires(const struct config *config, const char *check)
{
    const struct config_texts *required = &config->validation.required;

    for (size_t i = 0; i < required->count; i++)
        if (strcmp(required->items[i], check) == 0)
            return true;
    return false;
}

static void check_canary(struct config *config, struct config_report *report)
{
    if (config->canary.mount == NULL) {
        if (requires(config, "usable"))
            report_warning(report,
                           "validation.required: \"usable\" cannot run "
                           "without canary.mount, and every validation would "
                           "be inconclusive");
        return;
    }
    config_trim_slashes(config->canary.mount);
    if (!config_mount_is_good(config->canary.mount) ||
        strlen(config->canary.mount) > CANARY_MOUNT_MAX)
        report_error(report, "canary.mount: expected a path of letters, "
                             "digits, '-' and '_', such as \"assay-canary\"");
}

static void check_keys(const struct config *config,
                       struct config_report *report)
{
    uint8_t key[32];

    for (size_t i = 0; i < config->trusted_keys.count; i++)
        if (!text_unhex(config->trusted_keys.items[i], key, sizeof(key)))
            report_error(report,
                         "trusted_keys[%zu]: expected an Ed25519 public key "
                         "of 64 hex digits",
                         i);
}

/* With an oracle the verdict needs its answer, unless somebody has said what
 * it needs; and the oracle does better with a baseline. */
static void check_validation(struct config *config,
                             struct config_report *report)
{
    struct config_validation *v = &config->validation;
    const struct schema_section *section =
        schema_find(&schema_root, "validation")->section;

    if (v->required.count == 0)
        report_error(report, "validation.required: at least one check, or "
                             "every snapshot would stay inconclusive");
    else if (!v->required.given && v->oracle != CONFIG_ORACLE_NONE &&
             !schema_add_text(schema_find(section, "required"), v,
                              "consistent"))
        report_error(report, "validation.required: out of memory");
    if (v->baseline == CONFIG_EITHER_UNSET)
        v->baseline =
            v->oracle == CONFIG_ORACLE_NONE ? CONFIG_FALSE : CONFIG_TRUE;
    if (v->oracle == CONFIG_ORACLE_BASELINE && v->baseline == CONFIG_FALSE)
        report_error(report, "validation.baseline: false, and the oracle is "
                             "the baseline");
    if (v->compare_values && v->oracle != CONFIG_ORACLE_AUTO &&
        v->oracle != CONFIG_ORACLE_PRIMARY)
        report_warning(report, "validation.compare_values: only the primary "
                               "has values to compare with");
}

void config_check(struct config *config, const struct config_source *source,
                  struct config_report *report)
{
    if (config->data_dir == NULL)
        report_error(report, "data_dir: missing");
    check_validation(config, report);
    config_check_oracles(config, report);
    check_audit(config, report);
    check_hardening(config, report);
    check_command(&config->notify.command, "notify", report);
    config_check_transient(&config->transient, source->env, report);
    config_check_listen(config, report);
    if (!source->offline) {
        check_user(config, source->root, report);
        check_clusters(config, source->env, report);
    }
    check_storage(config, report);
    check_restore(config, report);
    config_check_access(&config->access, report);
    check_canary(config, report);
    check_keys(config, report);
}
