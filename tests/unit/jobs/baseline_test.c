/* SPDX-License-Identifier: Apache-2.0
 *
 * Backups with a baseline: stored, signed for and removed with the snapshot;
 * and one that cannot be had does not fail the backup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "jobs/baseline.h"
#include "jobs/catalogue.h"
#include "jobs/oracle.h"
#include "proof/inventory.h"
#include "tests/unit/jobs/fixture.h"

static struct fixture f;

static int up_idle(void **state)
{
    struct error err = {0};

    (void)state;
    fixture_up(&f);
    f.options.oracle = (struct jobs_oracle){.name = "auto", .baseline = true};
    assert_int_equal(jobs_reload(f.jobs, &f.options, &err), 0);
    return 0;
}

static int up(void **state)
{
    (void)up_idle(state);
    fixture_start(&f);
    return 0;
}

static int down(void **state)
{
    (void)state;
    fixture_down(&f);
    return 0;
}

/* The newest snapshot's row and manifest. */
static void read_newest(struct snapshot_row *row, struct manifest_snapshot *m)
{
    struct catalogue_source from = {
        .store = f.store, .storage = f.storage, .trust = &f.trust};
    char key[STORAGE_KEY_MAX];
    struct error err = {0};

    assert_int_equal(snapshots_get(f.store, "latest", NULL, row, &err), 0);
    assert_int_equal(catalogue_key(row, "json", key, &err), 0);
    assert_int_equal(catalogue_read_snapshot(&from, key, m, &err), 0);
}

static bool work_is_left(void)
{
    char path[128];
    bool left;

    (void)snprintf(path, sizeof path, "%s/work", f.dir);
    left = file_exists(path) && rmdir(path) != 0;
    return left;
}

static void it_lies_beside_the_archive_and_is_signed_for(void **state)
{
    struct job_world world = {.storage = f.storage};
    struct manifest_snapshot m = {0};
    struct inventory_reader *reader = NULL;
    struct inventory_key inventory_key;
    struct run_phases phases;
    struct snapshot_row row;
    struct error err = {0};
    char key[STORAGE_KEY_MAX], path[128];
    struct run run;

    (void)state;
    fixture_backup(&f, &run);
    assert_int_equal(run.status, RUN_SUCCEEDED);
    assert_int_equal(fixture_objects(&f), 3);
    assert_false(work_is_left());
    read_newest(&row, &m);
    assert_int_equal(strlen(m.baseline.sha256), 64);
    assert_true(m.baseline.size_bytes > 0);
    assert_string_equal(m.baseline.missing, "");
    assert_int_equal(runs_phases(f.store, run.id, &phases, &err), 0);
    assert_string_equal(phases.items[0].name, "baseline");

    (void)snprintf(path, sizeof path, "%s/copy", f.dir);
    assert_int_equal(catalogue_key(&row, "inventory", key, &err), 0);
    assert_int_equal(baseline_fetch(&world, key, &m.baseline, path, &err), 0);
    assert_int_equal(inventory_reader_open(path, &reader, &err), 0);
    inventory_key_derive(f.signer, &inventory_key);
    assert_string_equal(inventory_reader_head(reader)->key_id,
                        inventory_key.id);
    assert_true(inventory_reader_head(reader)->finished_ms <= row.created_ms);
    inventory_reader_close(reader);

    /* Another file than the one that was signed for. */
    (void)unlink(path);
    m.baseline.sha256[0] = m.baseline.sha256[0] == '0' ? '1' : '0';
    assert_int_equal(baseline_fetch(&world, key, &m.baseline, path, &err), -1);
    assert_int_equal(err.kind, ERR_CORRUPT);
    (void)unlink(path);
    m.baseline.size_bytes--;
    assert_int_equal(baseline_fetch(&world, key, &m.baseline, path, &err), -1);
    assert_int_equal(err.kind, ERR_CORRUPT);
    (void)unlink(path);
    assert_int_equal(
        baseline_fetch(&world, "main/none.x", &m.baseline, path, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);

    assert_int_equal(jobs_delete_snapshot(f.jobs, row.id, &err), 0);
    for (int i = 0; i < 100 && fixture_objects(&f) > 0; i++)
        usleep(50000);
    assert_int_equal(fixture_objects(&f), 0);
    manifest_snapshot_done(&m);
    run_done(&run);
}

static void a_backup_without_one_succeeds_and_says_why(void **state)
{
    struct manifest_snapshot m = {0};
    struct snapshot_row row;
    struct run run;

    (void)state;
    fixture_fault(&f, "drop:path=sys/policies/acl");
    fixture_backup(&f, &run);
    assert_int_equal(run.status, RUN_SUCCEEDED);
    assert_int_equal(fixture_objects(&f), 2);
    assert_false(work_is_left());
    read_newest(&row, &m);
    assert_string_equal(m.baseline.sha256, "");
    assert_true(strlen(m.baseline.missing) > 0);
    manifest_snapshot_done(&m);
    run_done(&run);
}

static void nothing_is_left_of_a_backup_that_fails(void **state)
{
    struct run run;

    (void)state;
    fixture_fault(&f, "truncate:after=1000");
    fixture_backup(&f, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_null(run.leftovers);
    assert_int_equal(fixture_objects(&f), 0);
    assert_false(work_is_left());
    run_done(&run);
}

static void a_crash_leaves_nothing_either(void **state)
{
    struct run_new new = {
        .kind = RUN_BACKUP, .cluster = "main", .params = "{}"};
    char work[128], file[160], leftovers[1024];
    struct error err = {0};
    bool existing, claimed = false;
    struct run run, made;

    (void)state;
    (void)snprintf(work, sizeof work, "%s/work/x", f.dir);
    (void)snprintf(file, sizeof file, "%s/baseline.inventory", work);
    assert_int_equal(file_make_dirs(work, 0700, &err), 0);
    assert_int_equal(file_replace(file, "x", 1, 0600, &err), 0);
    assert_int_equal(
        storage_put(f.storage, "main/2026/11/a.snap", "x", 1, &err), 0);
    assert_int_equal(
        storage_put(f.storage, "main/2026/11/a.inventory", "x", 1, &err), 0);
    assert_int_equal(runs_create(f.store, &new, &made, &existing, &err), 0);
    assert_int_equal(
        runs_claim(f.store, 1u << RUN_BACKUP, &run, &claimed, &err), 0);
    assert_true(claimed);
    (void)snprintf(leftovers, sizeof leftovers,
                   "{\"snapshot\":\"0198c0de-0000-7000-8000-000000000001\","
                   "\"archive\":\"main/2026/11/a.snap\","
                   "\"manifest\":\"main/2026/11/a.json\","
                   "\"inventory\":\"main/2026/11/a.inventory\","
                   "\"work_dir\":\"%s\"}",
                   work);
    assert_int_equal(runs_set_leftovers(f.store, run.id, leftovers, &err), 0);
    fixture_start(&f);
    assert_int_equal(fixture_objects(&f), 0);
    assert_false(file_exists(work));
    run_done(&made);
    run_done(&run);
}

/* What the check of a validation gets to know. */
static void the_oracle_gets_what_the_manifest_speaks_of(void **state)
{
    struct job_world world = {.store = f.store,
                              .storage = f.storage,
                              .signer = f.signer,
                              .data_dir = f.dir};
    struct job job = {.world = &world};
    struct jobs_settings *settings = NULL;
    struct oracle_input in = {.baseline = NULL};
    const struct proof_oracle *o;
    struct snapshot_row row;
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    fixture_snapshot(&f, id);
    assert_int_equal(snapshots_get(f.store, id, NULL, &row, &err), 0);
    assert_int_equal(jobs_settings_new(&f.options, &settings, &err), 0);
    job.settings = settings;
    (void)text_copy(job.run.cluster, sizeof job.run.cluster, "main");
    assert_int_equal(oracle_input_init(&in, &job, &row, f.dir, &err), 0);
    o = oracle_input_get(&in);
    assert_non_null(o);
    assert_string_equal(o->wanted, "auto");
    assert_non_null(o->baseline);
    assert_true(file_exists(o->baseline));
    assert_ptr_equal(o->primary, f.vault);
    assert_int_equal(o->taken_ms, row.created_ms);
    oracle_input_done(&in);

    /* What the request says beats the configuration. */
    (void)text_copy(job.run.oracle, sizeof job.run.oracle, "none");
    assert_int_equal(oracle_input_init(&in, &job, &row, f.dir, &err), 0);
    assert_null(oracle_input_get(&in));
    oracle_input_done(&in);

    /* A copy is there already: nothing of it is believed. */
    (void)text_copy(job.run.oracle, sizeof job.run.oracle, "baseline");
    assert_int_equal(oracle_input_init(&in, &job, &row, f.dir, &err), 0);
    assert_null(oracle_input_get(&in)->baseline);
    assert_non_null(oracle_input_get(&in)->baseline_text);
    oracle_input_done(&in);
    jobs_settings_release(settings);
}

#define TEST(name, begin) cmocka_unit_test_setup_teardown(name, begin, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_lies_beside_the_archive_and_is_signed_for, up),
        TEST(a_backup_without_one_succeeds_and_says_why, up),
        TEST(nothing_is_left_of_a_backup_that_fails, up),
        TEST(a_crash_leaves_nothing_either, up_idle),
        TEST(the_oracle_gets_what_the_manifest_speaks_of, up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
