/* SPDX-License-Identifier: Apache-2.0
 *
 * A member of a JSON object as it was sent, byte for byte: a number that a
 * tree of doubles would round, and the order of fields, are part of what
 * somebody stored. */
#ifndef ASSAY_VAULT_KV_VALUE_H
#define ASSAY_VAULT_KV_VALUE_H

#include <stdbool.h>
#include <stddef.h>

struct kv_text {
    const char *at;
    size_t len;
};

/* The value of the member `name` of the object `in`, which json_parse has
 * found to be well-formed; *out points into it.  False: it has none, or is no
 * object. */
bool kv_value_find(struct kv_text in, const char *name, struct kv_text *out);

#endif
