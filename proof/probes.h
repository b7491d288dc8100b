/* SPDX-License-Identifier: Apache-2.0
 *
 * What an inventory asks of each kind of engine and auth method: a table, and
 * nothing else knows it.  The policy lines that the walk needs come from the
 * same rows, so that they cannot say something else.
 *
 * A new engine is some rows; an engine without a row is reported as not
 * covered. */
#ifndef ASSAY_PROOF_PROBES_H
#define ASSAY_PROOF_PROBES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct shape;
struct tape_node;

enum {
    PROBE_TREE = 1 << 0,    /* names that end in '/' are folders */
    PROBE_PAGED = 1 << 1,   /* OpenBao takes after and limit here */
    PROBE_SCAN = 1 << 2,    /* OpenBao may list all of it at once */
    PROBE_MAP = 1 << 3,     /* one read; each of its members is an object */
    PROBE_INFO = 1 << 4,    /* the list, with its key_info, is all: no reads */
    PROBE_VALUES = 1 << 5,  /* only where values are to be compared */
    PROBE_BARE = 1 << 6,    /* the record's path is the name */
    PROBE_SHORT = 1 << 7,   /* … mount and name; else the path that is read */
    PROBE_SUDO = 1 << 8,    /* the server wants sudo for it */
    PROBE_OPENBAO = 1 << 9, /* only asked there */
    PROBE_ROOT = 1 << 10    /* only asked in the root namespace */
};

/* Paths are below the mount.  Lists of names have spaces between them. */
struct probe {
    const char *engine; /* "kv2", "pki", "auth/approle", "system", … */
    const char *kind;   /* of its records */
    const char *list;   /* what is listed; NULL: one object, at `read` */
    const char *read;   /* what stands before a name; NULL: only listed */
    const char *suffix; /* and behind it; or NULL */
    unsigned flags;
    const char *created, *changed, *version; /* its members that say so */
    const char *ignore; /* members that change by themselves, or that are
                           objects of their own */
    const char *hash;   /* members that are hashed whatever they hold */
    /* Makes the record's fields in place of the general rule. */
    void (*shape)(struct shape *s, const struct tape_node *data);
    /* OpenBao: lists with the whole objects in key_info. */
    const char *detailed;
};

extern const struct probe probes[];
extern const size_t probes_count;

/* Whether the table has rows for it, or it is known to need none. */
bool probes_know(const char *engine);
/* Whether `name` is a word of `list` (which may be NULL). */
bool probes_word(const char *list, const char *name);

enum probes_policy {
    PROBES_POLICY_ROOT,       /* everything in the root namespace */
    PROBES_POLICY_NAMESPACES, /* the same in namespaces, two levels */
    PROBES_POLICY_VALUES,     /* values of KV, for their comparison */
    PROBES_POLICY_SCAN,       /* OpenBao only: KV version 1 all at once */
};
/* The policy's blocks, appended.  `kv1` names the stores of KV version 1,
 * with commas, or is NULL: their paths are like nothing else. */
void probes_policy_write(enum probes_policy which, const char *kv1,
                         struct buf *out);
/* The line that a refusal asks for: path "…" { capabilities = ["…"] }. */
void probes_policy_line(const char *path, const char *capabilities,
                        struct buf *out);

#endif
