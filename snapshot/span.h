/* SPDX-License-Identifier: Apache-2.0
 *
 * Borrowed bytes, consumed from the front.  Only for use inside snapshot/. */
#ifndef ASSAY_SNAPSHOT_SPAN_H
#define ASSAY_SNAPSHOT_SPAN_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    const uint8_t *data;
    size_t len;
};

static inline void span_skip(struct span *s, size_t len)
{
    assert(len <= s->len);
    s->data += len;
    s->len -= len;
}

#endif
