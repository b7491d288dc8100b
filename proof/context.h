/* SPDX-License-Identifier: Apache-2.0
 *
 * What a check is given (proof/check.h). */
#ifndef ASSAY_PROOF_CONTEXT_H
#define ASSAY_PROOF_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "transient/transient.h"

struct vault;
struct proof_canary;
struct proof_history;
struct proof_oracle;
struct proof_unsealed;

/* What the checks may look at.  Plain data; owned by the caller, who fills
 * in what there is. */
struct proof_context {
    /* The archive as stored: open it from its first byte, close it. */
    int (*open_archive)(void *ctx, struct source *out, struct error *err);
    void (*close_archive)(void *ctx, struct source *archive);
    void *archive_ctx;
    /* As the catalog has them. */
    const char *sha256;
    uint64_t size_bytes;
    const char *product;        /* "vault" or "openbao" */
    const char *server_version; /* of the snapshot's server */
    /* The archive and its key shares; NULL: none, and why (or NULL). */
    struct proof_unsealed *unsealed;
    const char *unsealed_text;
    /* The snapshot before this one; NULL: nothing is known. */
    const struct proof_history *history;

    /* The restored copy. */
    struct vault *transient; /* logged in; NULL: see outcome and reason */
    enum transient_outcome transient_outcome;
    const char *transient_text;    /* the error's sentence when not OK */
    const char *transient_version; /* of the transient's server */
    const char *transient_note;    /* for people to know; NULL or "": nothing */
    int64_t restore_ms;            /* from up to logged in */
    bool batch_login;              /* the login left no entry */
    bool audit_declared;           /* it has the configured audit devices */

    const struct proof_oracle *oracle; /* NULL: nothing to compare with */
    const struct proof_canary *canary; /* proof/usable.h; NULL: none */

    const char *work_dir; /* private; for temporary files */
    const struct cancel *cancel;
};

#endif
