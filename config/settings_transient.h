/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of transient clusters. */
#ifndef ASSAY_CONFIG_SETTINGS_TRANSIENT_H
#define ASSAY_CONFIG_SETTINGS_TRANSIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings_parts.h"

enum config_driver {
    CONFIG_DRIVER_PROCESS = 1,
    CONFIG_DRIVER_TERRAFORM,
    CONFIG_DRIVER_COMMAND,
    CONFIG_DRIVER_EXISTING,
};
enum config_isolation { CONFIG_ISOLATION_REQUIRED = 1, CONFIG_ISOLATION_OFF };

struct config_terraform {
    char *dir;
    char *binary; /* NULL: terraform or tofu from PATH */
    struct config_pairs vars;
    struct config_pairs env;
    int64_t timeout_ms;
};

struct config_command { /* programs and their arguments */
    struct config_texts up, down, status, egress_probe;
    int64_t timeout_ms;
};

struct config_existing {
    char *address;
    char *ca_cert_file;
    char *token_file;
    struct config_texts key_files;
};

struct config_transient {
    unsigned driver;    /* enum config_driver */
    char *server;       /* NULL: bao or vault from PATH */
    unsigned isolation; /* enum config_isolation */
    bool egress_blocked;
    bool allow_generate_root;
    struct config_auth auth; /* method unset: as on the primary */
    struct config_terraform terraform;
    struct config_command command;
    struct config_existing existing;
    /* Of driver `process`. */
    char *seal_file, *audit_file, *license_file;
    struct config_texts seal_files;
    char *seal_endpoint;   /* host:port */
    char *client_address;  /* IPv4 */
    uint64_t memory_limit; /* 0: none */
    int64_t time_limit_ms;
};

#endif
