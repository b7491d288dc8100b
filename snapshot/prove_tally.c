/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/prove_tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "snapshot/barrier.h"

/* Namespaces may be nested deeper than this only in an archive that nobody
 * made by hand; the limit ends a walk in a circle. */
enum { DEPTH_MAX = 64, KEY_TEXT_MAX = 512, ROWS_PER_NAMESPACE = 4 };

struct space {
    char uuid[BARRIER_UUID + 1]; /* "" for the root namespace */
    char parent[BARRIER_UUID + 1];
    bool own_seal;
    uint64_t faults;
    struct snapshot_fault_row rows[ROWS_PER_NAMESPACE]; /* not of the root */
    size_t rows_count;
};

struct prove_tally {
    size_t count;
    size_t last;          /* the one found last: keys come in order */
    struct space *spaces; /* [0] is the root; the rest ascending by uuid */
    struct snapshot_fault_row root_rows[LIMIT_FINDINGS];
};

struct prove_tally *prove_tally_new(void)
{
    struct prove_tally *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        return NULL;
    }
    t->spaces = calloc(LIMIT_CONTENTS_ROWS, sizeof(*t->spaces));
    if (t->spaces == NULL) {
        free(t);
        return NULL;
    }
    t->count = 1;
    return t;
}

static struct snapshot_fault_row *rows_of(struct prove_tally *t,
                                          struct space *space)
{
    return space == t->spaces ? t->root_rows : space->rows;
}

void prove_tally_free(struct prove_tally *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t n = 0; n < t->count; n++) {
        struct space *space = &t->spaces[n];

        for (size_t i = 0; i < space->rows_count; i++) {
            free(rows_of(t, space)[i].key);
        }
    }
    free(t->spaces);
    free(t);
}

/* Where `uuid` is, or where it would be. */
static size_t position(const struct prove_tally *t, const char *uuid)
{
    size_t low = 1;
    size_t high = t->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(t->spaces[middle].uuid, uuid, BARRIER_UUID) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct prove_tally *t, size_t at, const char *uuid)
{
    return at < t->count && memcmp(t->spaces[at].uuid, uuid, BARRIER_UUID) == 0;
}

/* The root for those over the limit: its faults are faults. */
static struct space *space_of(struct prove_tally *t, const char *uuid)
{
    size_t at = t->last;

    if (at == 0 || !is_at(t, at, uuid)) {
        at = position(t, uuid);
    }
    if (!is_at(t, at, uuid)) {
        if (t->count == LIMIT_CONTENTS_ROWS) {
            return &t->spaces[0];
        }
        memmove(&t->spaces[at + 1], &t->spaces[at],
                (t->count - at) * sizeof(t->spaces[0]));
        t->spaces[at] = (struct space){.faults = 0};
        memcpy(t->spaces[at].uuid, uuid, BARRIER_UUID);
        t->count++;
    }
    t->last = at;
    return &t->spaces[at];
}

static bool rest_is(const char *rest, size_t len, const char *key)
{
    return len == strlen(key) && memcmp(rest, key, len) == 0;
}

int prove_tally_key(struct prove_tally *t, const void *key, size_t key_len,
                    struct error *err)
{
    static const char children[] = "core/namespaces/";
    const size_t skip = sizeof(children) - 1;
    const char *uuid = NULL;
    const char *rest = NULL;
    size_t len = 0;

    (void)err;
    if (!barrier_namespace(key, key_len, &uuid, &rest, &len)) {
        return 0;
    }
    if (rest_is(rest, len, UNSEAL_KEYRING_KEY) ||
        rest_is(rest, len, UNSEAL_ROOT_KEY)) {
        space_of(t, uuid)->own_seal = true;
    } else if (len == skip + BARRIER_UUID &&
               memcmp(rest, children, skip) == 0) {
        memcpy(space_of(t, rest + skip)->parent, uuid, BARRIER_UUID);
    }
    return 0;
}

/* A key need not be text. */
static char *printable(const struct snapshot_entry *entry)
{
    char text[KEY_TEXT_MAX];
    size_t used = 0;
    size_t n = 0;

    for (; n < entry->key_len && used < sizeof(text) - 8; n++) {
        unsigned char c = entry->key[n];

        if (c >= 0x20 && c < 0x7f) {
            text[used++] = (char)c;
        } else {
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     "\\x%02x", c);
        }
    }
    text[used] = '\0';
    return text_format("%s%s", text, n < entry->key_len ? "..." : "");
}

int prove_tally_fault(struct prove_tally *t, enum snapshot_fault fault,
                      const struct snapshot_entry *entry, struct error *err)
{
    struct space *space = &t->spaces[0];
    struct snapshot_fault_row *row = NULL;
    size_t limit = LIMIT_FINDINGS;
    const char *uuid = NULL;
    const char *rest = NULL;
    size_t len = 0;

    if (barrier_namespace(entry->key, entry->key_len, &uuid, &rest, &len)) {
        space = space_of(t, uuid);
        limit = space == t->spaces ? limit : ROWS_PER_NAMESPACE;
    }
    space->faults++;
    if (space->rows_count == limit) {
        return 0;
    }
    row = &rows_of(t, space)[space->rows_count];
    *row = (struct snapshot_fault_row){
        .fault = fault,
        .term = fault == SNAPSHOT_FAULT_NOT_SEALED ? 0 : barrier_term(entry),
        .key = printable(entry),
    };
    if (row->key == NULL) {
        return error_memory(err);
    }
    space->rows_count++;
    return 0;
}

/* A seal of its own, or of a namespace around it. */
static bool sealed_apart(const struct prove_tally *t, const struct space *space)
{
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        size_t at = 0;

        if (space->own_seal) {
            return true;
        }
        if (space->parent[0] == '\0') {
            return false;
        }
        at = position(t, space->parent);
        if (!is_at(t, at, space->parent)) {
            return false;
        }
        space = &t->spaces[at];
    }
    return false;
}

static void mark_namespace(struct snapshot_proof *proof, const char *uuid)
{
    struct contents *c = &proof->contents;

    for (size_t n = 0; n < c->namespaces_count; n++) {
        if (strcmp(c->namespaces[n].uuid, uuid) == 0) {
            c->namespaces[n].own_seal = true;
        }
    }
}

int prove_tally_finish(struct prove_tally *t, struct snapshot_proof *proof,
                       struct error *err)
{
    proof->fault_rows = calloc(LIMIT_FINDINGS, sizeof(*proof->fault_rows));
    if (proof->fault_rows == NULL) {
        return error_memory(err);
    }
    for (size_t n = 0; n < t->count; n++) {
        struct space *space = &t->spaces[n];

        if (n > 0 && sealed_apart(t, space)) {
            proof->uncovered += space->faults;
            mark_namespace(proof, space->uuid);
            continue;
        }
        proof->faults += space->faults;
        for (size_t i = 0;
             i < space->rows_count && proof->fault_rows_count < LIMIT_FINDINGS;
             i++) {
            struct snapshot_fault_row *row = &rows_of(t, space)[i];

            proof->fault_rows[proof->fault_rows_count++] = *row;
            row->key = NULL;
        }
    }
    return 0;
}
