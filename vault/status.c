/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/status.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "vault/address.h"
#include "vault/internal.h"
#include "vault/send.h"

enum { ASK_EVERY_MS = 100 };

static const struct {
    enum vault_product product;
    const char *name;
} products[] = {
    {VAULT_PRODUCT_UNKNOWN, "unknown"},
    {VAULT_PRODUCT_VAULT, "vault"},
    {VAULT_PRODUCT_OPENBAO, "openbao"},
};

const char *vault_product_name(enum vault_product p)
{
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (products[i].product == p)
            return products[i].name;
    }
    return "unknown";
}

enum vault_product vault_product_parse(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof products / sizeof products[0];
         i++) {
        if (strcmp(products[i].name, name) == 0)
            return products[i].product;
    }
    return VAULT_PRODUCT_UNKNOWN;
}

static void copy(char *dst, size_t size, const struct json *o, const char *key)
{
    (void)text_copy(dst, size, json_get_text(o, key, ""));
}

static int ask_seal(struct vault *v, int64_t timeout_ms,
                    struct vault_status *out, struct error *err)
{
    struct exchange x = {
        .method = "GET", .path = "sys/seal-status", .timeout_ms = timeout_ms};
    struct json *a = NULL;

    if (send_simple(v, &x, &a, err) != 0)
        return -1;
    if (json_get(a, "sealed") == NULL) {
        json_free(a);
        return error_set(err, ERR_UPSTREAM,
                         "%s does not answer as Vault or OpenBao do",
                         v->address);
    }
    out->reachable = true;
    out->initialized = json_get_bool(a, "initialized", false);
    out->sealed = json_get_bool(a, "sealed", true);
    out->threshold = (unsigned)json_get_u64(a, "t", 0);
    out->shares = (unsigned)json_get_u64(a, "n", 0);
    out->progress = (unsigned)json_get_u64(a, "progress", 0);
    out->recovery_seal = json_get_bool(a, "recovery_seal", false);
    out->migration = json_get_bool(a, "migration", false);
    copy(out->version, sizeof out->version, a, "version");
    copy(out->cluster_id, sizeof out->cluster_id, a, "cluster_id");
    copy(out->cluster_name, sizeof out->cluster_name, a, "cluster_name");
    copy(out->seal_type, sizeof out->seal_type, a, "type");
    copy(out->storage_type, sizeof out->storage_type, a, "storage_type");
    if (json_get(a, "commit_date") != NULL)
        out->product = VAULT_PRODUCT_OPENBAO;
    else if (json_get(a, "build_date") != NULL)
        out->product = VAULT_PRODUCT_VAULT;
    json_free(a);
    return 0;
}

/* A sealed server has nothing to say here: 503. */
static int ask_leader(struct vault *v, int64_t timeout_ms,
                      struct vault_status *out, struct error *err)
{
    struct exchange x = {
        .method = "GET", .path = "sys/leader", .timeout_ms = timeout_ms};
    struct json *a = NULL;

    if (send_simple(v, &x, &a, err) != 0)
        return -1;
    out->ha_enabled = json_get_bool(a, "ha_enabled", false);
    out->is_self = json_get_bool(a, "is_self", false);
    copy(out->leader_address, sizeof out->leader_address, a, "leader_address");
    copy(out->leader_cluster_address, sizeof out->leader_cluster_address, a,
         "leader_cluster_address");
    out->raft_committed_index = json_get_u64(a, "raft_committed_index", 0);
    out->raft_applied_index = json_get_u64(a, "raft_applied_index", 0);
    json_free(a);
    cluster_learn(v, out->leader_address);
    return 0;
}

static int ask_health(struct vault *v, int64_t timeout_ms,
                      struct vault_status *out, struct error *err)
{
    struct exchange x = {
        .method = "GET", .path = "sys/health", .timeout_ms = timeout_ms};
    struct http_response r;
    struct json *a = NULL;
    int rc;

    http_response_init(&r);
    rc = send_exchange(v, &x, &r, err);
    if (rc == 0) {
        out->health = r.status;
        if (send_parse(&x, &r, &a, NULL) == 0)
            out->standby = json_get_bool(a, "standby", false);
        json_free(a);
    }
    http_response_done(&r);
    return rc;
}

static int ask_all(struct vault *v, int64_t timeout_ms,
                   struct vault_status *out, struct error *err)
{
    memset(out, 0, sizeof *out);
    if (ask_seal(v, timeout_ms, out, err) != 0)
        return -1;
    /* Between two answers it may have been sealed or gone: what is known by
     * then stays. */
    (void)ask_health(v, timeout_ms, out, NULL);
    if (!out->sealed && out->initialized)
        (void)ask_leader(v, timeout_ms, out, NULL);
    return 0;
}

int vault_status_get(struct vault *v, struct vault_status *out,
                     struct error *err)
{
    assert(v != NULL && out != NULL);
    return ask_all(v, QUICK_TIMEOUT_MS, out, err);
}

/* A candidate that says of itself that it leads; *leader NULL otherwise. */
static int try_leader(struct vault *v, const char *address,
                      struct vault **leader, struct vault_status *status,
                      struct error *err)
{
    struct vault *there = NULL;
    int rc = -1;

    *leader = NULL;
    if (vault_at(v, address, &there, err) != 0)
        return -1;
    if (ask_all(there, QUICK_TIMEOUT_MS, status, err) != 0)
        goto done;
    rc = 0;
    if (!status->is_self)
        goto done;
    *leader = there;
    there = NULL;
done:
    vault_free(there);
    return rc;
}

static int try_peers(struct vault *v, struct vault **leader,
                     struct vault_status *status)
{
    const struct settings *s = &v->cluster->settings;

    for (size_t i = 0; i < SETTINGS_PEERS_MAX && s->peers[i] != NULL; i++) {
        if (try_leader(v, s->peers[i], leader, status, NULL) == 0 &&
            *leader != NULL)
            return 0;
    }
    return -1;
}

static int say_no_leader(struct vault *v, const struct vault_status *st,
                         const struct error *why, struct error *err)
{
    if (!st->reachable)
        return error_set(err, ERR_UNAVAILABLE, "%s", why->text);
    if (!st->initialized)
        return error_set(err, ERR_UNAVAILABLE, "%s is not initialized",
                         v->address);
    if (st->sealed)
        return error_set(err, ERR_UNAVAILABLE, "%s is sealed", v->address);
    if (st->leader_address[0] == '\0')
        return error_set(err, ERR_UNAVAILABLE,
                         "%s knows of no leader of the cluster", v->address);
    if (why->kind != ERR_NONE)
        return error_set(err, ERR_UNAVAILABLE,
                         "%s is not the leader, and the leader cannot be "
                         "reached at the address that it gives itself (%s): "
                         "%s; list the nodes' addresses as peers",
                         v->address, st->leader_address, why->text);
    return error_set(err, ERR_UNAVAILABLE,
                     "%s names %s as the leader, which says that it is not: "
                     "an election may be under way",
                     v->address, st->leader_address);
}

int vault_leader(struct vault *v, struct vault **leader,
                 struct vault_status *status, struct error *err)
{
    struct vault_status here, there;
    struct error why;

    assert(v != NULL && leader != NULL);
    error_clear(&why);
    *leader = NULL;
    if (status == NULL)
        status = &there;
    if (ask_all(v, QUICK_TIMEOUT_MS, &here, &why) == 0) {
        /* The way that we came by leads to it: through a socket or a
         * tunnel it may be the only one. */
        if (here.is_self || (!here.ha_enabled && !here.sealed &&
                             here.initialized && here.health == 200)) {
            *status = here;
            return vault_at(v, v->address, leader, err);
        }
        if (here.leader_address[0] != '\0' &&
            try_leader(v, here.leader_address, leader, status, &why) == 0 &&
            *leader != NULL)
            return 0;
    }
    if (try_peers(v, leader, status) == 0)
        return 0;
    return say_no_leader(v, &here, &why, err);
}

static bool is_so(const struct vault_status *st, enum vault_until until)
{
    if (!st->reachable)
        return false;
    switch (until) {
    case VAULT_UNTIL_ANSWERS:
        return true;
    case VAULT_UNTIL_UNSEALED:
        return st->initialized && !st->sealed;
    case VAULT_UNTIL_ACTIVE:
        return !st->sealed && st->health == 200;
    case VAULT_UNTIL_SERVING:
        return !st->sealed &&
               (st->health == 200 || st->health == 429 || st->health == 473) &&
               (st->is_self || st->leader_address[0] != '\0' ||
                !st->ha_enabled);
    }
    return false;
}

static int say_not_ready(struct vault *v, const struct vault_status *st,
                         int64_t timeout_ms, const struct error *why,
                         struct error *err)
{
    const double seconds = (double)timeout_ms / 1000.0;

    if (!st->reachable)
        return error_set(err, ERR_UNAVAILABLE, "%s (asked for %.1f s)",
                         why->text, seconds);
    return error_set(err, ERR_UNAVAILABLE,
                     "%s is still %s after %.1f s (health %d)", v->address,
                     !st->initialized ? "not initialized"
                     : st->sealed     ? "sealed"
                                      : "not active",
                     seconds, st->health);
}

int vault_wait_ready(struct vault *v, enum vault_until until,
                     const struct vault_wait *wait, struct vault_status *out,
                     struct error *err)
{
    assert(v != NULL && wait != NULL && out != NULL);
    const int64_t end = clock_mono_ms() + wait->timeout_ms;
    struct error why;

    error_clear(&why);
    for (;;) {
        int64_t left = end - clock_mono_ms();

        if (left < ASK_EVERY_MS)
            left = ASK_EVERY_MS;
        (void)ask_all(v, left < QUICK_TIMEOUT_MS ? left : QUICK_TIMEOUT_MS, out,
                      &why);
        if (is_so(out, until))
            return 0;
        if (clock_mono_ms() >= end)
            return say_not_ready(v, out, wait->timeout_ms, &why, err);
        if (send_pause(ASK_EVERY_MS, wait->cancel, err) != 0)
            return -1;
    }
}
