/* SPDX-License-Identifier: Apache-2.0
 *
 * The entries that do not decrypt, until it is known whose fault that is: a
 * namespace of OpenBao may have a seal, and so a keyring, of its own, and
 * whatever is below it follows that one.  Keys that say so may come later
 * than the entries.  Private to snapshot/; one thread. */
#ifndef ASSAY_SNAPSHOT_PROVE_TALLY_H
#define ASSAY_SNAPSHOT_PROVE_TALLY_H

#include "snapshot/prove.h"

struct prove_tally;

/* NULL without memory. */
struct prove_tally *prove_tally_new(void);
/* Accepts NULL. */
void prove_tally_free(struct prove_tally *t);

/* Every key, in order. */
int prove_tally_key(struct prove_tally *t, const void *key, size_t key_len,
                    struct error *err) MUST_USE;
/* One that does not decrypt. */
int prove_tally_fault(struct prove_tally *t, enum snapshot_fault fault,
                      const struct snapshot_entry *entry,
                      struct error *err) MUST_USE;
/* There are no more: faults, uncovered and own_seal go into `proof`. */
int prove_tally_finish(struct prove_tally *t, struct snapshot_proof *proof,
                       struct error *err) MUST_USE;

#endif
