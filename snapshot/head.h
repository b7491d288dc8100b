/* SPDX-License-Identifier: Apache-2.0
 *
 * What an archive says at its beginning: entries ascend by key, and the
 * servers' own tables come before the data.  Reading it costs next to
 * nothing; in exchange nothing says that the rest is intact. */
#ifndef ASSAY_SNAPSHOT_HEAD_H
#define ASSAY_SNAPSHOT_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/stream.h"
#include "snapshot/contents.h"
#include "snapshot/unseal.h"

/* What it may be opened with; borrowed.  None at all is possible. */
struct snapshot_head_keys {
    const char *const *shares;
    size_t shares_count;
    struct unseal_keys statics;
};

/* Plain data. */
struct snapshot_head {
    struct unseal_config seal; /* type "" : the archive does not say */
    enum unseal_outcome keys;
    char keys_text[ERROR_TEXT_MAX]; /* unless OPENED: one sentence */
    /* When OPENED: mounts and auth methods of the root namespace, audit
     * devices.  Nothing else. */
    struct contents contents;
};

/* Read `archive`, at its first byte, as far as the last of those entries.  0
 * and *out, which the caller releases, whatever the keys are good for.  -1
 * with ERR_CORRUPT for what is no archive, ERR_CANCELLED (`cancel` may be
 * NULL), or with the source's own error. */
int snapshot_head_read(const struct source *archive,
                       const struct snapshot_head_keys *keys,
                       const struct cancel *cancel, struct snapshot_head *out,
                       struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void snapshot_head_done(struct snapshot_head *h);

#endif
