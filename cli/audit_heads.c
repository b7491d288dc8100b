/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_heads.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/keyring.h"
#include "cli/settings.h"
#include "storage/storage.h"

static int add(void *ctx, const struct chain_head *head, struct error *err)
{
    struct audit_heads *h = ctx;

    if (h->count == h->room) {
        const size_t room = h->room == 0 ? 64 : 2 * h->room;
        void *grown = realloc(h->items, room * sizeof(*h->items));

        if (grown == NULL)
            return error_memory(err);
        h->items = grown;
        h->room = room;
    }
    h->items[h->count++] = (struct audit_heads_item){.head = *head};
    return 0;
}

static void skip(void *ctx, const char *key, const char *why)
{
    struct audit_heads *h = ctx;

    (void)key;
    (void)why;
    h->foreign++;
}

int audit_heads_load(const struct config *config, struct audit_heads *out,
                     struct error *err)
{
    const struct storage_options where = settings_storage(config);
    const struct chain_head_reader reader = {
        .each = add, .skipped = skip, .ctx = out};
    struct storage *storage = NULL;
    struct manifest_trust trust = {0};
    struct keyring ring = {0};
    int rc = -1;

    if (keyring_add_own(&ring, config, err) != 0 ||
        storage_open(&where, &storage, err) != 0)
        goto done;
    trust.keys = (const uint8_t(*)[DIGEST_PUBLIC_KEY_SIZE])ring.keys;
    trust.count = ring.count;
    rc = chain_head_each(storage, &trust, &reader, err);
done:
    storage_close(storage);
    keyring_done(&ring);
    return rc;
}

void audit_heads_done(struct audit_heads *h)
{
    free(h->items);
    *h = (struct audit_heads){0};
}

static int by_chain_and_seq(const void *a, const void *b)
{
    const struct chain_head *x = &((const struct audit_heads_item *)a)->head;
    const struct chain_head *y = &((const struct audit_heads_item *)b)->head;
    const int order = strcmp(x->chain, y->chain);

    if (order != 0)
        return order;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Storage lists by ascending key, and the key has both. */
const struct chain_head *audit_heads_find(const struct audit_heads *h,
                                          const char *chain, uint64_t seq)
{
    struct audit_heads_item wanted = {.head = {.seq = seq}};
    const struct audit_heads_item *found = NULL;

    (void)text_copy(wanted.head.chain, sizeof(wanted.head.chain), chain);
    if (h->count > 0)
        found = bsearch(&wanted, h->items, h->count, sizeof(*h->items),
                        by_chain_and_seq);
    return found != NULL ? &found->head : NULL;
}

const struct chain_head *audit_heads_newest(struct audit_heads *h,
                                            const char *chain)
{
    const struct chain_head *newest = NULL;

    for (size_t i = 0; i < h->count; i++) {
        if (strcmp(h->items[i].head.chain, chain) != 0)
            continue;
        newest = &h->items[i].head;
        h->items[i].seen = true;
    }
    return newest;
}

const struct chain_head *audit_heads_unseen(const struct audit_heads *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (!h->items[i].seen)
            return &h->items[i].head;
    return NULL;
}
