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
#include "config/settings.h"

enum {
    CONFIG_PROBLEMS_MAX = 32, /* kept; the rest is counted */
    CONFIG_PROBLEM_TEXT_MAX = 320,
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
    bool offline;       /* no cluster is needed, and none is complained about */
    bool root;          /* whoever reads it may become somebody else */
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
/* Whether it is a socket in the file system, unix:///path. */
bool config_is_socket(const char *address);
/* Octal digits, such as "0660"; at most 0777. */
bool config_socket_mode(const char *text, unsigned *out);
/* Whether a break-glass token may be called that. */
bool config_is_break_glass_name(const char *name);

/* One row per setting, for the documentation and its test: path such as
 * "clusters.<name>.auth.method", variable, type, default ("" if none). */
typedef void (*config_describe_fn)(void *ctx, const char *path,
                                   const char *variable, const char *type,
                                   const char *preset);
void config_describe(config_describe_fn each, void *ctx);

#endif
