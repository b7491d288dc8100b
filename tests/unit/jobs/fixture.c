/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/jobs/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/process.h"
#include "base/text.h"
#include "jobs/catalogue.h"

const struct jobs_caller fixture_alice = {.display_name = "alice",
                                          .entity_id = "e-alice",
                                          .requester_key = "k-alice"};
const struct jobs_caller fixture_bob = {
    .display_name = "bob", .entity_id = "e-bob", .requester_key = "k-bob"};

static int ok(int rc, const struct error *err)
{
    if (rc != 0)
        fail_msg("%s", err->text);
    return rc;
}

void fixture_archive_of(const struct fixture *f, const char *path,
                        const char *option)
{
    struct error err = {0};
    struct buf out;
    char *python = file_find_program("python3");
    const char *argv[] = {"python3", MKSNAP_PROGRAM, path, option, NULL};
    (void)f;
    struct process_options o = {.program = python,
                                .argv = argv,
                                .stdin_fd = -1,
                                .stdout_fd = -1,
                                .stderr_fd = -1};
    buf_init(&out, 4096);
    ok(process_run(&o, 60000, &out, &err), &err);
    buf_done(&out);
    free(python);
}

void fixture_archive(const struct fixture *f, const char *path, const char *how)
{
    char option[64];

    snprintf(option, sizeof(option), "--break=%s", how != NULL ? how : "");
    fixture_archive_of(f, path, how != NULL ? option : NULL);
}

static void make_jobs(struct fixture *f)
{
    struct error err = {0};
    f->cluster = (struct jobs_cluster){.name = "main", .vault = f->vault};
    f->options = (struct jobs_options){
        .store = f->store,
        .storage = f->storage,
        .signer = f->signer,
        .data_dir = f->dir,
        .clusters = &f->cluster,
        .clusters_count = 1,
        .settle_ms = 3000,
        .await_unseal_ms = 3000,
        .drain_ms = 200,
    };
    ok(jobs_new(&f->options, &f->jobs, &err), &err);
}

static void open_catalog(struct fixture *f)
{
    struct error err = {0};
    char path[128];
    snprintf(path, sizeof(path), "%s/assay.db", f->dir);
    ok(store_open(path, &f->store, &err), &err);
    ok(store_own(f->store, &err), &err);
}

void fixture_up(struct fixture *f)
{
    struct error err = {0};
    char path[128];
    char body[512];

    *f = (struct fixture){0};
    snprintf(f->dir, sizeof(f->dir), "/tmp/assay-jobs-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->archive, sizeof(f->archive), "%s/good.snap", f->dir);
    fixture_archive(f, f->archive, NULL);
    const char *args[] = {"--archive", f->archive, NULL};
    standin_start(&f->standin, args);
    snprintf(body, sizeof(body),
             "{\"capabilities\":{\"*\":[\"create\",\"read\",\"update\"]}}");
    standin_set(&f->standin, body);

    open_catalog(f);
    snprintf(path, sizeof(path), "%s/snapshots", f->dir);
    struct storage_options so = {.name = "disk", .type = "local", .path = path};
    ok(storage_open(&so, &f->storage, &err), &err);
    char key[128];
    snprintf(key, sizeof(key), "%s/signing-key.pem", f->dir);
    ok(signer_open(key, &f->signer, &err), &err);
    signer_public_key(f->signer, f->key);
    f->trust = (struct manifest_trust){
        .keys = (const uint8_t(*)[DIGEST_PUBLIC_KEY_SIZE]) & f->key,
        .count = 1};
    struct vault_options vo = {.address = f->standin.address,
                               .stall_timeout_ms = 2000,
                               .call_timeout_ms = 3000,
                               .auth = {.method = VAULT_AUTH_APPROLE,
                                        .role_id = "role",
                                        .secret_id = "secret"}};
    ok(vault_new(&vo, &f->vault, &err), &err);
    make_jobs(f);
}

void fixture_start(struct fixture *f)
{
    struct error err = {0};
    ok(jobs_start(f->jobs, &err), &err);
}

void fixture_restart(struct fixture *f)
{
    jobs_free(f->jobs);
    store_close(f->store);
    open_catalog(f);
    make_jobs(f);
}

void fixture_down(struct fixture *f)
{
    struct error err = {0};
    jobs_free(f->jobs);
    vault_free(f->vault);
    signer_free(f->signer);
    storage_close(f->storage);
    store_close(f->store);
    standin_stop(&f->standin);
    ok(file_remove_tree(f->dir, &err), &err);
}

void fixture_fault(const struct fixture *f, const char *fault)
{
    char body[512];
    snprintf(body, sizeof(body), "{\"faults\":[\"%s\"]}", fault);
    standin_set(&f->standin, body);
}

void fixture_serve(const struct fixture *f, const char *archive)
{
    char body[512];
    snprintf(body, sizeof(body), "{\"archive\":\"%s\"}", archive);
    standin_set(&f->standin, body);
}

void fixture_wait(struct fixture *f, const char *run_id, struct run *out)
{
    struct error err = {0};
    uint64_t seen = store_revision(f->store);
    int64_t until = clock_mono_ms() + 60000;
    for (;;) {
        ok(runs_get(f->store, run_id, out, &err), &err);
        if (run_status_final(out->status))
            return;
        run_done(out);
        assert_true(clock_mono_ms() < until);
        seen = store_wait(f->store, seen, 500);
    }
}

void fixture_wait_pending(struct fixture *f, const char *run_id,
                          uint64_t revision)
{
    int64_t until = clock_mono_ms() + 60000;
    uint64_t seen = store_revision(f->store);
    struct error err = {0};
    struct run run;
    for (bool there = false; !there;) {
        ok(runs_get(f->store, run_id, &run, &err), &err);
        there =
            run.status == RUN_PENDING_APPROVAL && run.plan_revision == revision;
        if (run_status_final(run.status))
            fail_msg("%s: %s", run_status_name(run.status), run.error);
        run_done(&run);
        assert_true(clock_mono_ms() < until);
        if (!there)
            seen = store_wait(f->store, seen, 500);
    }
}

size_t fixture_posts(const struct fixture *f)
{
    return standin_count(&f->standin, "POST", "sys/storage/raft/snapshot",
                         false) +
           standin_count(&f->standin, "POST", "sys/storage/raft/snapshot-force",
                         false);
}

void fixture_backup(struct fixture *f, struct run *out)
{
    struct jobs_backup_request r = {0};
    struct jobs_caller who = {.display_name = "tester"};
    struct error err = {0};
    struct jobs_submitted made = {.existing = true};
    ok(jobs_submit_backup(f->jobs, &r, &who, &made, &err), &err);
    assert_false(made.existing);
    fixture_wait(f, made.run.id, out);
    run_done(&made.run);
}

void fixture_snapshot(struct fixture *f, char id[ID_TEXT_MAX])
{
    struct run run;
    fixture_backup(f, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    text_copy(id, ID_TEXT_MAX, run.snapshot_id);
    run_done(&run);
}

void fixture_judge(struct fixture *f, const char *snapshot_id,
                   enum store_verdict verdict, struct signer *signer)
{
    char basis[] = "{\"assay_version\":\"1.2.3\"}";
    struct manifest_validation m = {
        .verdict = verdict, .restore_ms = 1500, .basis = basis};
    struct snapshot_row row;
    struct error err = {0};
    struct buf text;
    char suffix[64];
    char key[STORAGE_KEY_MAX];

    ok(snapshots_get(f->store, snapshot_id, NULL, &row, &err), &err);
    id_new(m.run_id);
    text_copy(m.snapshot_id, sizeof(m.snapshot_id), row.id);
    text_copy(m.sha256, sizeof(m.sha256), row.sha256);
    text_copy(m.cluster, sizeof(m.cluster), row.cluster);
    m.created_ms = m.started_ms = m.finished_ms = clock_now_ms();
    m.phases = (struct run_phases){
        .items = {{.name = "fetch", .started_ms = 1000, .duration_ms = 250}},
        .count = 1};
    buf_init(&text, LIMIT_MANIFEST);
    ok(manifest_write_validation(&m, signer, &text, &err), &err);
    snprintf(suffix, sizeof(suffix), "%s.json", m.run_id);
    ok(catalogue_key(&row, suffix, key, &err), &err);
    ok(storage_put(f->storage, key, text.data, text.len, &err), &err);
    struct snapshot_judgement j = {.id = row.id,
                                   .verdict = verdict,
                                   .at_ms = m.finished_ms,
                                   .validation_id = m.run_id};
    ok(snapshots_set_verdict(f->store, &j, &err), &err);
    buf_done(&text);
}

struct tally {
    unsigned count;
};

static int count_one(void *ctx, const char *key,
                     const struct storage_stat *stat, struct error *err)
{
    struct tally *t = ctx;
    (void)key;
    (void)stat;
    (void)err;
    t->count++;
    return 0;
}

unsigned fixture_objects(struct fixture *f)
{
    struct tally t = {0};
    struct error err = {0};
    ok(storage_list(f->storage, "", count_one, &t, &err), &err);
    return t.count;
}

unsigned fixture_parts(struct fixture *f)
{
    struct error err = {0};
    unsigned parts = 0;
    ok(storage_sweep(f->storage, &parts, &err), &err);
    return parts;
}
