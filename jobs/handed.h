/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials that came with approvals: wrapping tokens, in secret memory
 * alone and not for longer than their run waits.  Private to jobs/.  The list
 * is guarded by the lock of the engine. */
#ifndef ASSAY_JOBS_HANDED_H
#define ASSAY_JOBS_HANDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/id.h"

struct handed;

/* For which plan, and by whom. */
struct handed_key {
    const char *run_id;
    uint64_t revision;
    const char *entity_id;
};

/* Keep a copy; the one from before of the same run and entity is wiped.
 * ERR_INVALID: it cannot be a token.  ERR_TOO_MANY: LIMIT_HANDED_TOKENS are
 * there. */
int handed_put(struct handed **list, const struct handed_key *key,
               const char *token, struct error *err) MUST_USE;
/* A copy, for the caller to release with secret_free; NULL: there is none. */
char *handed_copy(const struct handed *list, const struct handed_key *key);
/* Whether anybody handed one over for that revision. */
bool handed_any(const struct handed *list, const char *run_id,
                uint64_t revision);
/* Wipe one; with entity_id NULL those of the run, with run_id NULL all. */
void handed_drop(struct handed **list, const char *run_id,
                 const char *entity_id);
/* The run of the i-th, false past the end. */
bool handed_run(const struct handed *list, size_t i, char id[ID_TEXT_MAX]);

#endif
