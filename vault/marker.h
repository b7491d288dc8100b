/* SPDX-License-Identifier: Apache-2.0
 *
 * The proof that a restore was applied.
 *
 * The server answers 204 before it has done anything, and cluster id, mounts
 * and health look the same before and after.  What does tell: something
 * stored just before the POST must be gone after it.  The marker is a
 * response-wrapping token (sys/wrapping/wrap, one entry in the token store
 * with an hour to live, holding nothing): whatever kind of token we have -
 * service, batch or root - can make one, the `default` policy allows it, and
 * asking after it (sys/wrapping/lookup) needs no token at all and does not
 * use it up.  Our own login would not do: a batch token is not stored
 * anywhere and lives on after a restore.
 *
 * Where the policy forbids wrapping, a login made just now serves as the
 * marker if it is a service token (dead: lookup-self says 403). */
#ifndef ASSAY_VAULT_MARKER_H
#define ASSAY_VAULT_MARKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "vault/status.h"
#include "vault/vault.h"

struct vault_marker;

enum vault_marker_state {
    VAULT_MARKER_THERE, /* the data is the one from before */
    VAULT_MARKER_GONE,  /* it is not: the restore was applied */
};

/* Right before the POST; and make sure that it can be seen, so that "gone"
 * means something.  -1: ERR_DENIED says which policy line is missing. */
int vault_marker_make(struct vault *v, struct vault_marker **out,
                      struct error *err) MUST_USE;
/* What the server says now.  -1: it gave no usable answer (yet), or the
 * marker is so old that it may have expired by itself. */
int vault_marker_look(struct vault *v, const struct vault_marker *m,
                      enum vault_marker_state *state,
                      struct error *err) MUST_USE;
/* Ask node v until the marker is gone.  0: applied.  -1: ERR_UPSTREAM "still
 * there" when the time is over and it answers, ERR_PRECONDITION as soon
 * as it is found sealed (keys are needed before anything can be asked),
 * ERR_UNAVAILABLE, ERR_CANCELLED.  `status` is its last word, always. */
int vault_marker_wait(struct vault *v, const struct vault_marker *m,
                      const struct vault_wait *wait,
                      struct vault_status *status, struct error *err) MUST_USE;
/* Accepts NULL. */
void vault_marker_free(struct vault_marker *m);

#endif
