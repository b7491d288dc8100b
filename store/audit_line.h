/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry of the audit record as a line of JSON, and the chain that the
 * lines make.  Pure.
 *
 *   {"version":1,"chain":"<id>","seq":7,"at":"…","type":"request", … ,
 *    "prev":"<hash of entry 6>","hash":"<sha256>"}
 *
 * without line breaks.  `hash` is the SHA-256, in hex, of the line without
 * its own member: of everything before `,"hash":"…"`, and a closing brace.
 * The first entry's `prev` is 64 zeros.  A chain has an id, so that another
 * one that begins at 1 is not taken for it. */
#ifndef ASSAY_STORE_AUDIT_LINE_H
#define ASSAY_STORE_AUDIT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/id.h"
#include "store/audit.h"

/* Where a line is in its chain. */
struct audit_link {
    char chain[ID_TEXT_MAX];
    uint64_t seq;
    int64_t at_ms;
    char prev[DIGEST_SHA256_HEX];
    char hash[DIGEST_SHA256_HEX];
};

extern const char audit_line_first_prev[DIGEST_SHA256_HEX];
const char *audit_line_type(enum audit_type type); /* "request", … */

/* The line of `entry`, without a line break, appended to `out`.  `link` says
 * where it goes; its hash is filled in. */
int audit_line_write(const struct audit_entry *entry, struct audit_link *link,
                     struct buf *out, struct error *err) MUST_USE;

/* Read a line and recompute its hash.  ERR_CORRUPT says what is wrong with
 * it. */
int audit_line_read(const char *line, size_t len, struct audit_link *out,
                    struct error *err) MUST_USE;

/* Lines in their order, from anywhere in a chain.  Zero it first. */
struct audit_walk {
    bool begun;
    struct audit_link first;
    struct audit_link last;
    uint64_t count; /* that were good */
};

/* ERR_CORRUPT, naming the entry, for one that is damaged or does not follow
 * the one before.  The first may be of any number; one with number 1 follows
 * upon nothing but 64 zeros. */
int audit_walk_next(struct audit_walk *walk, const char *line, size_t len,
                    struct error *err) MUST_USE;

#endif
