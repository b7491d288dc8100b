/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of one cluster: where it is, who we are there, and what
 * unseals it. */
#ifndef ASSAY_CONFIG_SETTINGS_CLUSTER_H
#define ASSAY_CONFIG_SETTINGS_CLUSTER_H

#include <stdbool.h>

#include "config/settings_parts.h"

/* One of them, or none: then key holders submit their shares. */
struct config_unseal {
    struct config_texts key_files;
    struct config_texts command; /* the program and its arguments */
};

/* Texts are NULL when not set. */
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
    struct config_auth restore_auth; /* method unset: auth restores too */
    struct config_unseal unseal;
};

#endif
