/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of the audit record's chain, signed, in the storage: whoever can
 * edit the catalog cannot change what the record said up to there without
 * being found out, unless the storage is his too.
 *
 * One object each time, `audit/<chain>/<number, 20 digits>.json`, a DSSE
 * envelope (jobs/envelope.h) of {"version":1,"chain","seq","hash","at"}. */
#ifndef ASSAY_JOBS_CHAIN_HEAD_H
#define ASSAY_JOBS_CHAIN_HEAD_H

#include "base/digest.h"
#include "base/error.h"
#include "base/id.h"
#include "jobs/manifest.h"

struct signer;
struct storage;
struct store;

/* Plain data. */
struct chain_head {
    char chain[ID_TEXT_MAX];
    uint64_t seq;
    char hash[DIGEST_SHA256_HEX];
    int64_t at_ms; /* of that entry */
};

struct chain_head_place {
    struct store *store;
    struct storage *storage;
    struct signer *signer;
};

/* Put the head there, if it is another one than *last, which is then it (zero
 * it at the start).  ERR_CONFLICT: the storage has another entry of this
 * number, so the record was changed, or the catalog is an older one. */
int chain_head_publish(const struct chain_head_place *place,
                       struct chain_head *last, struct error *err) MUST_USE;

struct chain_head_reader {
    int (*each)(void *ctx, const struct chain_head *head, struct error *err);
    /* Without a good signature, or not where it says it belongs. */
    void (*skipped)(void *ctx, const char *key, const char *why);
    void *ctx;
};

/* Every head in the storage, by chain and number.  A non-zero answer of `each`
 * ends it with that answer. */
int chain_head_each(struct storage *storage, const struct manifest_trust *trust,
                    const struct chain_head_reader *reader,
                    struct error *err) MUST_USE;

#endif
