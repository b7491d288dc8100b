/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/plan_loss.h"

#include <stdlib.h>
#include <string.h>

#include "proof/allowed.h"
#include "snapshot/barrier.h"
#include "snapshot/compare.h"

enum kind { NOISE, DATA, TOKEN, SECRET_ID, LEASE, ENTITY, AUDIT, KEYS };

/* The first that fits; patterns as in proof/allowed.h.  What fits none is
 * data. */
static const struct row {
    const char *pattern;
    enum kind kind;
} rows[] = {
    {"sys/token/id/*", TOKEN},
    {"sys/token/**", NOISE}, /* go with their tokens */
    {"sys/expire/id/auth/**", NOISE},
    {"sys/expire/id/sys/**", NOISE}, /* of wrapping tokens */
    {"sys/expire/id/**", LEASE},
    {"sys/expire/**", NOISE},
    {"sys/counters/**", NOISE},
    {"sys/policy/response-wrapping", NOISE},
    {"auth/<uuid>/secret_id/**", SECRET_ID},
    {"auth/<uuid>/accessor/**", NOISE},
    {"logical/<uuid>/wal/*", NOISE},
    {"logical/<uuid>/<uuid>/upgrading", NOISE},
    {"logical/<uuid>/*/response", NOISE}, /* of wrapping tokens */
    {"logical/<uuid>/*/wrapinfo", NOISE},
    {"logical/<uuid>/packer/buckets/*", ENTITY},
    {"core/hsm/barrier-unseal-keys", KEYS},
    {"core/audit", AUDIT},
    {"core/local-audit", AUDIT},
    {"audit/**", NOISE}, /* go with their devices */
    {"core/mounts", DATA},
    {"core/mounts/**", DATA},
    {"core/local-mounts", DATA},
    {"core/local-mounts/**", DATA},
    {"core/auth", DATA},
    {"core/auth/**", DATA},
    {"core/local-auth", DATA},
    {"core/local-auth/**", DATA},
    {"core/namespaces", DATA},
    {"core/namespaces/**", DATA},
    {"core/**", NOISE}, /* who leads, the keyring, the nodes' health */
};

static enum kind kind_of(const char *key, size_t len)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (allowed_match(rows[i].pattern, key, len))
            return rows[i].kind;
    return DATA;
}

static void count(struct plan_loss_count *c, enum snapshot_change_kind kind)
{
    c->added += kind == SNAPSHOT_ADDED;
    c->changed += kind == SNAPSHOT_CHANGED;
    c->removed += kind == SNAPSHOT_REMOVED;
}

uint64_t plan_loss_sum(const struct plan_loss_count *c)
{
    return c->added + c->changed + c->removed;
}

/* Two segments, as `inspect` counts them. */
static size_t prefix_len(const char *key, size_t len)
{
    const char *slash = memchr(key, '/', len);

    if (slash != NULL)
        slash = memchr(slash + 1, '/', len - (size_t)(slash + 1 - key));
    return slash == NULL ? len : (size_t)(slash - key);
}

static struct plan_loss_count *group_of(struct plan_loss *l,
                                        const struct plan_loss_group *wanted)
{
    /* Keys ascend: it is the last one, or there will be few. */
    for (size_t i = l->groups_count; i-- > 0;)
        if (strcmp(l->groups[i].prefix, wanted->prefix) == 0 &&
            strcmp(l->groups[i].space, wanted->space) == 0)
            return &l->groups[i].count;
    if (l->groups_count == PLAN_LOSS_GROUPS_MAX)
        return &l->rest;
    l->groups[l->groups_count] = *wanted;
    return &l->groups[l->groups_count++].count;
}

static void add_data(struct plan_loss *l, const struct snapshot_change *change,
                     const struct plan_loss_group *where)
{
    count(where->prefix[0] == '\0' ? &l->rest : group_of(l, where),
          change->kind);
}

static void add(void *ctx, const struct snapshot_change *change)
{
    struct plan_loss *l = ctx;
    struct plan_loss_group where = {.prefix = ""};
    const char *key = (const char *)change->key;
    size_t len = change->key_len;
    const char *uuid = NULL;

    while (barrier_namespace(key, len, &uuid, &key, &len))
        memcpy(where.space, uuid, BARRIER_UUID);
    switch (kind_of(key, len)) {
    case NOISE:
        break;
    case TOKEN:
        count(&l->tokens, change->kind);
        break;
    case SECRET_ID:
        count(&l->secret_ids, change->kind);
        break;
    case LEASE:
        count(&l->leases, change->kind);
        break;
    case ENTITY:
        count(&l->entities, change->kind);
        break;
    case AUDIT:
        count(&l->audits, change->kind);
        break;
    case KEYS:
        /* An OpenBao namespace may have a seal of its own. */
        if (where.space[0] == '\0')
            count(&l->keys, change->kind);
        break;
    case DATA:
        len = prefix_len(key, len);
        if (len < sizeof(where.prefix))
            memcpy(where.prefix, key, len);
        add_data(l, change, &where);
        break;
    }
}

static int by_sum(const void *a, const void *b)
{
    const struct plan_loss_group *left = a;
    const struct plan_loss_group *right = b;
    uint64_t x = plan_loss_sum(&left->count);
    uint64_t y = plan_loss_sum(&right->count);

    if (x != y)
        return x < y ? 1 : -1;
    return strcmp(left->prefix, right->prefix);
}

int plan_loss_measure(struct plan_loss *l, const struct source *snapshot,
                      const struct source *target, const struct cancel *cancel,
                      struct error *err)
{
    const struct snapshot_compare_options options = {
        .changed = add,
        .ctx = l,
        .cancel = cancel,
        .left_name = "the archive",
        .right_name = "the snapshot of the target",
    };
    struct snapshot_comparison totals;

    if (snapshot_compare(snapshot, target, &options, &totals, err) != 0)
        return -1;
    if (l->groups_count > 0)
        qsort(l->groups, l->groups_count, sizeof(l->groups[0]), by_sum);
    return 0;
}
