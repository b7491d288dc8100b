/* SPDX-License-Identifier: Apache-2.0
 *
 * Unseal key shares, in secret memory.
 *
 * A key file holds one share a line, as the server printed it (base64 or
 * hex); empty lines and lines that start with '#' are skipped, and so is
 * what `operator init` prints before a share ("Unseal Key 1: "). */
#ifndef ASSAY_TRANSIENT_KEYS_H
#define ASSAY_TRANSIENT_KEYS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum {
    KEYS_MAX = 255,        /* Shamir's limit over GF(2^8) */
    KEYS_SHARE_BYTES = 64, /* 32 of key, 33 of share; room to spare */
};

struct keys;

/* NULL without memory. */
struct keys *keys_new(void);
/* Add one share.  ERR_INVALID when it is not base64 or hex of 16 bytes or
 * more; a repeated share counts once, also in the other spelling.  Copies. */
int keys_add(struct keys *k, const char *share, struct error *err) MUST_USE;
/* Add every share of `text`, which is as a key file is, and is cut up.  The
 * error names the line of `what`, never the content. */
int keys_add_text(struct keys *k, struct buf *text, const char *what,
                  struct error *err) MUST_USE;
/* Add every share of a file of at most LIMIT_SECRET_FILE bytes.  The error
 * names the file and line, never the content. */
int keys_add_file(struct keys *k, const char *path, struct error *err) MUST_USE;
/* 0 for NULL. */
size_t keys_count(const struct keys *k);
/* i < keys_count; owned by `k`. */
const char *keys_at(const struct keys *k, size_t i);
/* Wiped.  Accepts NULL. */
void keys_free(struct keys *k);

#endif
