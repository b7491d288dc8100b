/* SPDX-License-Identifier: Apache-2.0
 *
 * What the storage says about chains, to be compared with what is there. */
#ifndef ASSAY_CLI_AUDIT_HEADS_H
#define ASSAY_CLI_AUDIT_HEADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "jobs/chain_head.h"

struct audit_heads_item {
    struct chain_head head;
    bool seen; /* entries of its chain are there */
};

/* By chain and number.  Zeroed: none. */
struct audit_heads {
    struct audit_heads_item *items;
    size_t count;
    size_t room;
    size_t foreign; /* that this Assay has not signed */
};

/* Those that this Assay has signed, by its own key. */
int audit_heads_load(const struct config *config, struct audit_heads *out,
                     struct error *err) MUST_USE;
void audit_heads_done(struct audit_heads *h);
/* The one for this entry, or NULL. */
const struct chain_head *audit_heads_find(const struct audit_heads *h,
                                          const char *chain, uint64_t seq);
/* The newest of a chain, which counts as seen from now on; or NULL. */
const struct chain_head *audit_heads_newest(struct audit_heads *h,
                                            const char *chain);
/* One of a chain that was not seen, or NULL. */
const struct chain_head *audit_heads_unseen(const struct audit_heads *h);

#endif
