/* SPDX-License-Identifier: Apache-2.0
 *
 * A real catalog, real storage and an engine whose workers do not run, in a
 * directory of their own: everything that handlers touch. */
#ifndef ASSAY_TESTS_HANDLERS_WORLD_H
#define ASSAY_TESTS_HANDLERS_WORLD_H

#include <stdint.h>

#include "base/json.h"
#include "handlers/handlers.h"
#include "server/testing.h"
#include "store/runs.h"
#include "store/snapshots.h"
#include "store/store.h"

struct world;

struct world *world_new(void);
void world_free(struct world *w);
struct handlers_app *world_app(struct world *w);

/* validation.rto_target and rpo_target, from now on. */
void world_targets(struct world *w, int64_t rto_ms, int64_t rpo_ms);

/* Of the key that signs. */
void world_public_key(struct world *w, uint8_t out[32]);

/* An answer, parsed. */
struct answer {
    struct testing_answer raw;
    struct json *document;
    const struct json *data; /* of the envelope, or NULL */
    const char *error;       /* the first of `errors`, or "" */
};

/* `uri` is below "/v1/assay/", or begins with '/'.  The caller is alice. */
struct answer world_call(struct world *w, const char *method, const char *uri,
                         const char *body);
struct answer world_call_as(struct world *w, const struct testing_call *call);
void answer_done(struct answer *a);
/* "" when the answer has no such header. */
const char *answer_header(const struct answer *a, const char *name);

const struct principal *world_alice(void);
const struct principal *world_bob(void);
/* alice with a token that Vault does not know any more. */
const struct principal *world_alice_refused(void);

/* A worker's part: the oldest run of that kind, `id`, has its plan and waits
 * for approval. */
void world_plan(struct world *w, enum run_kind kind, const char *id);

/* Catalogue a snapshot made `age_ms` ago; its id. */
const char *world_snapshot(struct world *w, int64_t age_ms,
                           enum store_verdict verdict);

#endif
