/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/jobs/bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/signer.h"
#include "storage/storage.h"
#include "vault/vault.h"

struct jobs_options bare_options(struct bare *b)
{
    for (size_t i = 0; i < BARE_CLUSTERS; i++) {
        (void)snprintf(b->names[i], sizeof(b->names[i]), "c%zu", i);
        b->clusters[i] =
            (struct jobs_cluster){.name = b->names[i], .vault = b->vault};
    }
    return (struct jobs_options){.store = b->store,
                                 .storage = b->storage,
                                 .signer = b->signer,
                                 .data_dir = b->dir,
                                 .clusters = b->clusters,
                                 .clusters_count = BARE_CLUSTERS,
                                 .drain_ms = BARE_DRAIN_MS};
}

void bare_up(struct bare *b)
{
    struct error err = {0};
    char path[128];

    *b = (struct bare){.dir = "/tmp/assay-bare-XXXXXX"};
    assert_non_null(mkdtemp(b->dir));
    (void)snprintf(path, sizeof(path), "%s/assay.db", b->dir);
    assert_int_equal(store_open(path, &b->store, &err), 0);
    assert_int_equal(store_own(b->store, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/key.pem", b->dir);
    assert_int_equal(signer_open(path, &b->signer, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/snapshots", b->dir);
    const struct storage_options storage = {
        .name = "disk", .type = "local", .path = path};
    assert_int_equal(storage_open(&storage, &b->storage, &err), 0);
    const struct vault_options vault = {
        .address = "http://127.0.0.1:1",
        .auth = {.method = VAULT_AUTH_TOKEN, .token = "t"}};
    assert_int_equal(vault_new(&vault, &b->vault, &err), 0);
    const struct jobs_options o = bare_options(b);
    assert_int_equal(jobs_new(&o, &b->jobs, &err), 0);
    if (jobs_start(b->jobs, &err) != 0)
        fail_msg("%s", err.text);
}

void bare_down(struct bare *b)
{
    struct error err = {0};

    jobs_free(b->jobs);
    vault_free(b->vault);
    storage_close(b->storage);
    signer_free(b->signer);
    store_close(b->store);
    assert_int_equal(file_remove_tree(b->dir, &err), 0);
}

void bare_submit(struct bare *b, enum run_kind kind, size_t cluster,
                 char id[ID_TEXT_MAX])
{
    const struct run_new new = {
        .kind = kind, .cluster = b->names[cluster], .params = "{}"};
    struct error err = {0};
    struct run run = {0};
    bool existing = true;

    /* The snapshots are nobody's business here. */
    if (runs_create(b->store, &new, &run, &existing, &err) != 0)
        fail_msg("%s", err.text);
    assert_false(existing);
    memcpy(id, run.id, ID_TEXT_MAX);
    run_done(&run);
    jobs_wake(b->jobs);
}

enum run_status bare_status(struct bare *b, const char *id)
{
    struct error err = {0};
    struct run run = {0};

    assert_int_equal(runs_get(b->store, id, &run, &err), 0);
    const enum run_status status = run.status;
    run_done(&run);
    return status;
}

void bare_await(struct bare *b, const char *id, enum run_status status)
{
    int64_t until = clock_mono_ms() + 30000;

    while (bare_status(b, id) != status) {
        if (clock_mono_ms() > until)
            fail_msg("%s is %s, not %s", id,
                     run_status_name(bare_status(b, id)),
                     run_status_name(status));
        usleep(5000);
    }
}
