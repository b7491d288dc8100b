/* SPDX-License-Identifier: Apache-2.0
 *
 * One secret of a KV store, read and written as it is: its text goes from one
 * cluster to the other without being looked into.  All of these block on the
 * network, with v's own login; errors as in vault/call.h. */
#ifndef ASSAY_VAULT_KV_H
#define ASSAY_VAULT_KV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/stream.h"
#include "vault/vault.h"

enum {
    VAULT_KV_PATH_MAX = 513, /* with the final NUL */
    VAULT_KV_VALUE_MAX = 4 * 1024 * 1024,
    VAULT_KV_TIME_MAX = 40,
};

/* Where it is.  Plain data. */
struct vault_kv_place {
    unsigned version;              /* of the store: 1 or 2 */
    char mount[VAULT_KV_PATH_MAX]; /* "secret/" */
    char name[VAULT_KV_PATH_MAX];  /* within the mount: "shop/item" */
    char path[VAULT_KV_PATH_MAX];  /* what is read and written, and what
                                      policies name: "secret/data/shop/item" */
};

/* The store that serves `path`.  With `mount` NULL it is the path of the API
 * ("secret/data/shop/item"); else the name within that mount.  ERR_INVALID: it
 * is no KV store, or the path has no "data/" where the store has versions.
 * ERR_DENIED: nothing is mounted there that the login may touch. */
int vault_kv_locate(struct vault *v, const char *mount, const char *path,
                    struct vault_kv_place *out, struct error *err) MUST_USE;

/* One version of a secret. */
struct vault_kv_secret {
    struct buf value; /* JSON text of an object; wiped by _done */
    uint64_t version; /* 0: the store has none */
    char created[VAULT_KV_TIME_MAX]; /* RFC 3339; "" : the store has none */
};

/* `version` 0: the newest.  The caller releases *out.  ERR_NOT_FOUND: there
 * is none, or it is deleted. */
int vault_kv_read(struct vault *v, const struct vault_kv_place *place,
                  uint64_t version, struct vault_kv_secret *out,
                  struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void vault_kv_secret_done(struct vault_kv_secret *s);

/* What is there now. */
struct vault_kv_now {
    bool exists;      /* a store with versions: some version, maybe deleted */
    uint64_t version; /* the newest; 0 for none */
};

/* Of a store with versions, its metadata is read; of one without, the
 * secret. */
int vault_kv_look(struct vault *v, const struct vault_kv_place *place,
                  struct vault_kv_now *out, struct error *err) MUST_USE;

/* Write `value`; once.  A store with versions takes it only if `now` still
 * is what is there (ERR_CONFLICT otherwise); *now is then what it became. */
int vault_kv_write(struct vault *v, const struct vault_kv_place *place,
                   struct vault_kv_now *now, const struct buf *value,
                   struct error *err) MUST_USE;

enum vault_kv_right { VAULT_KV_CREATE = 1, VAULT_KV_UPDATE = 2 };

/* 1: the login has all of those rights on `path`; 0: not; -1. */
int vault_kv_may(struct vault *v, const char *path, unsigned rights,
                 struct error *err) MUST_USE;

#endif
