/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "jobs/history.h"
#include "store/store.h"

struct world {
    char dir[64];
    struct store *store;
    struct job_world jobs;
    struct jobs_settings settings;
    struct job job;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct error err = {0};
    char path[128];

    assert_non_null(w);
    (void)snprintf(w->dir, sizeof(w->dir), "/tmp/assay-history-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    (void)snprintf(path, sizeof(path), "%s/assay.db", w->dir);
    assert_int_equal(store_open(path, &w->store, &err), 0);
    w->jobs.store = w->store;
    w->settings.plausible.max_drop_percent = 77;
    w->job.world = &w->jobs;
    w->job.settings = &w->settings;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    struct error err = {0};

    store_close(w->store);
    assert_int_equal(file_remove_tree(w->dir, &err), 0);
    free(w);
    return 0;
}

/* One made at `created_ms`, with a prefix that has as many entries. */
static struct snapshot_row add(struct world *w, const char *cluster,
                               int64_t created_ms, enum store_verdict verdict)
{
    const struct snapshot_prefix_row prefixes[] = {
        {"core/mounts", 1, 10}, {"logical/kv", (uint64_t)created_ms, 1000}};
    struct snapshot_row row = {.created_ms = created_ms,
                               .raft_index = (uint64_t)created_ms};
    struct error err = {0};

    id_new(row.id);
    (void)text_copy(row.cluster, sizeof(row.cluster), cluster);
    (void)text_copy(row.cluster_id, sizeof(row.cluster_id), "c-1");
    (void)text_copy(row.product, sizeof(row.product), "vault");
    digest_sha256_hex(row.id, strlen(row.id), row.sha256);
    assert_int_equal(snapshots_add(w->store, &row, prefixes, 2, &err), 0);
    const struct snapshot_judgement j = {.id = row.id,
                                         .verdict = verdict,
                                         .at_ms = created_ms,
                                         .validation_id = row.id};
    if (verdict != STORE_UNVALIDATED)
        assert_int_equal(snapshots_set_verdict(w->store, &j, &err), 0);
    return row;
}

static struct history *load(struct world *w, const struct snapshot_row *row)
{
    struct history *h = NULL;
    struct error err = {0};

    if (history_load(&w->job, row, &h, &err) != 0)
        fail_msg("%s", err.text);
    return h;
}

static void the_first_has_none_before_it(void **state)
{
    struct world *w = *state;
    struct snapshot_row row = add(w, "main", 1000, STORE_UNVALIDATED);
    struct history *h = NULL;

    (void)add(w, "other", 900, STORE_VALID);  /* another cluster's */
    (void)add(w, "main", 2000, STORE_VALID);  /* a younger one */
    (void)add(w, "main", 800, STORE_INVALID); /* no measure */
    h = load(w, &row);
    assert_null(history_proof(h)->before);
    assert_int_equal(history_proof(h)->now.prefixes_count, 2);
    history_free(h);
    history_free(NULL);
}

static void the_newest_older_one_that_is_not_invalid(void **state)
{
    struct world *w = *state;
    struct snapshot_row good = add(w, "main", 500, STORE_INCONCLUSIVE);
    struct snapshot_row row;
    const struct proof_history *proof = NULL;
    struct history *h = NULL;

    (void)add(w, "main", 400, STORE_VALID);
    /* More than a page of what does not count. */
    for (int64_t i = 0; i < 70; i++)
        (void)add(w, "main", 600 + i, STORE_INVALID);
    row = add(w, "main", 1000, STORE_UNVALIDATED);
    h = load(w, &row);
    proof = history_proof(h);
    assert_non_null(proof->before);
    assert_string_equal(proof->before->id, good.id);
    assert_int_equal(proof->before->prefixes_count, 2);
    assert_string_equal(proof->before->prefixes[1].prefix, "logical/kv");
    assert_int_equal(proof->before->prefixes[1].entries, 500);
    assert_int_equal(proof->before->raft_index, 500);
    assert_string_equal(proof->now.id, row.id);
    assert_int_equal(proof->now.prefixes[1].entries, 1000);
    assert_int_equal(proof->limits.max_drop_percent, 77);
    history_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_has_none_before_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            the_newest_older_one_that_is_not_invalid, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
