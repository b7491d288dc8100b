/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that decrypt entries and throw the plaintext away.  Private to
 * snapshot/; one thread at a time calls these. */
#ifndef ASSAY_SNAPSHOT_PROVE_POOL_H
#define ASSAY_SNAPSHOT_PROVE_POOL_H

#include "snapshot/prove.h"
#include "snapshot/unseal.h"

/* Called for every entry that does not decrypt, in the thread that calls the
 * pool, some time after it was given; the value is still there. */
typedef int prove_pool_fault(void *ctx, enum snapshot_fault fault,
                             const struct snapshot_entry *entry,
                             struct error *err);

struct prove_pool;

/* `u` is opened and outlives the pool.  `threads` beside the caller, who
 * helps when all are busy; none at all is possible.  NULL without memory. */
struct prove_pool *prove_pool_new(const struct unseal *u, unsigned threads,
                                  prove_pool_fault *fault, void *ctx);
/* Ends the threads.  Accepts NULL. */
void prove_pool_free(struct prove_pool *p);

/* Copies the entry. */
int prove_pool_give(struct prove_pool *p, const struct snapshot_entry *entry,
                    struct error *err) MUST_USE;
/* Waits until all are decrypted; *verified of them well. */
int prove_pool_finish(struct prove_pool *p, uint64_t *verified,
                      struct error *err) MUST_USE;

#endif
