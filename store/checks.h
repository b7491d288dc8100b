/* SPDX-License-Identifier: Apache-2.0
 *
 * The questions a validation asked, with what each covered and found. */
#ifndef ASSAY_STORE_CHECKS_H
#define ASSAY_STORE_CHECKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* Texts belong to whoever made the row: the caller of checks_save, or the
 * list that checks_load filled.  "" and NULL are the same when saving; NULL
 * never comes back. */
struct check_finding_row {
    const char *kind;
    const char *path;
    const char *expected;
    const char *found;
};

struct check_row {
    const char *name;
    const char *outcome; /* pass, fail, drift, not_run */
    uint64_t covered;
    uint64_t total;
    const char *message;
    const struct check_finding_row *findings;
    size_t findings_count;
    uint64_t findings_total; /* >= findings_count; the rest was only counted */
};

struct check_list {
    struct check_row *items;
    size_t count;
    void *memory; /* what the texts live in */
};

enum { CHECKS_PER_RUN_MAX = 32 };

/* Replace the checks of a validation run, in this order, in one transaction.
 * Of each, the first LIMIT_FINDINGS findings are kept.  ERR_INVALID for an
 * outcome that is none or more than CHECKS_PER_RUN_MAX. */
int checks_save(struct store *s, const char *run_id,
                const struct check_row *rows, size_t count,
                struct error *err) MUST_USE;

/* In the order they were saved; none for a run that has none.  The caller
 * releases *out. */
int checks_load(struct store *s, const char *run_id, struct check_list *out,
                struct error *err) MUST_USE;
void check_list_done(struct check_list *list);

#endif
