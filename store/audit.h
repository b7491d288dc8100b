/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit record: who asked for what, written down before it takes effect.
 * A table of the catalog, and a file with the same lines if one is wanted
 * (store/audit_line.h says what a line is).
 *
 * The table comes first.  The file follows it: what could not be written
 * there is made good with the next entry, and after a crash at the next
 * start, so that both say the same.
 *
 * Disk space is kept in reserve, in a file that is given up when nothing else
 * can be written: what was begun can then still be ended in the record, and
 * new requests, but for urgent ones, are refused until there is space for a
 * reserve again.
 *
 * Any thread; blocks for the disk. */
#ifndef ASSAY_STORE_AUDIT_H
#define ASSAY_STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/id.h"
#include "store/store.h"

enum audit_type {
    AUDIT_REQUEST,  /* is about to be done */
    AUDIT_RESPONSE, /* was done, or not: `status` */
    AUDIT_REFUSED,  /* was not allowed */
    AUDIT_RUN,      /* something that a run does, long after its request */
};

/* What is written down.  Borrowed; what is NULL, "" or 0 is left out. */
struct audit_entry {
    enum audit_type type;
    const char *request_id;
    const char *operation; /* "write" */
    const char *path;      /* "assay/restores" */
    const char *display_name;
    const char *entity_id;
    const char *accessor;
    const char *token_key; /* keyed hash of the token */
    const char *remote;    /* "192.0.2.7" */
    const char *fields;    /* a JSON object, without secrets */
    const char *subject;   /* id of the run or snapshot that it is about */
    const char *event;     /* of a run: "sending", "ended" */
    int status;            /* of the answer */
    const char *error;
    const char *message;
    bool urgent; /* a request that gives disk space back or stops something:
                    allowed without a reserve */
};

struct audit;

struct audit_options {
    struct store *store;
    const char *file;        /* JSON lines; NULL: none */
    const char *reserve_dir; /* on the disk of the catalog; NULL: no reserve */
    uint64_t reserve_bytes;  /* 0: no reserve */
};

/* Brings the file to where the table is.  ERR_IO where the file cannot be
 * used.  The store is owned by this process. */
int audit_open(const struct audit_options *o, struct audit **out,
               struct error *err) MUST_USE;
/* Accepts NULL. */
void audit_close(struct audit *a);
/* The file was moved away: from now on another one of that name. */
int audit_reopen(struct audit *a, struct error *err) MUST_USE;

/* 0: it is in the table, and in the file if there is one; it would survive a
 * power cut in the table.  -1: whatever this is about must not happen; the
 * entry may be in the table all the same, where the file could not be written,
 * and then comes into the file later.  So a request without a response leaves
 * open whether it was done.  ERR_IO, too, for a request when the reserve is
 * used up. */
int audit_write(struct audit *a, const struct audit_entry *entry,
                struct error *err) MUST_USE;

/* Reading needs no struct audit: any process may. */

/* The newest entry.  seq 0: there is none. */
struct audit_head {
    char chain[ID_TEXT_MAX];
    uint64_t seq;
    char hash[DIGEST_SHA256_HEX];
    int64_t at_ms;
};

int audit_head(struct store *s, struct audit_head *out,
               struct error *err) MUST_USE;

/* A row; the texts live as long as the call it is handed to. */
struct audit_row {
    uint64_t seq;
    int64_t at_ms;
    const char *chain;
    const char *hash;
    const char *type;
    const char *path;
    const char *entity_id;
    const char *subject;
    const char *entry; /* the line */
};

/* NULL and 0: any. */
struct audit_filter {
    uint64_t before; /* only entries with smaller numbers */
    const char *type;
    const char *entity_id;
    const char *subject;
    int64_t since_ms;
    size_t limit; /* 0: LIMIT_PAGE_DEFAULT; LIMIT_PAGE at most */
};

struct audit_line_row {
    uint64_t seq;
    const char *entry; /* the line */
};

struct audit_list {
    struct audit_line_row *items; /* newest first */
    size_t count;
    bool more;
    void *memory; /* what the texts live in */
};

int audit_list(struct store *s, const struct audit_filter *filter,
               struct audit_list *out, struct error *err) MUST_USE;
void audit_list_done(struct audit_list *list);
/* One entry's line, malloc'd.  ERR_NOT_FOUND. */
int audit_get(struct store *s, uint64_t seq, char **out,
              struct error *err) MUST_USE;
/* Every row after number `after`, ascending, in one view of the table.  A
 * non-zero answer of `each` ends it with that answer. */
int audit_each(struct store *s, uint64_t after,
               int (*each)(void *ctx, const struct audit_row *row,
                           struct error *err),
               void *ctx, struct error *err) MUST_USE;

#endif
