/* SPDX-License-Identifier: Apache-2.0 */
#include "access/cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4 };

struct place {
    int64_t expires_ms; /* 0: empty */
    uint8_t key[CACHE_KEY_SIZE];
};

struct cache {
    size_t sets;
    size_t value_size;
    struct place *places; /* sets * WAYS */
    char *values;         /* the same number */
};

struct cache *cache_new(size_t sets, size_t value_size)
{
    struct cache *c = calloc(1, sizeof(*c));

    assert(sets > 0 && (sets & (sets - 1)) == 0);
    if (c == NULL)
        return NULL;
    c->sets = sets;
    c->value_size = value_size;
    c->places = calloc(sets * WAYS, sizeof(c->places[0]));
    c->values = calloc(sets * WAYS, value_size);
    if (c->places == NULL || c->values == NULL) {
        cache_free(c);
        return NULL;
    }
    return c;
}

void cache_free(struct cache *c)
{
    if (c == NULL)
        return;
    free(c->places);
    free(c->values);
    free(c);
}

/* Keys are keyed hashes: any of their bytes choose as well as others. */
static size_t first_of_set(const struct cache *c, const uint8_t *key)
{
    size_t hash;

    memcpy(&hash, key, sizeof(hash));
    return (hash & (c->sets - 1)) * WAYS;
}

bool cache_get(const struct cache *c, const uint8_t key[CACHE_KEY_SIZE],
               int64_t now_ms, void *value)
{
    const size_t first = first_of_set(c, key);

    for (size_t i = first; i < first + WAYS; i++) {
        const struct place *p = &c->places[i];

        if (p->expires_ms > now_ms &&
            memcmp(p->key, key, CACHE_KEY_SIZE) == 0) {
            memcpy(value, c->values + i * c->value_size, c->value_size);
            return true;
        }
    }
    return false;
}

void cache_put(struct cache *c, const uint8_t key[CACHE_KEY_SIZE],
               int64_t expires_ms, const void *value)
{
    const size_t first = first_of_set(c, key);
    size_t at = first;

    for (size_t i = first; i < first + WAYS; i++) {
        if (memcmp(c->places[i].key, key, CACHE_KEY_SIZE) == 0) {
            at = i;
            break;
        }
        if (c->places[i].expires_ms < c->places[at].expires_ms)
            at = i;
    }
    c->places[at].expires_ms = expires_ms;
    memcpy(c->places[at].key, key, CACHE_KEY_SIZE);
    memcpy(c->values + at * c->value_size, value, c->value_size);
}

void cache_clear(struct cache *c)
{
    memset(c->places, 0, c->sets * WAYS * sizeof(c->places[0]));
}
