/* SPDX-License-Identifier: Apache-2.0
 *
 * A catalog of one archive, for restore_work.c. */
#ifndef ASSAY_CLI_RESTORE_CATALOG_H
#define ASSAY_CLI_RESTORE_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/flags.h"
#include "cli/restore_source.h"
#include "snapshot/prove.h"
#include "store/snapshots.h"

struct store;
struct storage;
struct signer;

/* Zeroed: not open. */
struct restore_catalog {
    struct store *store;
    struct storage *storage;
    struct signer *signer;
    char *root;          /* of the storage */
    uint8_t (*keys)[32]; /* those that are trusted */
    size_t keys_count;
};

/* In `dir`, which is there and empty.  ERR_INVALID: a key is none. */
int restore_catalog_open(struct restore_catalog *c, const char *dir,
                         const struct flag_texts *trusted_keys,
                         struct error *err) MUST_USE;
/* Also what _open left half done. */
void restore_catalog_close(struct restore_catalog *c);

/* Link the archive into the storage and catalogue it, with a verdict by the
 * proof and by signed validations beside it.  ERR_PRECONDITION: neither a
 * manifest nor the keys say whose it is. */
int restore_catalog_fill(struct restore_catalog *c,
                         const struct restore_source *source,
                         const struct snapshot_proof *proof,
                         struct snapshot_row *row, struct error *err) MUST_USE;

/* The file of a snapshot's archive. */
int restore_catalog_path(struct restore_catalog *c, const char *snapshot_id,
                         char out[RESTORE_PATH_MAX],
                         struct error *err) MUST_USE;

#endif
