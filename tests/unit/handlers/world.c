/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/handlers/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/id.h"
#include "base/signer.h"
#include "base/text.h"
#include "handlers/trail.h"
#include "jobs/jobs.h"
#include "storage/storage.h"
#include "store/approvals.h"
#include "store/audit.h"
#include "vault/vault.h"

struct world {
    char dir[64];
    struct store *store;
    struct audit *audit;
    struct trail *trail;
    struct storage *storage;
    struct signer *signer;
    struct vault *vault;
    struct jobs *jobs;
    struct handlers_app app;
};

static char *in(const struct world *w, const char *name)
{
    return text_format("%s/%s", w->dir, name);
}

struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof(*w));
    struct error err = {0};
    char *db = NULL;
    char *key = NULL;
    char *disk = NULL;

    assert_non_null(w);
    (void)snprintf(w->dir, sizeof(w->dir), "/tmp/assay-handlers-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    db = in(w, "assay.db");
    key = in(w, "key.pem");
    disk = in(w, "snapshots");
    assert_int_equal(store_open(db, &w->store, &err), 0);
    assert_int_equal(store_own(w->store, &err), 0);
    assert_int_equal(signer_open(key, &w->signer, &err), 0);
    const struct audit_options audit = {.store = w->store};
    assert_int_equal(audit_open(&audit, &w->audit, &err), 0);
    assert_int_equal(trail_new(w->audit, &w->trail, &err), 0);
    const struct storage_options storage = {
        .name = "disk", .type = "local", .path = disk};
    assert_int_equal(storage_open(&storage, &w->storage, &err), 0);
    const struct vault_options vault = {
        .address = "http://127.0.0.1:1",
        .auth = {.method = VAULT_AUTH_TOKEN, .token = "t"}};
    assert_int_equal(vault_new(&vault, &w->vault, &err), 0);
    const struct jobs_cluster cluster = {.name = "main", .vault = w->vault};
    const struct jobs_options jobs = {.store = w->store,
                                      .storage = w->storage,
                                      .signer = w->signer,
                                      .data_dir = w->dir,
                                      .approvals = 1,
                                      .clusters = &cluster,
                                      .clusters_count = 1};
    assert_int_equal(jobs_new(&jobs, &w->jobs, &err), 0);
    w->app.store = w->store;
    w->app.jobs = w->jobs;
    w->app.started_ms = clock_now_ms();
    free(db);
    free(key);
    free(disk);
    return w;
}

void world_free(struct world *w)
{
    struct error err = {0};

    jobs_free(w->jobs);
    vault_free(w->vault);
    storage_close(w->storage);
    signer_free(w->signer);
    trail_free(w->trail);
    audit_close(w->audit);
    store_close(w->store);
    assert_int_equal(file_remove_tree(w->dir, &err), 0);
    free(w);
}

struct handlers_app *world_app(struct world *w)
{
    return &w->app;
}

void world_targets(struct world *w, int64_t rto_ms, int64_t rpo_ms)
{
    const struct jobs_cluster cluster = {.name = "main", .vault = w->vault};
    const struct jobs_options jobs = {.signer = w->signer,
                                      .clusters = &cluster,
                                      .clusters_count = 1,
                                      .rto_target_ms = rto_ms,
                                      .rpo_target_ms = rpo_ms};
    struct error err = {0};

    assert_int_equal(jobs_reload(w->jobs, &jobs, &err), 0);
}

void world_public_key(struct world *w, uint8_t out[32])
{
    signer_public_key(w->signer, out);
}

const struct principal *world_alice(void)
{
    static const struct principal alice = {.display_name = "alice",
                                           .entity_id = "entity-a",
                                           .token_key = "aa",
                                           .authenticated = true};

    return &alice;
}

const struct principal *world_bob(void)
{
    static const struct principal bob = {.display_name = "bob",
                                         .entity_id = "entity-b",
                                         .token_key = "bb",
                                         .authenticated = true};

    return &bob;
}

const struct principal *world_alice_refused(void)
{
    static const struct principal alice = {
        .token_key = "aa",
        .refusal = {.kind = ERR_DENIED, .text = "permission denied"}};

    return &alice;
}

struct answer world_call_as(struct world *w, const struct testing_call *call)
{
    static const struct route *const tables[] = {handlers_routes, NULL};
    const struct server_options options = {.mount = "assay",
                                           .routes = tables,
                                           .outside = handlers_outside,
                                           .app = &w->app,
                                           .audit = trail_hooks(w->trail)};
    struct answer a = {.error = ""};
    struct error err = {0};

    testing_serve(&options, call, &a.raw);
    if (!a.raw.parked && a.raw.body[0] == '{') {
        assert_int_equal(
            json_parse(a.raw.body, strlen(a.raw.body), &a.document, &err), 0);
        a.data = json_get(a.document, "data");
        a.error = json_text(json_first(json_get(a.document, "errors")), "");
    }
    return a;
}

struct answer world_call(struct world *w, const char *method, const char *uri,
                         const char *body)
{
    char full[512];

    (void)snprintf(full, sizeof(full), "%s%s", *uri == '/' ? "" : "/v1/assay/",
                   uri);
    const struct testing_call call = {
        .method = method, .uri = full, .body = body, .caller = world_alice()};
    return world_call_as(w, &call);
}

void answer_done(struct answer *a)
{
    json_free(a->document);
    testing_answer_done(&a->raw);
}

const char *answer_header(const struct answer *a, const char *name)
{
    static char value[512];
    size_t len = strlen(name);

    for (const char *line = a->raw.headers; line != NULL && *line != '\0';) {
        size_t line_len = strcspn(line, "\n");

        if (line_len > len + 2 && strncmp(line, name, len) == 0 &&
            line[len] == ':') {
            (void)snprintf(value, sizeof(value), "%.*s",
                           (int)(line_len - len - 2), line + len + 2);
            return value;
        }
        line += line_len + (line[line_len] == '\n');
    }
    return "";
}

void world_plan(struct world *w, enum run_kind kind, const char *id)
{
    const struct approvals_plan plan = {.json = "{\"revision\":1}",
                                        .revision = 1,
                                        .fingerprint = "f",
                                        .sha256 = "s",
                                        .cluster_id = "c"};
    struct store *store = world_app(w)->store;
    struct error err = {0};
    bool claimed = false;
    struct run run;

    assert_int_equal(runs_claim(store, 1u << kind, &run, &claimed, &err), 0);
    assert_true(claimed);
    run_done(&run);
    assert_int_equal(approvals_set_plan(store, id, &plan, &err), 0);
    assert_int_equal(approvals_wait(store, id, clock_now_ms() + 3600000, &err),
                     0);
}

const char *world_snapshot(struct world *w, int64_t age_ms,
                           enum store_verdict verdict)
{
    static char ids[16][ID_TEXT_MAX];
    static unsigned next;
    char *id = ids[next++ % 16];
    const struct snapshot_prefix_row prefixes[] = {
        {"core/mounts", 4, 400},
        {"logical/kv", 10 + next, 1000},
        {"sys/policy", 3, 300},
    };
    struct snapshot_row row = {
        .cluster = "main",
        .cluster_id = "cid",
        .cluster_name = "vault-cluster",
        .product = "openbao",
        .server_version = "2.7.2",
        .created_ms = clock_now_ms() - age_ms,
        .size_bytes = 1234,
        .raft_index = 157,
        .raft_term = 3,
        .entries = 17 + next,
        .state_bytes = 1700,
        .copies = {{.storage = "disk", .location = "/x", .verified_ms = 1}},
        .copies_count = 1,
    };
    struct error err = {0};

    id_new(id);
    (void)text_copy(row.id, sizeof(row.id), id);
    digest_sha256_hex(id, strlen(id), row.sha256);
    assert_int_equal(snapshots_add(w->store, &row, prefixes, 3, &err), 0);
    const struct snapshot_judgement judgement = {.id = id,
                                                 .verdict = verdict,
                                                 .at_ms = clock_now_ms(),
                                                 .validation_id = id};
    if (verdict != STORE_UNVALIDATED)
        assert_int_equal(snapshots_set_verdict(w->store, &judgement, &err), 0);
    return id;
}
