/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct error err = {0};

    assert_non_null(f);
    (void)text_copy(f->dir, sizeof(f->dir), "/tmp/assay-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/assay.db", f->dir);
    assert_ok(store_open(f->path, &f->store, &err), err);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};

    store_close(f->store);
    assert_ok(file_remove_tree(f->dir, &err), err);
    free(f);
    return 0;
}

void fixture_reopen(struct fixture *f)
{
    struct error err = {0};

    store_close(f->store);
    f->store = NULL;
    assert_ok(store_open(f->path, &f->store, &err), err);
}

void fixture_run(struct store *s, enum run_kind kind, char id[ID_TEXT_MAX])
{
    struct run_new new = {
        .kind = kind,
        .cluster = "main",
        .params = "{}",
        .display_name = "runbook",
        .entity_id = "5f2c9a4e",
    };
    struct error err = {0};
    struct run run;
    bool existing = true;

    assert_ok(runs_create(s, &new, &run, &existing, &err), err);
    assert_false(existing);
    (void)text_copy(id, ID_TEXT_MAX, run.id);
    run_done(&run);
}

void fixture_claimed(struct store *s, enum run_kind kind, char id[ID_TEXT_MAX])
{
    struct error err = {0};
    struct run run;
    bool claimed = false;

    fixture_run(s, kind, id);
    assert_ok(runs_claim(s, 1u << kind, &run, &claimed, &err), err);
    assert_true(claimed);
    assert_string_equal(run.id, id);
    run_done(&run);
}

enum run_status fixture_status(struct store *s, const char *id)
{
    struct error err = {0};
    enum run_status status;
    struct run run;

    assert_ok(runs_get(s, id, &run, &err), err);
    status = run.status;
    run_done(&run);
    return status;
}

struct snapshot_row fixture_snapshot(const char *cluster, int64_t created_ms)
{
    struct snapshot_row row = {
        .cluster_id = "9a3d2f10-1111-2222-3333-444455556666",
        .cluster_name = "vault-cluster-1",
        .product = "openbao",
        .server_version = "2.7.2",
        .created_ms = created_ms,
        .size_bytes = 63596,
        .raft_index = 42,
        .raft_term = 3,
        .entries = 120,
        .state_bytes = 250000,
        .copies_count = 1,
    };

    id_new(row.id);
    (void)text_copy(row.cluster, sizeof(row.cluster), cluster);
    memset(row.sha256, 'a', 64);
    (void)text_copy(row.copies[0].storage, sizeof(row.copies[0].storage),
                    "disk");
    (void)snprintf(row.copies[0].location, sizeof(row.copies[0].location),
                   "%s/2026/11/%s.snap", cluster, row.id);
    row.copies[0].verified_ms = created_ms;
    return row;
}

void fixture_add(struct store *s, const struct snapshot_row *row)
{
    struct error err = {0};

    assert_ok(snapshots_add(s, row, NULL, 0, &err), err);
}
