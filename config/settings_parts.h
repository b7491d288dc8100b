/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings that occur in more than one place. */
#ifndef ASSAY_CONFIG_SETTINGS_PARTS_H
#define ASSAY_CONFIG_SETTINGS_PARTS_H

#include <stdbool.h>
#include <stddef.h>

/* Texts are NULL when not set. */
struct config_texts {
    char **items; /* a NULL behind the last; NULL for none */
    size_t count;
    bool given; /* by somebody: no default */
};

struct config_pair {
    char *name;
    char *value; /* secret */
};

struct config_pairs {
    struct config_pair *items;
    size_t count;
};

enum config_auth_method {
    CONFIG_AUTH_UNSET, /* only while loading */
    CONFIG_AUTH_TOKEN,
    CONFIG_AUTH_TOKEN_FILE,
    CONFIG_AUTH_APPROLE,
    CONFIG_AUTH_KUBERNETES,
    CONFIG_AUTH_APPROVER, /* of restore_auth only */
};

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

#endif
