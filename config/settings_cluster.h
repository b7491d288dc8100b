/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of one cluster: where it is, who we are there, and what
 * unseals it. */
#ifndef ASSAY_CONFIG_SETTINGS_CLUSTER_H
#define ASSAY_CONFIG_SETTINGS_CLUSTER_H

#include <stdbool.h>

#include "config/settings_texts.h"

enum config_auth_method {
    CONFIG_AUTH_UNSET, /* only while loading */
    CONFIG_AUTH_TOKEN,
    CONFIG_AUTH_TOKEN_FILE,
    CONFIG_AUTH_APPROLE,
    CONFIG_AUTH_KUBERNETES,
};

/* Texts are NULL when not set. */
struct config_auth {
    unsigned method; /* enum config_auth_method */
    char *mount;     /* NULL: the method's own name */
    char *token;     /* secret (base/secret.h) */
    char *token_file;
    char *role_id, *role_id_file;
    char *secret_id; /* secret */
    char *secret_id_file;
    char *role;
    char *jwt_file;
    bool allow_root;
};

/* One of them, or none: then key holders submit their shares. */
struct config_unseal {
    struct config_texts key_files;
    struct config_texts command; /* the program and its arguments */
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

#endif
