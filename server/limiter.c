/* SPDX-License-Identifier: Apache-2.0 */
#include "server/limiter.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

enum {
    WAYS = 8, /* places that one caller may have */
    SETS = LIMITER_CALLERS / WAYS,
    KEY = 16,
    ONE = 1000, /* in the thousandths that buckets are counted in */
};

/* `level` is what is left, in thousandths: a rate of n a second adds n of
 * them each ms. */
struct bucket {
    uint8_t key[KEY];
    int64_t level;
    int64_t at_ms; /* 0: nobody's */
};

/* `lock` guards everything but `salt`, which never changes. */
struct limiter {
    uint8_t salt[DIGEST_SHA256_SIZE];
    pthread_mutex_t lock;
    struct server_rates rates;
    struct bucket all;
    struct bucket callers[SETS][WAYS];
};

int limiter_new(const struct server_rates *rates, struct limiter **out,
                struct error *err)
{
    struct limiter *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return error_memory(err);
    digest_random(l->salt, sizeof(l->salt));
    (void)pthread_mutex_init(&l->lock, NULL);
    l->rates = *rates;
    *out = l;
    return 0;
}

void limiter_free(struct limiter *l)
{
    if (l == NULL)
        return;
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

void limiter_set(struct limiter *l, const struct server_rates *rates)
{
    (void)pthread_mutex_lock(&l->lock);
    l->rates = *rates;
    (void)pthread_mutex_unlock(&l->lock);
}

static int64_t most(const struct server_rate *r)
{
    return (int64_t)(r->burst > 0 ? r->burst : 1) * ONE;
}

/* What is in it by now. */
static int64_t level(const struct bucket *b, const struct server_rate *r,
                     int64_t now_ms)
{
    const int64_t full = most(r);
    const int64_t rate = (int64_t)r->per_second;

    if (b->at_ms == 0 || now_ms - b->at_ms > full / rate)
        return full;
    if (now_ms <= b->at_ms)
        return b->level < full ? b->level : full;
    return b->level + (now_ms - b->at_ms) * rate < full
               ? b->level + (now_ms - b->at_ms) * rate
               : full;
}

/* How long until there is one for him; 0: there is. */
static int64_t wait_for(const struct bucket *b, const struct server_rate *r,
                        int64_t now_ms)
{
    const int64_t rate = (int64_t)r->per_second;
    const int64_t left = level(b, r, now_ms);

    return left < ONE ? (ONE - left + rate - 1) / rate : 0;
}

static int64_t take(struct bucket *b, const struct server_rate *r,
                    int64_t now_ms)
{
    const int64_t wait = wait_for(b, r, now_ms);

    b->level = level(b, r, now_ms) - (wait == 0 ? ONE : 0);
    b->at_ms = now_ms;
    return wait;
}

static void give_back(struct bucket *b, const struct server_rate *r,
                      int64_t now_ms)
{
    b->level = level(b, r, now_ms) + ONE;
    b->at_ms = now_ms;
}

static struct bucket *set_of(struct limiter *l, const uint8_t *key)
{
    return l->callers[(key[0] << 8 | key[1]) % SETS];
}

/* NULL: he has none, which is as good as a full one. */
static struct bucket *find_his(struct limiter *l, const uint8_t *key)
{
    struct bucket *set = set_of(l, key);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].at_ms != 0 && memcmp(set[i].key, key, KEY) == 0)
            return &set[i];
    return NULL;
}

/* His, or in its place the one that can best be done without. */
static struct bucket *find(struct limiter *l, const uint8_t *key,
                           int64_t now_ms)
{
    struct bucket *set = set_of(l, key);
    struct bucket *best = find_his(l, key);

    if (best != NULL)
        return best;
    best = &set[0];
    for (size_t i = 1; i < WAYS; i++)
        if (level(&set[i], &l->rates.caller, now_ms) >
            level(best, &l->rates.caller, now_ms))
            best = &set[i];
    *best = (struct bucket){.at_ms = 0};
    memcpy(best->key, key, KEY);
    return best;
}

static void hash(const struct limiter *l, const char *who,
                 uint8_t out[DIGEST_SHA256_SIZE])
{
    digest_hmac_sha256(l->salt, sizeof(l->salt), who, strlen(who), out);
}

int64_t limiter_take(struct limiter *l, const char *who, int64_t now_ms)
{
    uint8_t key[DIGEST_SHA256_SIZE];
    int64_t wait = 0;

    hash(l, who, key);
    (void)pthread_mutex_lock(&l->lock);
    if (l->rates.caller.per_second > 0)
        wait = take(find(l, key, now_ms), &l->rates.caller, now_ms);
    (void)pthread_mutex_unlock(&l->lock);
    return wait;
}

int64_t limiter_look(struct limiter *l, const char *who, int64_t now_ms)
{
    uint8_t key[DIGEST_SHA256_SIZE];
    const struct bucket *his;
    int64_t wait = 0;

    hash(l, who, key);
    (void)pthread_mutex_lock(&l->lock);
    his = find_his(l, key);
    if (l->rates.caller.per_second > 0 && his != NULL)
        wait = wait_for(his, &l->rates.caller, now_ms);
    (void)pthread_mutex_unlock(&l->lock);
    return wait;
}

void limiter_give_back(struct limiter *l, const char *who, int64_t now_ms)
{
    uint8_t key[DIGEST_SHA256_SIZE];

    hash(l, who, key);
    (void)pthread_mutex_lock(&l->lock);
    if (l->rates.caller.per_second > 0)
        give_back(find(l, key, now_ms), &l->rates.caller, now_ms);
    (void)pthread_mutex_unlock(&l->lock);
}

int64_t limiter_take_all(struct limiter *l, int64_t now_ms)
{
    int64_t wait = 0;

    (void)pthread_mutex_lock(&l->lock);
    if (l->rates.all.per_second > 0)
        wait = take(&l->all, &l->rates.all, now_ms);
    (void)pthread_mutex_unlock(&l->lock);
    return wait;
}

void limiter_give_back_all(struct limiter *l, int64_t now_ms)
{
    (void)pthread_mutex_lock(&l->lock);
    if (l->rates.all.per_second > 0)
        give_back(&l->all, &l->rates.all, now_ms);
    (void)pthread_mutex_unlock(&l->lock);
}
