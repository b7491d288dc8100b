/* SPDX-License-Identifier: Apache-2.0
 *
 * What a cluster holds, as a file of lines without a secret in it: names,
 * versions, times, settings, and keyed hashes of whatever is long or
 * private.  First a header, then one record a line, ascending bytewise by
 * (kind, path) and unique, then a line that counts them: a file that was cut
 * short is seen to be.
 *
 *   {"inventory":1,"key":"…","cluster_id":"…","product":"openbao",
 *    "server_version":"…","started_at":"…","finished_at":"…"}
 *   {"kind":"kv2","path":"secret/shop/item","fields":{"max_versions":"0"},
 *    "created_ms":1,"changed_ms":2,"version":3}
 *   {"records":1}
 *
 * Two inventories are compared by reading both side by side; neither is ever
 * in memory.  Hashes compare only under the same key (head.key_id).  Writing
 * is proof/inventory_writer.h. */
#ifndef ASSAY_PROOF_INVENTORY_H
#define ASSAY_PROOF_INVENTORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/signer.h"

enum {
    INVENTORY_FIELDS_MAX = 96, /* of one record; the rest goes into a hash */
    INVENTORY_KEY_SIZE = 32,
    INVENTORY_KEY_ID_MAX = 17,
    INVENTORY_HASH_MAX = 35, /* "h:", 16 bytes in hex, NUL */
};

/* The kind of what was not looked at.  Its path is what was asked for; its
 * fields: `kind` that the records would have had, `reason` (denied, unknown
 * engine, too large, or what the server said), `status`, and for a refusal
 * `policy`, the line that is missing. */
#define INVENTORY_NOT_COVERED "not_covered"

/* What hashes are keyed with.  Plain data, but secret: the caller wipes. */
struct inventory_key {
    uint8_t key[INVENTORY_KEY_SIZE];
    char id[INVENTORY_KEY_ID_MAX]; /* names it, and gives nothing away */
};

/* The key that this signer's owner uses for inventories: the same signing
 * key, the same hashes. */
void inventory_key_derive(const struct signer *signer,
                          struct inventory_key *out);
/* Keyed hash of some bytes, as a field's text. */
void inventory_hash(const struct inventory_key *key, const void *data,
                    size_t len, char out[INVENTORY_HASH_MAX]);

struct inventory_head {
    char key_id[INVENTORY_KEY_ID_MAX];
    char cluster_id[64];
    char product[16]; /* as vault_product_name says it */
    char server_version[64];
    int64_t started_ms, finished_ms; /* of the walk */
};

struct inventory_field {
    const char *name;
    const char *text;
};

/* Fields ascend by name.  Texts are the owner's: of a record that was read,
 * the reader's, until it reads the next. */
struct inventory_record {
    const char *kind;
    const char *path; /* its namespace in front: "team/secret/shop/item" */
    const struct inventory_field *fields;
    size_t field_count;
    int64_t created_ms, changed_ms; /* the object's own; 0: it has none */
    uint64_t version;               /* its own; 0: it has none */
};

/* The order of the file: < 0, 0 (the same object), > 0. */
int inventory_order(const struct inventory_record *a,
                    const struct inventory_record *b);
/* NULL when the record has no such field. */
const char *inventory_field(const struct inventory_record *r, const char *name);

struct inventory_reader;

/* Opens the file and reads its header.  ERR_NOT_FOUND, ERR_IO, or
 * ERR_CORRUPT for what is no inventory. */
int inventory_reader_open(const char *path, struct inventory_reader **out,
                          struct error *err) MUST_USE;
const struct inventory_head *
inventory_reader_head(const struct inventory_reader *r);
/* 1: *record is the next one.  0: that was all, and all are there.  -1:
 * ERR_CORRUPT for a file that is damaged, unsorted or cut short. */
int inventory_reader_next(struct inventory_reader *r,
                          const struct inventory_record **record,
                          struct error *err) MUST_USE;
void inventory_reader_close(struct inventory_reader *r);

#endif
