/* SPDX-License-Identifier: Apache-2.0
 *
 * One answer of a server as a record of an inventory: flat fields, nothing
 * long or private but as a keyed hash, nothing that is empty.
 *
 * The general rule: numbers, truths and short texts as they are; lists of
 * short texts with commas; objects one level deep with dots; anything longer,
 * deeper or with a name that sounds private as a hash.  What is null, "",
 * [] or {} is left out: servers do not agree about those.  Of an object with
 * more members than a record has fields, `rest` is a hash of it all. */
#ifndef ASSAY_PROOF_SHAPE_H
#define ASSAY_PROOF_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/tape.h"
#include "proof/inventory.h"
#include "proof/probes.h"

struct shape {
    const struct inventory_key *key;
    struct tape *tape;  /* what nodes belong to */
    int64_t now_ms;     /* of the walk's start */
    struct buf texts;   /* all of the record's, each with its NUL */
    struct buf scratch; /* secret: may hold a value */
    size_t count;
    bool full; /* there were more than INVENTORY_FIELDS_MAX */
    size_t names[INVENTORY_FIELDS_MAX], values[INVENTORY_FIELDS_MAX];
    struct inventory_field fields[INVENTORY_FIELDS_MAX];
    struct inventory_record record;
};

void shape_init(struct shape *s, const struct inventory_key *key,
                struct tape *tape, int64_t now_ms);
void shape_done(struct shape *s);

/* A new record, without fields. */
void shape_begin(struct shape *s);
/* What the probe's row says about `data` (NULL: nothing is known). */
void shape_data(struct shape *s, const struct probe *probe,
                const struct tape_node *data);
/* One member, by the general rule or, if `hashed`, as its hash; nothing if it
 * is empty. */
void shape_member(struct shape *s, const char *name, const struct tape_node *n,
                  bool hashed);
void shape_text(struct shape *s, const char *name, const char *text);
void shape_number(struct shape *s, const char *name, int64_t number);
/* A keyed hash of a value, whatever the order of its keys. */
void shape_hash(struct shape *s, const char *name, const struct tape_node *n);
/* RFC 3339 text or Unix seconds as milliseconds; 0 for anything else. */
int64_t shape_time(const struct shape *s, const struct tape_node *n);
/* All that was put in, as a record; lives until the next shape_begin. */
const struct inventory_record *shape_record(struct shape *s, const char *kind,
                                            const char *path);
/* -1 when memory ran out on the way. */
int shape_check(const struct shape *s, struct error *err) MUST_USE;

/* Rows of the table with a shape of their own (shape_kinds.c). */
void shape_kv2(struct shape *s, const struct tape_node *data);
void shape_kv_value(struct shape *s, const struct tape_node *data);
void shape_kv2_value(struct shape *s, const struct tape_node *data);
void shape_transit_key(struct shape *s, const struct tape_node *data);
void shape_policy(struct shape *s, const struct tape_node *data);

#endif
