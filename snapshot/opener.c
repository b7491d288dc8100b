/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/opener.h"

#include <stdlib.h>

#include "base/cipher.h"
#include "base/secret.h"
#include "snapshot/barrier.h"

enum { ROOM_FIRST = 64 * 1024 };

struct opener {
    const struct unseal *unseal;
    const struct unseal_term *terms;
    size_t terms_count;
    size_t last;             /* the term that was used last */
    struct cipher **ciphers; /* one per term; made when first used */
    uint8_t *room;
    size_t room_size;
    size_t dirty; /* bytes of it that may hold plaintext */
};

struct opener *opener_new(const struct unseal *u)
{
    struct opener *o = calloc(1, sizeof(*o));

    if (o == NULL) {
        return NULL;
    }
    o->unseal = u;
    o->terms_count = unseal_terms(u, &o->terms);
    o->ciphers = calloc(o->terms_count, sizeof(struct cipher *));
    o->room = malloc(ROOM_FIRST);
    o->room_size = ROOM_FIRST;
    if (o->ciphers == NULL || o->room == NULL) {
        opener_free(o);
        return NULL;
    }
    return o;
}

void opener_free(struct opener *o)
{
    if (o == NULL) {
        return;
    }
    opener_wipe(o);
    for (size_t n = 0; o->ciphers != NULL && n < o->terms_count; n++) {
        cipher_free(o->ciphers[n]);
    }
    free(o->ciphers);
    free(o->room);
    free(o);
}

void opener_wipe(struct opener *o)
{
    secret_wipe(o->room, o->dirty);
    o->dirty = 0;
}

/* The keyring's index of a term; terms_count if it has none such. */
static size_t find_term(struct opener *o, uint32_t term)
{
    if (o->last < o->terms_count && o->terms[o->last].term == term) {
        return o->last;
    }
    for (size_t n = 0; n < o->terms_count; n++) {
        if (o->terms[n].term == term) {
            o->last = n;
            return n;
        }
    }
    return o->terms_count;
}

static bool make_room(struct opener *o, size_t size)
{
    uint8_t *room = NULL;

    if (size <= o->room_size) {
        return true;
    }
    room = malloc(size);
    if (room == NULL) {
        return false;
    }
    opener_wipe(o);
    free(o->room);
    o->room = room;
    o->room_size = size;
    return true;
}

enum opener_result opener_open(struct opener *o,
                               const struct snapshot_entry *entry,
                               enum snapshot_fault *fault,
                               struct snapshot_entry *plain)
{
    struct cipher_text text;
    size_t at = 0;

    if (!barrier_text(entry, &text)) {
        *fault = SNAPSHOT_FAULT_NOT_SEALED;
        return OPENER_FAULT;
    }
    at = find_term(o, barrier_term(entry));
    if (at == o->terms_count) {
        *fault = SNAPSHOT_FAULT_UNKNOWN_TERM;
        return OPENER_FAULT;
    }
    if (o->ciphers[at] == NULL) {
        o->ciphers[at] = cipher_new(unseal_term_key(o->unseal, at));
    }
    if (o->ciphers[at] == NULL || !make_room(o, text.len)) {
        return OPENER_NO_MEMORY;
    }
    if (o->dirty < text.len) {
        o->dirty = text.len;
    }
    if (!cipher_open(o->ciphers[at], &text, o->room)) {
        *fault = SNAPSHOT_FAULT_DAMAGED;
        return OPENER_FAULT;
    }
    if (plain != NULL) {
        *plain = *entry;
        plain->value = o->room;
        plain->value_len = text.len - CIPHER_TAG_SIZE;
    }
    return OPENER_OPENED;
}
