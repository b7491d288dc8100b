/* SPDX-License-Identifier: Apache-2.0
 *
 * Every setting in one plain struct, and what is wrong with it.
 *
 * Settings come from, each beating the one before: the defaults, `-dev`, one
 * JSON file that may hold comments, the environment (ASSAY_…), flags.
 * What a setting is called, which type it has and what it is by default is
 * said once, in the table of schema.c; reading, the environment, printing
 * and docs/CONFIGURATION.md all follow that table.
 *
 * No module but cli/ reads this struct: each takes its own few options. */
#ifndef ASSAY_CONFIG_CONFIG_H
#define ASSAY_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"

enum {
    CONFIG_PROBLEMS_MAX = 32, /* kept; the rest is counted */
    CONFIG_PROBLEM_TEXT_MAX = 320,
};

enum config_auth_method {
    CONFIG_AUTH_UNSET, /* only while loading */
    CONFIG_AUTH_TOKEN,
    CONFIG_AUTH_TOKEN_FILE,
    CONFIG_AUTH_APPROLE,
    CONFIG_AUTH_KUBERNETES,
};

enum config_storage_type { CONFIG_STORAGE_LOCAL = 1 };
enum config_driver { CONFIG_DRIVER_PROCESS = 1 };
enum config_isolation { CONFIG_ISOLATION_REQUIRED = 1, CONFIG_ISOLATION_OFF };
enum config_log_format { CONFIG_LOG_TEXT = 1, CONFIG_LOG_JSON };
/* As LOG_LEVEL_… plus one: 0 is "not set". */
enum config_log_level { CONFIG_LOG_ERROR = 1 };

/* Texts are NULL when not set. */
struct config_texts {
    char **items;
    size_t count;
};

struct config_auth {
    unsigned method; /* enum config_auth_method */
    char *mount;     /* NULL: the method's own name */
    char *token;     /* secret (base/secret.h) */
    char *token_file;
    char *role_id;
    char *role_id_file;
    char *secret_id; /* secret */
    char *secret_id_file;
    char *role;
    char *jwt_file;
    bool allow_root;
};

struct config_unseal {
    struct config_texts key_files; /* none: key holders submit shares */
};

struct config_cluster {
    char *name;
    /* Vault's own variables (VAULT_ADDR, BAO_TOKEN, …) fill what is not set
     * here: this is the only cluster, and nothing says where it is. */
    bool from_environment;
    char *address;
    struct config_texts peers;
    char *namespace;
    char *proxy;
    char *ca_cert_file;
    char *ca_cert_dir;
    char *client_cert_file;
    char *client_key_file;
    char *tls_server_name;
    bool tls_skip_verify;
    struct config_auth auth;
    struct config_unseal unseal;
};

struct config_listen {
    char *address; /* host:port */
    bool tls_disable;
};

struct config_storage {
    char *name;
    unsigned type; /* enum config_storage_type */
    char *path;
};

struct config_transient {
    unsigned driver;    /* enum config_driver */
    char *server;       /* NULL: bao or vault from PATH */
    unsigned isolation; /* enum config_isolation */
};

struct config_validation {
    struct config_texts required; /* names of checks */
};

struct config_restore {
    uint64_t approvals; /* 0: see schema.c */
    int64_t server_read_timeout_ms;
    uint64_t upload_bytes_per_second; /* 0: not known */
    int64_t await_unseal_ms;
    int64_t settle_ms;
};

struct config_access {
    char *mount;     /* without slashes at the ends */
    char *namespace; /* "": the root namespace */
    int64_t cache_ttl_ms;
    bool allow_root;
};

struct config_log {
    unsigned level;  /* enum config_log_level */
    unsigned format; /* enum config_log_format */
};

struct config {
    bool dev;
    char *data_dir;
    int64_t drain_ms;
    struct config_texts trusted_keys; /* 64 hex digits each */
    struct config_listen *listen;
    size_t listen_count;
    struct config_cluster *clusters;
    size_t clusters_count;
    struct config_storage *storage;
    size_t storage_count;
    struct config_transient transient;
    struct config_validation validation;
    struct config_restore restore;
    struct config_access access;
    struct config_log log;
};

/* What is wrong (errors) and what is odd (warnings), in the order found.
 * Each text begins with the path of the setting, or the name of the
 * variable, and never holds a secret. */
struct config_problem {
    bool warning;
    char text[CONFIG_PROBLEM_TEXT_MAX];
};

struct config_report {
    struct config_problem items[CONFIG_PROBLEMS_MAX];
    size_t kept;
    size_t errors;   /* all, also those not kept */
    size_t warnings; /* the same */
};

struct config_source {
    const char *file;       /* NULL: none */
    const char *const *env; /* "NAME=value", NULL-terminated */
    bool dev;
    const char *listen; /* the -listen flag: comma separated; or NULL */
};

/* Read everything and judge it.  0 and *out (config_free) when there is no
 * error; -1 when there is at least one.  `report` is filled in either way. */
int config_load(const struct config_source *source,
                struct config_report *report, struct config **out) MUST_USE;
/* Secrets are wiped.  Accepts NULL. */
void config_free(struct config *config);

/* The settings as JSON, in `out`; a secret is written as "(set)". */
void config_print(const struct config *config, struct buf *out);

enum log_level config_log_level(const struct config *config);
/* Whether an address of `listen` can only be reached from this machine. */
bool config_is_loopback(const char *address);

/* One row per setting, for the documentation and its test: path such as
 * "clusters.<name>.auth.method", variable, type, default ("" if none). */
typedef void (*config_describe_fn)(void *ctx, const char *path,
                                   const char *variable, const char *type,
                                   const char *preset);
void config_describe(config_describe_fn each, void *ctx);

#endif
