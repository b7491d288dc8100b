/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for a restored cluster, and for the people who unseal it. */
#ifndef ASSAY_JOBS_AFTER_WATCH_H
#define ASSAY_JOBS_AFTER_WATCH_H

#include <stdbool.h>

#include "base/error.h"
#include "jobs/after.h"

/* Look until it is enough.  While a node is sealed the run is
 * `awaiting_unseal` and key holders have await_unseal_ms; otherwise it ends
 * settle_ms after a->sealed_at.  -1: ERR_UNAVAILABLE with a->state set,
 * ERR_CANCELLED, or the catalog. */
int after_watch(struct after *a, bool (*enough)(const struct after *a),
                struct error *err) MUST_USE;
/* Between two looks.  ERR_CANCELLED when Assay stops. */
int after_watch_pause(const struct after *a, struct error *err) MUST_USE;

#endif
