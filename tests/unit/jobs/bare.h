/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine with a real catalog, an empty storage and clusters where nobody
 * answers, for tests that bring their own kinds of jobs. */
#ifndef ASSAY_TESTS_JOBS_BARE_H
#define ASSAY_TESTS_JOBS_BARE_H

#include "jobs/engine.h"

/* More than there are workers of a kind. */
enum { BARE_CLUSTERS = 12, BARE_WORKERS = 8, BARE_DRAIN_MS = 100 };

struct bare {
    char dir[64];
    struct store *store;
    struct storage *storage;
    struct signer *signer;
    struct vault *vault;
    struct jobs *jobs;
    char names[BARE_CLUSTERS][16];
    struct jobs_cluster clusters[BARE_CLUSTERS];
};

/* Started. */
void bare_up(struct bare *b);
void bare_down(struct bare *b);
struct jobs_options bare_options(struct bare *b);
/* A run of that kind and cluster. */
void bare_submit(struct bare *b, enum run_kind kind, size_t cluster,
                 char id[ID_TEXT_MAX]);
enum run_status bare_status(struct bare *b, const char *id);
/* Wait until it is that. */
void bare_await(struct bare *b, const char *id, enum run_status status);

#endif
