/* SPDX-License-Identifier: Apache-2.0
 *
 * What a validation needs to know of a seal that is not split into shares.
 * Private to jobs/. */
#ifndef ASSAY_JOBS_SEAL_H
#define ASSAY_JOBS_SEAL_H

#include "jobs/settings.h"
#include "proof/unsealed.h"
#include "transient/static_keys.h"

/* Keys of a static seal among the files of transient.seal_files, for `u`,
 * which borrows them.  A file that cannot be read is left to the transient
 * server to miss. */
void seal_read_statics(const struct jobs_settings *s, struct static_keys *keys,
                       struct proof_unsealed *u);

#endif
