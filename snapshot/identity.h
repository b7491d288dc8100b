/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose archive it is, by what the cluster itself wrote into it: the id and
 * name it gave itself (core/cluster/local/info, under the barrier), the
 * versions of the servers that have served it (the names of core/versions/…)
 * and how its tables are kept, by which the products differ.  For an archive
 * that has lost its manifest and the Assay that took it. */
#ifndef ASSAY_SNAPSHOT_IDENTITY_H
#define ASSAY_SNAPSHOT_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

#define IDENTITY_KEY "core/cluster/local/info"

enum {
    IDENTITY_ID_MAX = 65,
    IDENTITY_NAME_MAX = 257,
    IDENTITY_VERSION_MAX = 65,
};

/* Texts are "" when not known.  Plain data. */
struct identity {
    char cluster_id[IDENTITY_ID_MAX];
    char cluster_name[IDENTITY_NAME_MAX];
    char version[IDENTITY_VERSION_MAX]; /* the newest */
    bool rows;   /* a mount is an entry of its own: OpenBao */
    bool table;  /* all mounts are one entry: Vault, and OpenBao at first */
    bool marked; /* with what only OpenBao writes */
};

/* Every key, in any order; others are ignored. */
void identity_add_key(struct identity *i, const void *key, size_t key_len);
/* The plaintext of IDENTITY_KEY; false for one of an unknown form. */
bool identity_add_info(struct identity *i, const struct json *info);
/* "vault", "openbao", or "" for "cannot tell". */
const char *identity_product(const struct identity *i);

#endif
