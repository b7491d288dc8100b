/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom the restored copy is compared with: a table of oracles.  A new one is
 * its own file and a line in the table; what it needs to know comes in
 * through struct proof_oracle. */
#ifndef ASSAY_PROOF_ORACLE_H
#define ASSAY_PROOF_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proof/check.h"
#include "proof/inventory.h"

struct tfsettings;
struct vault;

/* What there is to ask.  Plain data; owned by the caller. */
struct proof_oracle {
    const char *wanted;     /* a name of the table, or "auto" */
    const char *cluster_id; /* the snapshot's */
    int64_t taken_ms;       /* the snapshot was begun */
    const struct inventory_key *key;
    struct vault *primary;     /* NULL: there is none */
    const char *baseline;      /* an inventory whose digest was verified; */
    const char *baseline_text; /* or NULL, and why */
    const struct tfsettings *terraform; /* NULL: it is not configured */
    unsigned per_second; /* requests to the primary; 0: no limit */
    bool compare_values; /* of KV, with the primary */
};

/* Contract as in proof/check.h; c->oracle and c->transient are there. */
struct oracle {
    const char *name;
    const char *about; /* one sentence, for help */
    /* That it cannot tell says nothing of the copy: others may be asked. */
    bool is_helped;
    /* -1: it cannot be asked now, and `why`. */
    int (*ready)(const struct proof_context *c, struct error *why);
    /* Compare, and fill in `r`.  `chosen`: how it was found, for the message:
     * "" or " (…)". */
    int (*ask)(const struct proof_context *c, const char *chosen,
               struct proof_result *r, struct error *err);
};

/* In the order in which `auto` tries them; NULL past the end. */
const struct oracle *oracle_at(size_t i);
/* A name of the table, "auto" or "none". */
bool oracle_is_name(const char *name);

enum { ORACLE_CHOSEN_MAX = 320 };

/* The oracle to ask, and in `chosen` how it was found.  NULL: none can be
 * asked, and `why`.  Asks the primary's state. */
const struct oracle *oracle_choose(const struct proof_context *c,
                                   char chosen[ORACLE_CHOSEN_MAX],
                                   struct error *why);

/* With "auto", whom to ask instead of `told`, who has been asked and could
 * not tell: `said` is his message.  NULL: that is his last word. */
const struct oracle *oracle_after(const struct oracle *told,
                                  const struct proof_context *c,
                                  const char *said,
                                  char chosen[ORACLE_CHOSEN_MAX]);

/* For oracles: the inventory of the restored copy (with the values of KV or
 * without), or of the primary, in c->work_dir; *path is malloc'd.  1: there. 0:
 * it could not be made, and `r` says why.  -1: as for a check. */
int oracle_walk_copy(const struct proof_context *c, bool values, char **path,
                     struct proof_result *r, struct error *err) MUST_USE;
int oracle_walk_primary(const struct proof_context *c, char **path,
                        struct proof_result *r, struct error *err) MUST_USE;

/* After a crash of this process: end what an oracle left running that works
 * in this directory, so that it can be removed. */
int oracle_end_strays(const char *work_dir, struct error *err) MUST_USE;

extern const struct oracle oracle_primary;
extern const struct oracle oracle_terraform;
extern const struct oracle oracle_baseline;

#endif
