/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks themselves, for the table in check.c and for tests.  Contract
 * as in proof/check.h. */
#ifndef ASSAY_PROOF_CHECKS_H
#define ASSAY_PROOF_CHECKS_H

#include "proof/check.h"

/* Re-reads the stored archive: complete, and with the digest and size that
 * the catalog has.  Counts entries. */
int proof_intact(const struct proof_context *c, struct proof_result *r,
                 struct error *err) MUST_USE;

/* Against the snapshot before (c->history): another cluster or a sudden drop
 * of a key prefix is a fail; a lower raft index, an older server are only
 * findings.  Covers the prefixes of the snapshot before. */
int proof_plausible(const struct proof_context *c, struct proof_result *r,
                    struct error *err) MUST_USE;

/* Whether the sums in the archive are those that the cluster sealed: nobody
 * changed it and made its sums again. */
int proof_authentic(const struct proof_context *c, struct proof_result *r,
                    struct error *err) MUST_USE;

/* Whether every entry's tag verifies, in memory.  Counts what is encrypted;
 * a damaged entry is a finding.  What is in a namespace with a seal of its
 * own is not covered, and the check then did not run unless it failed. */
int proof_decryptable(const struct proof_context *c, struct proof_result *r,
                      struct error *err) MUST_USE;

/* What became of the restore into the transient cluster.  Asks nothing by
 * itself. */
int proof_restorable(const struct proof_context *c, struct proof_result *r,
                     struct error *err) MUST_USE;

/* Takes a snapshot back from the transient cluster and compares it with the
 * stored archive entry by entry, both while they stream; what differs is in
 * the table of proof/allowed.h or a finding. */
int proof_lossless(const struct proof_context *c, struct proof_result *r,
                   struct error *err) MUST_USE;

/* Compares what the restored copy holds, object by object, with what the
 * oracle says (proof/oracle.h). */
int proof_consistent(const struct proof_context *c, struct proof_result *r,
                     struct error *err) MUST_USE;
/* Whether the copy takes a login, holds the nonce that this backup wrote, and
 * decrypts an old ciphertext.  After `lossless`, which must find the copy as
 * it was restored. */
int proof_usable(const struct proof_context *c, struct proof_result *r,
                 struct error *err) MUST_USE;

/* Why there is no restored copy to ask, as an outcome and a sentence. */
void proof_say_no_transient(const struct proof_context *c,
                            struct proof_result *r);

#endif
