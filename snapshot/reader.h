/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads an archive as its bytes arrive and answers whether it is intact.
 *
 * The archive is gzip of a tar of four members, in any order, each once:
 * meta.json (raft's snapshot metadata), state.bin (the entries), SHA256SUMS
 * (sums of those two) and SHA256SUMS.sealed (the same, sealed by the server).
 * state.bin is a row of entries: a uvarint length, then a protobuf message
 * {1: key, 2: value}, strictly ascending by key.
 *
 * Intact means: the gzip stream ends cleanly (CRC, length, nothing behind
 * it), the tar holds exactly those members and ends cleanly, both sums
 * match, the sealed sums are there and not empty, state.bin is as long as
 * meta.json says and made of well-formed entries.  Anything else is
 * ERR_CORRUPT and one sentence that says what is wrong and where.
 *
 * Memory is constant: a few buffers of 64 KiB and at most one key; with an
 * entry callback at most one value (LIMIT_SNAPSHOT_ENTRY) more.  No files,
 * no network, no blocking except on the helper thread.  One thread at a time
 * per reader; different readers are independent. */
#ifndef ASSAY_SNAPSHOT_READER_H
#define ASSAY_SNAPSHOT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "snapshot/facts.h"

/* Valid only during the callback. */
struct snapshot_entry {
    const uint8_t *key;
    size_t key_len;
    const uint8_t *value; /* not NULL, also when value_len is 0 */
    size_t value_len;
};

struct snapshot_reader_options {
    /* Called for every entry, in order, in the thread that pushes; NULL for
     * none.  -1 with `err` filled stops the reader with that error.  The
     * entry is not yet proven: only finish says whether the sums match. */
    int (*entry)(void *ctx, const struct snapshot_entry *entry,
                 struct error *err);
    void *ctx;
    bool digest_archive; /* fill sha256 */
    bool prefixes;       /* fill prefixes */
    /* Compute the digests in a thread of the reader's own, which ends with
     * it: faster where a second core is idle.  Where no thread can be had,
     * the reader does without. */
    bool helper_thread;
};

struct snapshot_reader;

/* NULL options are all zero.  The options are copied.  NULL without memory. */
struct snapshot_reader *
snapshot_reader_new(const struct snapshot_reader_options *options);

/* Take the next `len` bytes of the archive, any number, also 0.  -1 as soon
 * as they cannot be part of an intact archive; the reader then repeats that
 * error for ever.  The bytes are not kept. */
int snapshot_reader_push(struct snapshot_reader *r, const void *data,
                         size_t len, struct error *err) MUST_USE;

/* There are no more bytes.  0 and `facts` filled (whatever it held is
 * overwritten; the caller releases it) if the archive is intact. */
int snapshot_reader_finish(struct snapshot_reader *r,
                           struct snapshot_facts *facts,
                           struct error *err) MUST_USE;

/* Accepts NULL; at any moment. */
void snapshot_reader_free(struct snapshot_reader *r);

/* The reader as a place to write to: push behind base/stream.h. */
struct sink snapshot_reader_sink(struct snapshot_reader *r);

/* Read `source` to its end through a reader of its own.  `options` and
 * `cancel` may be NULL.  -1 with ERR_CORRUPT for a bad archive, with
 * ERR_CANCELLED, or with the source's own error. */
int snapshot_read_source(const struct source *source,
                         const struct snapshot_reader_options *options,
                         const struct cancel *cancel,
                         struct snapshot_facts *facts,
                         struct error *err) MUST_USE;

#endif
