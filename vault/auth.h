/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions about somebody else's token, asked with that token.  They never
 * use nor touch our own login, and give up after 5 s. */
#ifndef ASSAY_VAULT_AUTH_H
#define ASSAY_VAULT_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "vault/vault.h"

/* A set of capabilities.  VAULT_CAP_ROOT is a root token's answer and means
 * all of them; 0 is "deny". */
enum {
    VAULT_CAP_CREATE = 1 << 0,
    VAULT_CAP_READ = 1 << 1,
    VAULT_CAP_UPDATE = 1 << 2,
    VAULT_CAP_PATCH = 1 << 3,
    VAULT_CAP_DELETE = 1 << 4,
    VAULT_CAP_LIST = 1 << 5,
    VAULT_CAP_SUDO = 1 << 6,
    VAULT_CAP_ROOT = 1 << 7,
};

enum { VAULT_CAPABILITY_PATHS_MAX = 16, VAULT_POLICIES_MAX = 16 };

struct vault_caller {
    const char *token;
    const char *namespace; /* the configured one, NULL or "" for the root;
                              never the caller's own choice */
};

struct vault_capabilities {
    const char *path; /* asked; without "v1/" */
    unsigned set;     /* the answer */
};

/* What the token may do on each of the paths of asked[0 … count - 1], in one
 * request; their sets are written.
 * -1: ERR_DENIED for a bad token (or one that may not even ask),
 * ERR_UNAVAILABLE when Vault is down, sealed or slow, ERR_UPSTREAM. */
int vault_capabilities_self(struct vault *v, const struct vault_caller *who,
                            struct vault_capabilities *asked, size_t count,
                            struct error *err) MUST_USE;
/* set has all of `wanted`, or is a root token's. */
bool vault_capability_has(unsigned set, unsigned wanted);

struct vault_token {
    char display_name[VAULT_NAME_MAX];
    char entity_id[64];        /* "": no entity (root, orphan role tokens) */
    char accessor[128];        /* "" for batch tokens */
    char type[16];             /* service, batch */
    char path[VAULT_NAME_MAX]; /* where it came from: auth/approle/login */
    bool root;                 /* "root" is among the policies */
    bool orphan;
    bool renewable;
    int64_t ttl_seconds; /* 0: never ends */
    size_t policies;     /* count; identity's included, cut at the maximum */
    char policy[VAULT_POLICIES_MAX][VAULT_NAME_MAX];
};

/* Who is it?  Errors as above. */
int vault_lookup_self(struct vault *v, const struct vault_caller *who,
                      struct vault_token *out, struct error *err) MUST_USE;
/* The same about our own login, made if need be. */
int vault_own_token(struct vault *v, struct vault_token *out,
                    struct error *err) MUST_USE;

#endif
