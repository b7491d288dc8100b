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
#define ENVELOPE_AUDIT_HEAD "application/vnd.assay.audit-head+json"
/* in-toto Statement v1 (github.com/in-toto/attestation, spec/v1). */
#define ENVELOPE_STATEMENT "application/vnd.in-toto+json"

enum { ENVELOPE_TYPE_MAX = 128 };

/* What an envelope turned out to be.  Plain data. */
struct envelope_facts {
    char type[ENVELOPE_TYPE_MAX];
    size_t key; /* which of the trusted keys signed it */
};

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
/* The same for an envelope of any type: *facts says which. */
int envelope_open_any(const struct buf *text,
                      const struct manifest_trust *trust,
                      struct envelope_facts *facts, struct buf *out,
                      struct error *err) MUST_USE;

#endif
