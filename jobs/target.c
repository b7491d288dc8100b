/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "vault/call.h"
#include "vault/wrapped.h"

#define PATH_RESTORE "sys/storage/raft/snapshot"
#define PATH_FORCE "sys/storage/raft/snapshot-force"

static int examine_reachable(struct target *t, struct plan *plan)
{
    struct error err = {0};
    if (vault_status_get(t->vault, &t->status, &err) != 0) {
        plan_say(plan, "reachable", PLAN_STOP, "%s", err.text);
        return -1;
    }
    if (!t->status.initialized) {
        plan_say(plan, "reachable", PLAN_STOP,
                 "the target is not initialised: initialise and unseal it "
                 "first, then restore with force");
        return -1;
    }
    if (t->status.sealed) {
        plan_say(plan, "reachable", PLAN_STOP,
                 "the target is sealed: it takes no restore before it is "
                 "unsealed");
        return -1;
    }
    plan_say(plan, "reachable", PLAN_OK, "%s answers and is unsealed",
             vault_address(t->vault));
    return 0;
}

static int examine_leader(struct target *t, struct plan *plan)
{
    struct error err = {0};
    if (vault_leader(t->vault, &t->leader, &t->status, &err) != 0) {
        t->leader = NULL;
        plan_say(plan, "leader", PLAN_STOP, "%s", err.text);
        return -1;
    }
    plan_say(plan, "leader", PLAN_OK,
             "%s says that it is the leader; the archive goes to it and "
             "nowhere else",
             vault_address(t->leader));
    return 0;
}

/* The next number of a version, 0 past its end. */
static uint64_t next_number(const char **version)
{
    uint64_t n = 0;
    while (**version >= '0' && **version <= '9' && n < 1000000)
        n = n * 10 + (uint64_t)(*(*version)++ - '0');
    if (**version == '.')
        ++*version;
    return n;
}

/* By major, minor and patch; what follows ("-rc1", "+ent") does not count. */
static int compare_versions(const char *a, const char *b)
{
    for (int i = 0; i < 3; i++) {
        uint64_t x = next_number(&a);
        uint64_t y = next_number(&b);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static void examine_server(const struct target *t, struct plan *plan)
{
    const char *product = vault_product_name(t->status.product);
    const struct snapshot_row *row = t->row;
    if (strcmp(product, row->product) != 0)
        plan_say(plan, "server", PLAN_BLOCKER,
                 "the snapshot is of %s %s, the target is %s %s", row->product,
                 row->server_version, product, t->status.version);
    else if (compare_versions(t->status.version, row->server_version) < 0)
        plan_say(plan, "server", PLAN_BLOCKER,
                 "the target's version %s is older than the snapshot's %s",
                 t->status.version, row->server_version);
    else
        plan_say(plan, "server", PLAN_OK, "%s %s, the snapshot is of %s%s",
                 product, t->status.version, row->server_version,
                 compare_versions(t->status.version, row->server_version) > 0
                     ? ": the older data is upgraded as it becomes active"
                     : "");
}

bool target_foreign(const struct target *t)
{
    return strcmp(t->status.cluster_id, t->row->cluster_id) != 0;
}

static void examine_identity(const struct target *t, struct plan *plan)
{
    if (!target_foreign(t)) {
        plan_say(plan, "identity", t->force ? PLAN_WARNING : PLAN_OK,
                 "cluster id %s is the snapshot's own%s", t->status.cluster_id,
                 t->force ? ": force is needed only if the target was rekeyed "
                            "since, and leaves out the server's own check of "
                            "keys and sums"
                          : ", so the plain endpoint takes it, which checks "
                            "keys and sums once more");
        return;
    }
    if (!t->force) {
        plan_say(plan, "identity", PLAN_STOP,
                 "cluster id %s is not the snapshot's %s: another cluster, "
                 "or one that was built anew; if that is meant, ask with "
                 "force",
                 t->status.cluster_id, t->row->cluster_id);
        return;
    }
    plan_say(plan, "identity", PLAN_WARNING,
             "only force can do it: cluster id %s becomes %s, all the target "
             "holds is replaced, it seals itself, and only the snapshot's own "
             "keys unseal it",
             t->status.cluster_id, t->row->cluster_id);
}

int target_sender(const struct target *t, struct vault **out, struct error *err)
{
    return vault_at(t->restorer, vault_address(t->leader), out, err);
}

/* 1: the login may update `path`; 0: not. */
static int may_update(struct vault *sender, const char *path, struct error *err)
{
    char *body = text_format("{\"paths\":[\"%s\"]}", path);
    struct vault_request request = {.method = "POST",
                                    .path = "sys/capabilities-self",
                                    .body = body,
                                    .namespace = ""};
    struct json *answer = NULL;
    int rc = 0;

    if (body == NULL)
        return error_memory(err);
    if (vault_call(sender, &request, &answer, err) != 0) {
        free(body);
        return -1;
    }
    const struct json *list = json_get(json_get(answer, "data"), path);
    for (const struct json *c = json_first(list); c != NULL; c = json_next(c))
        if (strcmp(json_text(c, ""), "update") == 0 ||
            strcmp(json_text(c, ""), "root") == 0)
            rc = 1;
    json_free(answer);
    free(body);
    return rc;
}

/* Asked of the same server with the same login that will send. */
static void examine_rights(const struct target *t, struct plan *plan)
{
    const char *path = t->force ? PATH_FORCE : PATH_RESTORE;
    struct vault *sender = NULL;
    struct error err = {0};
    int may = -1;

    if (vault_awaits_credential(t->restorer)) {
        plan_say(plan, "rights", PLAN_OK,
                 "Assay has no credential that may update %s: it comes with "
                 "an approval",
                 path);
        return;
    }
    if (target_sender(t, &sender, &err) == 0)
        may = may_update(sender, path, &err);
    vault_free(sender);
    if (may < 0)
        plan_say(plan, "rights", PLAN_STOP, "%s", err.text);
    else if (may > 0)
        plan_say(plan, "rights", PLAN_OK, "Assay's login may update %s", path);
    else
        plan_say(plan, "rights", PLAN_STOP,
                 "Assay's login may not update %s: its policy lacks that line "
                 "(`assay policy restore` prints it)",
                 path);
}

void target_estimate(const struct target *t, uint64_t bytes_per_second,
                     const char *how, struct plan *plan)
{
    int64_t limit_ms = t->job->settings->http_read_timeout_ms;
    char size[32];
    char rate[32];
    char took[32];
    char limit[32];
    double seconds = (double)t->row->size_bytes / (double)bytes_per_second;
    int64_t ms = (int64_t)(seconds * 1000) + 1;

    text_human_size(t->row->size_bytes, size, sizeof(size));
    text_human_size(bytes_per_second, rate, sizeof(rate));
    text_human_duration(ms, took, sizeof(took));
    text_human_duration(limit_ms, limit, sizeof(limit));
    if (ms < limit_ms)
        plan_say(plan, "upload_time", PLAN_OK,
                 "%s at %s/s (%s) takes about %s; the listener allows %s", size,
                 rate, how, took, limit);
    else
        plan_say(plan, "upload_time", PLAN_BLOCKER,
                 "%s at %s/s (%s) takes about %s, but the server's listener "
                 "gives up after http_read_timeout, taken to be %s: raise it "
                 "there, then tell Assay",
                 size, rate, how, took, limit);
}

void target_examine(struct target *t, struct plan *plan)
{
    target_estimate(t, t->job->settings->upload_bytes_per_second, "as expected",
                    plan);
    if (examine_reachable(t, plan) != 0 || examine_leader(t, plan) != 0)
        return;
    examine_server(t, plan);
    examine_identity(t, plan);
    target_examine_nodes(t, plan);
    examine_rights(t, plan);
}

void target_done(struct target *t)
{
    vault_free(t->leader);
    t->leader = NULL;
}
