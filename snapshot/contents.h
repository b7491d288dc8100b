/* SPDX-License-Identifier: Apache-2.0
 *
 * What an unsealed archive holds, by name: never a value.  Read from the
 * servers' own tables: core/mounts and core/auth (with their local- twins)
 * are one table each in Vault, gzip'd, and one key per row in OpenBao, also
 * below namespaces/<uuid>/; policies are named by their keys.  core/audit
 * and core/local-audit are one table each in both. */
#ifndef ASSAY_SNAPSHOT_CONTENTS_H
#define ASSAY_SNAPSHOT_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "snapshot/barrier.h"
#include "snapshot/identity.h"
#include "snapshot/unseal.h"

struct contents_mount {
    char *path; /* "team/secret/", "auth/approle/" */
    char *type;
    char uuid[BARRIER_UUID + 1];           /* of its keys: logical/<uuid>/… */
    char namespace_uuid[BARRIER_UUID + 1]; /* "" for the root namespace */
    bool auth;
};

struct contents_namespace {
    char *path; /* "team/inner/" */
    char uuid[BARRIER_UUID + 1];
    bool own_seal; /* its keys are not under the root's keyring */
};

struct contents_policy {
    char *name;
    char namespace_uuid[BARRIER_UUID + 1];
};

struct contents_audit {
    char *path;  /* "file/" */
    char *type;  /* file, socket, syslog */
    char *place; /* where it writes: a path, an address; "" if not said */
};

/* Plain data, at most LIMIT_CONTENTS_ROWS of each; sorted once finished. */
struct contents {
    struct contents_mount *mounts;
    size_t mounts_count;
    struct contents_namespace *namespaces;
    size_t namespaces_count;
    struct contents_policy *policies;
    size_t policies_count;
    struct contents_audit *audits; /* as in the tables */
    size_t audits_count;
    struct unseal_term *terms;
    size_t terms_count;
    struct identity identity;
    uint64_t left_out; /* rows over the limit */
    uint64_t unread;   /* tables in a form that is not known */
};

void contents_init(struct contents *c);
/* Accepts a zeroed one. */
void contents_done(struct contents *c);

/* Is the plaintext of this key's value of use here? */
bool contents_wants(const void *key, size_t key_len);
/* It is, and here it is; the caller wipes it. */
int contents_add(struct contents *c, const struct snapshot_entry *plain,
                 struct error *err) MUST_USE;
/* Any key at all: some say something by themselves. */
int contents_add_key(struct contents *c, const void *key, size_t key_len,
                     struct error *err) MUST_USE;
/* There are no more: sort, and put the namespaces' paths before what is in
 * them. */
int contents_finish(struct contents *c, struct error *err) MUST_USE;

/* After finish.  The mount whose keys begin with `prefix` ("logical/<uuid>",
 * "auth/<uuid>"), or NULL. */
const struct contents_mount *contents_find(const struct contents *c,
                                           const char *prefix);
/* "" for the root namespace or one that is not known. */
const char *contents_namespace_path(const struct contents *c, const char *uuid);

/* Write cluster_id, cluster_name, product, server_version (null when not
 * known), mounts, auth_methods, policies, namespaces and key_terms into the
 * open object. */
void contents_write(const struct contents *c, struct jsonw *w);

#endif
