/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may do what: the caller's own token is asked, through Vault's
 * sys/capabilities-self, for its rights on the real path under the mount, so
 * that ordinary ACL policies govern Assay and no second user database
 * exists.
 *
 * The namespace asked is always the configured one: in a namespace that the
 * caller chose, a tenant's own policies would answer.  When Vault cannot be
 * asked the answer is ERR_UNAVAILABLE, except for the few break-glass tokens
 * of the configuration (access/break_glass.h).
 *
 * Any thread. */
#ifndef ASSAY_ACCESS_ACCESS_H
#define ASSAY_ACCESS_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "access/break_glass.h"
#include "base/error.h"
#include "base/principal.h"

struct access;
struct store;

enum { ACCESS_KEY_SIZE = 32 };

enum access_operation {
    ACCESS_READ,
    ACCESS_LIST,
    ACCESS_WRITE, /* Vault's `update` or `create` */
    ACCESS_DELETE,
};

enum access_need {
    ACCESS_SUDO = 1,    /* `sudo` too; never answered from the cache */
    ACCESS_ENTITY = 2,  /* the caller has an entity_id */
    ACCESS_OWN_RUN = 4, /* a refused token becomes a principal that is not
                           `authenticated` instead of an error */
};

/* Vault's capabilities on one path, as bits. */
enum access_capability {
    ACCESS_CAN_CREATE = 1,
    ACCESS_CAN_READ = 2,
    ACCESS_CAN_UPDATE = 4,
    ACCESS_CAN_DELETE = 8,
    ACCESS_CAN_LIST = 16,
    ACCESS_CAN_SUDO = 32,
    ACCESS_CAN_ALL = 64, /* "root" */
    ACCESS_CAN_DENY = 128,
};

/* Where the answers come from.  Both may block, are called by several
 * threads, and return -1 with ERR_DENIED for a token that Vault does not
 * accept, ERR_UNAVAILABLE when Vault cannot be asked. */
struct access_backend {
    int (*capabilities)(void *ctx, const char *token, const char *path,
                        unsigned *out, struct error *err);
    /* display_name, entity_id and accessor of the token's owner. */
    int (*identify)(void *ctx, const char *token, struct principal *out,
                    struct error *err);
    void *ctx;
};

struct access_options {
    struct access_backend backend;
    uint8_t key[ACCESS_KEY_SIZE]; /* of token_key; see access_key_load */
    bool allow_root_requester;    /* ACCESS_ENTITY accepts a root token */
    int64_t allowed_ms;           /* cached this long; 0: 5 s */
    int64_t refused_ms;           /* 0: 1 s */
    struct break_glass_box *break_glass; /* outlives the handle; NULL: none */
};

/* As a policy calls it: "read", "list", "update", "delete". */
const char *access_operation_name(enum access_operation operation);

struct access_question {
    const char *token; /* "" for none */
    const char *path;  /* "assay/restores/<id>/approve" */
    enum access_operation operation;
    unsigned needs;
    unsigned right; /* enum access_right a break-glass token needs; 0: none
                       will do */
};

int access_new(const struct access_options *options, struct access **out,
               struct error *err) MUST_USE;
void access_free(struct access *access);

/* 0: allowed, `out` filled.  -1: refused or not known, `err` says which
 * capability on which path was missing; of a caller who was refused `out` has
 * what is known, and is not `authenticated`.  1: not in the cache, and
 * !may_block.  Blocks on Vault only when may_block. */
int access_check(struct access *access, const struct access_question *q,
                 bool may_block, struct principal *out,
                 struct error *err) MUST_USE;

/* Forget every cached answer: after a restore, tokens and policies differ. */
void access_flush(struct access *access);

#endif
