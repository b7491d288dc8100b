/* SPDX-License-Identifier: Apache-2.0
 *
 * Which archive is meant: a file, or a snapshot in a folder laid out as
 * Assay's storage, without any catalog.  Nothing is written there. */
#ifndef ASSAY_CLI_RESTORE_SOURCE_H
#define ASSAY_CLI_RESTORE_SOURCE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "storage/storage.h"
#include "store/snapshots.h"

enum { RESTORE_PATH_MAX = 4096 };

struct restore_source {
    struct storage *storage; /* NULL: a file of its own */
    char path[RESTORE_PATH_MAX];
    char cluster[SNAPSHOTS_NAME_MAX]; /* as the storage calls it */
    char id[ID_TEXT_MAX];             /* a new one for a file */
    int64_t created_ms;               /* by the id, or the file's own time */
    size_t count;                     /* snapshots there are of that cluster */
    char older[ID_TEXT_MAX];          /* the one before, "" for none */
};

/* Texts may be NULL. */
struct restore_wanted {
    const char *from;     /* a path or a file:// URL */
    const char *cluster;  /* required where the folder has several */
    const char *snapshot; /* an id; NULL or "latest" */
};

/* ERR_INVALID: `from` is of a kind that is not known, or says too little;
 * ERR_NOT_FOUND.  The caller releases *out. */
int restore_source_find(const struct restore_wanted *wanted,
                        struct restore_source *out, struct error *err) MUST_USE;
/* One line for each snapshot of a folder, oldest first: id, time, size,
 * cluster.  Errors as above. */
int restore_source_list(const struct restore_wanted *wanted, struct buf *out,
                        struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void restore_source_done(struct restore_source *s);

#endif
