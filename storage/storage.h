/* SPDX-License-Identifier: Apache-2.0
 *
 * Where archives and their manifests live, behind a table of drivers.
 *
 * An object has a key: `<cluster>/<yyyy>/<mm>/<id>.snap` and so on, parts
 * joined by '/'.  A part is 1-128 bytes of [A-Za-z0-9._-] and does not begin
 * with a dot or a dash, so no key can leave the storage or name a leftover of
 * it.  Objects are immutable: written once, whole or not at all, never
 * replaced.
 *
 * A `struct storage` may be used by any thread; a writer or a reader by one
 * at a time.  Everything here may block on the disk or the network. */
#ifndef ASSAY_STORAGE_STORAGE_H
#define ASSAY_STORAGE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/stream.h"

enum { STORAGE_KEY_MAX = 512 };

struct storage;
struct storage_writer;
struct storage_reader;

/* Copied by storage_open. */
struct storage_options {
    const char *name; /* what the configuration calls it: "disk" */
    const char *type; /* a driver: "local" */
    const char *path; /* local: the directory, made with 0700 if missing */
    bool read_only;   /* it must be there; writing is ERR_DENIED */
};

struct storage_stat {
    uint64_t size;
    int64_t modified_at; /* Unix milliseconds */
};

/* ERR_INVALID for an unknown type; ERR_IO where it cannot be used. */
int storage_open(const struct storage_options *o, struct storage **out,
                 struct error *err) MUST_USE;
void storage_close(struct storage *s);
/* As configured; lives as long as `s`. */
const char *storage_name(const struct storage *s);
/* A comma separated list of the types this build knows. */
const char *storage_types(void);

bool storage_key_valid(const char *key);
/* What the keys of a snapshot's files are made of. */
struct storage_snapshot {
    const char *cluster;
    int64_t created_at; /* Unix milliseconds */
    const char *id;
};
/* The key of one of its files: suffix "snap", "json" or "<run>.json".
 * ERR_INVALID if the cluster's name cannot be part of one. */
int storage_key(const struct storage_snapshot *of, const char *suffix,
                char out[STORAGE_KEY_MAX], struct error *err) MUST_USE;
/* Where an object is, for people: a path or a URL.  Cut to `size`. */
void storage_location(const struct storage *s, const char *key, char *out,
                      size_t size);

/* Begin a new object.  Nobody sees it before the commit.  ERR_CONFLICT if
 * the key exists. */
int storage_writer_open(struct storage *s, const char *key,
                        struct storage_writer **out,
                        struct error *err) MUST_USE;
/* After a failure only abort makes sense.  A full disk is ERR_IO and its
 * text says so. */
int storage_writer_write(struct storage_writer *w, const void *data, size_t len,
                         struct error *err) MUST_USE;
/* Make the object durable and visible, and free the writer - on failure
 * too, and then nothing is left of it. */
int storage_writer_commit(struct storage_writer *w, struct error *err) MUST_USE;
/* Leave nothing.  Accepts NULL. */
void storage_writer_abort(struct storage_writer *w);

/* ERR_NOT_FOUND if there is none.  The source can be rewound, gives the
 * size, and lives as long as the reader. */
int storage_reader_open(struct storage *s, const char *key,
                        struct storage_reader **out,
                        struct error *err) MUST_USE;
struct source storage_reader_source(struct storage_reader *r);
/* Accepts NULL. */
void storage_reader_close(struct storage_reader *r);

/* A small object in one go: durable on 0; ERR_CONFLICT, and nothing
 * changed, if the key exists. */
int storage_put(struct storage *s, const char *key, const void *data,
                size_t len, struct error *err) MUST_USE;
/* A small object whole into `out` (its ceiling applies). */
int storage_get(struct storage *s, const char *key, struct buf *out,
                struct error *err) MUST_USE;
int storage_stat(struct storage *s, const char *key, struct storage_stat *out,
                 struct error *err) MUST_USE;
/* 0 also if there was none. */
int storage_delete(struct storage *s, const char *key,
                   struct error *err) MUST_USE;
/* Bytes that can still be written; UINT64_MAX where nobody knows. */
int storage_free_space(struct storage *s, uint64_t *bytes,
                       struct error *err) MUST_USE;

/* Every object whose key starts with `prefix` ("" for all), by ascending
 * key.  A non-zero answer of `each` ends the listing with that answer. */
int storage_list(struct storage *s, const char *prefix,
                 int (*each)(void *ctx, const char *key,
                             const struct storage_stat *stat,
                             struct error *err),
                 void *ctx, struct error *err) MUST_USE;

/* Remove what interrupted writers left.  Only at start, before the first
 * writer: a live one's work would go too.  *removed counts. */
int storage_sweep(struct storage *s, unsigned *removed,
                  struct error *err) MUST_USE;

#endif
