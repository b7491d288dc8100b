/* SPDX-License-Identifier: Apache-2.0
 *
 * How to reach one cluster, and as whom.  Plain data; vault_new copies it
 * (secrets into secret memory). */
#ifndef ASSAY_VAULT_OPTIONS_H
#define ASSAY_VAULT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "http/http.h"

enum vault_auth_method {
    VAULT_AUTH_NONE,       /* only what needs no token */
    VAULT_AUTH_TOKEN,      /* `token` */
    VAULT_AUTH_TOKEN_FILE, /* `token_file`, read again at each new login */
    VAULT_AUTH_APPROLE,    /* role_id[_file], secret_id[_file] */
    VAULT_AUTH_KUBERNETES, /* role, jwt_file */
    VAULT_AUTH_APPROVER,   /* none until a person hands one over, wrapped
                              (vault/wrapped.h); mount and role_id[_file] say
                              where a secret-id would log in */
};

struct vault_auth_options {
    enum vault_auth_method method;
    const char *mount; /* NULL: approle or kubernetes */
    const char *token;
    const char *token_file;
    const char *role_id; /* a value wins over its file */
    const char *role_id_file;
    const char *secret_id; /* none at all: a role without secret-ids */
    const char *secret_id_file;
    const char *role;
    const char *jwt_file; /* NULL: the service account's usual place */
};

struct vault_options {
    const char *address; /* http(s)://host:port or unix:///path */
    /* Further nodes of the same cluster, for when the leader's own address
     * cannot be reached from here; NULL-terminated or NULL. */
    const char *const *peers;
    const char *namespace; /* of the login and of ordinary paths; NULL or ""
                              is the root.  Snapshots, seal and raft are
                              asked of the root always. */
    struct http_tls tls;
    const char *proxy;        /* NULL: none */
    int64_t stall_timeout_ms; /* streams; 0: 60 s */
    int64_t call_timeout_ms;  /* small calls; 0: 30 s */
    /* A root token is no credential: a login that gives one is ERR_DENIED.
     * (vault_use_token is not a login.) */
    bool refuse_root;
    struct vault_auth_options auth;
};

/* "token", "token_file", "approle", "kubernetes", "approver"; ERR_INVALID
 * otherwise. */
int vault_auth_method_parse(const char *name, enum vault_auth_method *out,
                            struct error *err) MUST_USE;

/* What is wrong with them, in one sentence: ERR_INVALID. */
int vault_options_check(const struct vault_options *o,
                        struct error *err) MUST_USE;

#endif
