/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes on the move between modules that must not know each other: a source
 * gives, a sink takes.  Plain data: a function and its context. */
#ifndef ASSAY_BASE_STREAM_H
#define ASSAY_BASE_STREAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sink {
    /* Take all `len` bytes (0) or refuse (-1, `err` filled): whoever feeds
     * it then stops. */
    int (*write)(void *ctx, const void *data, size_t len, struct error *err);
    void *ctx;
};

struct source {
    /* Up to `size` bytes into `data`; *len 0 means the end. */
    int (*read)(void *ctx, void *data, size_t size, size_t *len,
                struct error *err);
    /* Back to the first byte, so that an upload can be sent again after a
     * redirect; NULL when that is impossible. */
    int (*rewind)(void *ctx, struct error *err);
    void *ctx;
    uint64_t size; /* total bytes; UINT64_MAX when unknown */
};

/* A request to stop, set by one thread and looked at by others.  NULL
 * pointers to one mean "cannot be cancelled". */
struct cancel {
    atomic_bool requested;
};

static inline int cancelled(const struct cancel *c)
{
    return c != NULL && atomic_load(&c->requested);
}

#endif
