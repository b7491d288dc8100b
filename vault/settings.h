/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a cluster, kept.  Only this folder includes it. */
#ifndef ASSAY_VAULT_SETTINGS_H
#define ASSAY_VAULT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "vault/options.h"

enum { SETTINGS_PEERS_MAX = 16 };

/* A copy of struct vault_options that owns its strings. */
struct settings {
    enum vault_auth_method method;
    char *namespace;
    char *ca_file, *ca_dir, *cert_file, *key_file, *server_name;
    bool skip_verify;
    bool refuse_root;
    char *proxy;
    int64_t stall_timeout_ms, call_timeout_ms;
    char *mount, *token, *token_file;
    char *role_id, *role_id_file, *secret_id, *secret_id_file;
    char *role, *jwt_file;
    char *peers[SETTINGS_PEERS_MAX];
};

/* On -1 what was copied is still to be released with settings_done. */
int settings_copy(struct settings *s, const struct vault_options *o,
                  struct error *err) MUST_USE;
/* Without address and peers. */
void settings_view(const struct settings *s, struct vault_options *o);
void settings_done(struct settings *s);

#endif
