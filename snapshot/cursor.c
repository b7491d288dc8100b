/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/cursor.h"

#include <stdlib.h>

#include "snapshot/cursor_sums.h"
#include "snapshot/reader_step.h"

enum { CHUNK = 64 * 1024 };

struct snapshot_cursor {
    const struct source *source;
    struct snapshot_reader *reader;
    struct snapshot_entry entry;
    struct snapshot_facts facts;
    bool ended;
    uint8_t chunk[CHUNK];
};

struct snapshot_cursor *
snapshot_cursor_new(const struct source *source,
                    const struct snapshot_reader_options *options)
{
    struct snapshot_cursor *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        return NULL;
    }
    c->source = source;
    c->reader = snapshot_reader_new_stepped(options);
    if (c->reader == NULL) {
        free(c);
        return NULL;
    }
    return c;
}

void snapshot_cursor_free(struct snapshot_cursor *c)
{
    if (c != NULL) {
        snapshot_facts_done(&c->facts);
        snapshot_reader_free(c->reader);
        free(c);
    }
}

int snapshot_cursor_next(struct snapshot_cursor *c,
                         const struct snapshot_entry **entry, struct error *err)
{
    while (!c->ended) {
        bool found = false;
        size_t len = 0;

        if (snapshot_reader_step(c->reader, &found, &c->entry, err) != 0) {
            return -1;
        }
        if (found) {
            *entry = &c->entry;
            return 0;
        }
        if (c->source->read(c->source->ctx, c->chunk, CHUNK, &len, err) != 0) {
            return -1;
        }
        snapshot_reader_feed(c->reader, c->chunk, len);
        if (len == 0) {
            if (snapshot_reader_finish(c->reader, &c->facts, err) != 0) {
                return -1;
            }
            c->ended = true;
        }
    }
    *entry = NULL;
    return 0;
}

void snapshot_cursor_take_facts(struct snapshot_cursor *c,
                                struct snapshot_facts *facts)
{
    *facts = c->facts;
    snapshot_facts_init(&c->facts);
}

void snapshot_cursor_sums(const struct snapshot_cursor *c,
                          struct members_sums *sums, struct span *sealed)
{
    snapshot_reader_sums(c->reader, sums, sealed);
}
