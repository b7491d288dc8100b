/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests on their way into the audit record: what server/audited.h asks
 * for, over store/audit.h. */
#ifndef ASSAY_HANDLERS_TRAIL_H
#define ASSAY_HANDLERS_TRAIL_H

#include "base/error.h"
#include "server/audited.h"

struct audit;
struct trail;

/* `audit` outlives it. */
int trail_new(struct audit *audit, struct trail **out,
              struct error *err) MUST_USE;
/* Accepts NULL. */
void trail_free(struct trail *t);
/* For server_options. */
struct server_audit trail_hooks(struct trail *t);

#endif
