/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a validation: the verdict, signed beside the archive first and
 * then in the catalog. */
#ifndef ASSAY_JOBS_CONCLUDE_H
#define ASSAY_JOBS_CONCLUDE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "jobs/job.h"
#include "proof/verdict.h"
#include "store/snapshots.h"

struct conclusion {
    struct job *job;
    const struct snapshot_row *row;
    const struct proof_result *results;
    size_t results_count;
    int64_t restore_ms;            /* -1: not measured */
    const char *transient_version; /* of its server; "" when there was none */
};

/* The run is `succeeded` afterwards. */
int conclude_validation(const struct conclusion *c, struct error *err) MUST_USE;

#endif
