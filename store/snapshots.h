/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots: one row per catalogued archive, with where its copies lie and
 * what its key prefixes hold. */
#ifndef ASSAY_STORE_SNAPSHOTS_H
#define ASSAY_STORE_SNAPSHOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/id.h"
#include "store/store.h"
#include "store/verdict.h"

enum {
    SNAPSHOTS_NAME_MAX = 65, /* cluster, storage; with the final NUL */
    SNAPSHOTS_CLUSTER_ID_MAX = 65,
    SNAPSHOTS_CLUSTER_NAME_MAX = 257,
    SNAPSHOTS_PRODUCT_MAX = 17,
    SNAPSHOTS_VERSION_MAX = 65,
    SNAPSHOTS_SHA256_MAX = 65,
    SNAPSHOTS_LOCATION_MAX = 513,
    SNAPSHOTS_COPIES_MAX = 4,
};

struct snapshot_copy {
    char storage[SNAPSHOTS_NAME_MAX];
    char location[SNAPSHOTS_LOCATION_MAX];
    int64_t verified_ms;
};

/* Plain data. */
struct snapshot_row {
    char id[ID_TEXT_MAX];
    char cluster[SNAPSHOTS_NAME_MAX];
    char cluster_id[SNAPSHOTS_CLUSTER_ID_MAX];
    char cluster_name[SNAPSHOTS_CLUSTER_NAME_MAX];
    char product[SNAPSHOTS_PRODUCT_MAX]; /* vault, openbao */
    char server_version[SNAPSHOTS_VERSION_MAX];
    int64_t created_ms;
    uint64_t size_bytes;
    char sha256[SNAPSHOTS_SHA256_MAX];
    uint64_t raft_index;
    uint64_t raft_term;
    uint64_t entries;
    uint64_t state_bytes;
    enum store_verdict verdict; /* newest conclusive one */
    int64_t validated_ms;
    char validation_id[ID_TEXT_MAX]; /* the run behind the verdict */
    bool pinned;
    char run_id[ID_TEXT_MAX]; /* the backup that made it, "" if imported */
    struct snapshot_copy copies[SNAPSHOTS_COPIES_MAX];
    size_t copies_count;
};

struct snapshot_prefix_row {
    const char *prefix; /* the list's, or the caller's when adding */
    uint64_t entries;
    uint64_t bytes;
};

struct snapshot_prefix_list {
    struct snapshot_prefix_row *items;
    size_t count;
    void *memory; /* what the texts live in */
};

/* Row, copies and prefixes in one transaction.  0 and nothing changed, apart
 * from copies not known yet, if the same id with the same sha256 is there
 * (rebuild); ERR_CONFLICT if it is there with another sha256.  An id made at
 * the same time as `created_ms` (id_new) keeps paging exact across deletes. */
int snapshots_add(struct store *s, const struct snapshot_row *row,
                  const struct snapshot_prefix_row *prefixes, size_t count,
                  struct error *err) MUST_USE;

/* `ref` is an id, `latest` or `latest-valid`; `cluster` narrows it down
 * unless NULL.  Snapshots that are being deleted are not found. */
int snapshots_get(struct store *s, const char *ref, const char *cluster,
                  struct snapshot_row *out, struct error *err) MUST_USE;

struct snapshots_filter {
    int verdict;         /* enum store_verdict, or -1 for all */
    const char *cluster; /* NULL for all */
    int64_t since_ms;    /* created then or later; 0 for all */
    const char *after;   /* id of the last row of the page before, or NULL */
    size_t limit;        /* 0: LIMIT_PAGE_DEFAULT; at most LIMIT_PAGE */
};

struct snapshot_list {
    struct snapshot_row *items;
    size_t count;
    bool more; /* there are older ones */
};

/* Newest first: created_ms descending, then id descending.  The price of a
 * page does not depend on its depth.  `after` may have been deleted
 * meanwhile; the time in its id then stands in for created_ms.  ERR_INVALID
 * if it is no id.  The caller releases *out. */
int snapshots_list(struct store *s, const struct snapshots_filter *filter,
                   struct snapshot_list *out, struct error *err) MUST_USE;
void snapshot_list_done(struct snapshot_list *list);

/* How many the filter would list in all (`after` and `limit` ignored). */
int snapshots_count(struct store *s, const struct snapshots_filter *filter,
                    uint64_t *out, struct error *err) MUST_USE;

/* Sorted by prefix.  The caller releases *out. */
int snapshots_prefixes(struct store *s, const char *id,
                       struct snapshot_prefix_list *out,
                       struct error *err) MUST_USE;
void snapshot_prefix_list_done(struct snapshot_prefix_list *list);

/* What a validation says about a snapshot. */
struct snapshot_judgement {
    const char *id;             /* the snapshot */
    enum store_verdict verdict; /* not STORE_UNVALIDATED */
    int64_t at_ms;
    const char *validation_id;
};

/* The snapshot keeps its newest conclusive verdict: `inconclusive` is kept only
 * where there is no `valid` or `invalid`, and an older conclusion (by at_ms)
 * never replaces a newer one.  0 in these cases too. */
int snapshots_set_verdict(struct store *s, const struct snapshot_judgement *j,
                          struct error *err) MUST_USE;

int snapshots_set_pinned(struct store *s, const char *id, bool pinned,
                         struct error *err) MUST_USE;
/* A copy was seen whole at `at_ms`. */
int snapshots_set_verified(struct store *s, const char *id, const char *storage,
                           int64_t at_ms, struct error *err) MUST_USE;

/* Deleting takes two steps, so that a crash in between leaves a row that
 * says which files to remove.  First: mark.  From then on the snapshot is
 * not found; *out says where the copies lie.  ERR_PRECONDITION if it is
 * pinned, ERR_CONFLICT if a run that is not over uses it. */
int snapshots_mark_deleting(struct store *s, const char *id,
                            struct snapshot_row *out,
                            struct error *err) MUST_USE;
/* Last, when the files are gone: forget the row.  Only a marked one. */
int snapshots_forget(struct store *s, const char *id,
                     struct error *err) MUST_USE;
/* Marked and not forgotten: for start-up to finish. LIMIT_PAGE at most. */
int snapshots_deleting(struct store *s, struct snapshot_list *out,
                       struct error *err) MUST_USE;

#endif
