/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings themselves: plain data, read by cli/.  What each is called
 * and may be is in the table of schema.c; docs/CONFIGURATION.md explains. */
#ifndef ASSAY_CONFIG_SETTINGS_H
#define ASSAY_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings_access.h"
#include "config/settings_audit.h"
#include "config/settings_cluster.h"
#include "config/settings_hardening.h"
#include "config/settings_listen.h"
#include "config/settings_oracles.h"
#include "config/settings_transient.h"
#include "config/settings_validation.h"

enum config_storage_type { CONFIG_STORAGE_LOCAL = 1 };
enum config_log_format { CONFIG_LOG_TEXT = 1, CONFIG_LOG_JSON };

/* Texts are NULL when not set. */
struct config_storage {
    char *name;
    unsigned type; /* enum config_storage_type */
    char *path;
};

struct config_restore {
    uint64_t approvals; /* 0: only in -dev */
    int64_t approval_ttl_ms;
    int64_t server_read_timeout_ms;
    uint64_t upload_bytes_per_second; /* 0: not known */
    int64_t await_unseal_ms;
    int64_t settle_ms;
};

struct config {
    bool dev;
    char *data_dir;
    char *user;  /* name or number */
    char *group; /* the same; NULL: that of the user */
    int64_t drain_ms;
    struct config_texts trusted_keys; /* 64 hex digits each */
    struct config_listen *listen;
    size_t listen_count;
    struct config_limits limits;
    struct config_cluster *clusters;
    size_t clusters_count;
    struct config_storage *storage;
    size_t storage_count;
    struct config_transient transient;
    struct config_validation validation;
    struct config_oracles oracles;
    struct {
        char *mount; /* NULL: no canaries; no slashes at its ends */
    } canary;
    struct config_restore restore;
    struct config_access access;
    struct config_audit audit;
    struct config_hardening hardening;
    struct {
        struct config_texts command; /* the program and its arguments */
        int64_t timeout_ms;
    } notify;
    struct {
        unsigned level;  /* 1 + enum log_level */
        unsigned format; /* enum config_log_format */
    } log;
};

#endif
