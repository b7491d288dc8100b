/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks that key shares answer without any server, asked in the restored
 * copy instead: for clusters whose key is in a KMS.
 *
 *   decryptable   every stored entry, read through sys/raw, which decrypts it
 *   authentic     the archive, posted to the plain snapshot endpoint, which
 *                 refuses one whose sums it has not sealed.  The last thing
 *                 that is asked: the copy restores it once more. */
#ifndef ASSAY_PROOF_IN_COPY_H
#define ASSAY_PROOF_IN_COPY_H

#include <stdbool.h>
#include <stddef.h>

#include "proof/check.h"

/* Is one of the results without an answer that the copy could give? */
bool proof_in_copy_wanted(const struct proof_context *c,
                          const struct proof_result *results, size_t count);
/* Ask it, once everything else has been asked: those results are replaced.
 * Without a copy they say why.  -1 as for a check. */
int proof_in_copy(const struct proof_context *c, struct proof_result *results,
                  size_t count, struct error *err) MUST_USE;

/* The two questions, as checks. */
int proof_in_copy_decryptable(const struct proof_context *c,
                              struct proof_result *r,
                              struct error *err) MUST_USE;
int proof_in_copy_authentic(const struct proof_context *c,
                            struct proof_result *r, struct error *err) MUST_USE;

#endif
