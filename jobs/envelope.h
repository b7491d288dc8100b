/* SPDX-License-Identifier: Apache-2.0
 *
 * DSSE envelopes: a document with signatures over exactly its bytes and its
 * type (github.com/secure-systems-lab/dsse, protocol v1.0.0).  Pure. */
#ifndef ASSAY_JOBS_ENVELOPE_H
#define ASSAY_JOBS_ENVELOPE_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "jobs/manifest.h"

#define ENVELOPE_SNAPSHOT "application/vnd.assay.snapshot+json"
#define ENVELOPE_VALIDATION "application/vnd.assay.validation+json"

/* Append the envelope of `payload` to `out`. */
int envelope_sign(const char *type, const struct buf *payload,
                  struct signer *signer, struct buf *out,
                  struct error *err) MUST_USE;

/* Append the payload of the envelope `text` to `out`.  ERR_CORRUPT: not an
 * envelope, or of another type; ERR_DENIED: no good signature by a key of
 * `trust`. */
int envelope_open(const struct buf *text, const char *type,
                  const struct manifest_trust *trust, struct buf *out,
                  struct error *err) MUST_USE;

#endif
