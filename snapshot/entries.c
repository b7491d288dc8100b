/* SPDX-License-Identifier: Apache-2.0
 *
 * A state machine over bytes, so that an entry may be cut anywhere; keys and
 * values are handled in bulk. */
#include "snapshot/entries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"

enum { FIELD_KEY = 1, FIELD_VALUE = 2 };
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

enum entries_state {
    AT_LENGTH, /* between two entries, or inside a length */
    AT_TAG,
    AT_FIELD_LENGTH,
    AT_KEY,
    AT_VALUE,
    AT_SKIP_VARINT,
    AT_SKIP,
};

struct entries {
    enum entries_state state;
    bool keep_values;
    uint64_t count;
    /* The varint being read. */
    uint64_t varint;
    unsigned varint_bytes;
    /* The message and the field in it. */
    uint64_t message_len;
    uint64_t message_left;
    uint64_t field;
    uint64_t field_left;
    bool key_seen;
    bool value_seen;
    /* This key and the one before it: two buffers that change places. */
    uint8_t *key;
    size_t key_len;
    uint8_t *last;
    size_t last_len;
    /* The value: in place if it came in one piece, else in `pieces`. */
    const uint8_t *value;
    size_t value_len;
    struct buf pieces;
};

struct entries *entries_new(bool keep_values)
{
    struct entries *e = calloc(1, sizeof(*e));

    if (e == NULL) {
        return NULL;
    }
    e->keep_values = keep_values;
    buf_init(&e->pieces, LIMIT_SNAPSHOT_ENTRY);
    e->key = malloc(LIMIT_SNAPSHOT_KEY);
    e->last = malloc(LIMIT_SNAPSHOT_KEY);
    if (e->key == NULL || e->last == NULL) {
        entries_free(e);
        return NULL;
    }
    return e;
}

void entries_free(struct entries *e)
{
    if (e != NULL) {
        buf_done(&e->pieces);
        free(e->key);
        free(e->last);
        free(e);
    }
}

uint64_t entries_count(const struct entries *e)
{
    return e->count;
}

/* Entries are numbered from 1. */
static int bad(const struct entries *e, const char *why, struct error *err)
{
    return error_set(err, ERR_CORRUPT, "entry %" PRIu64 " of state.bin %s",
                     e->count + 1, why);
}

int entries_end(const struct entries *e, struct error *err)
{
    if (e->state != AT_LENGTH || e->varint_bytes > 0) {
        return bad(e, "is cut off by the end of state.bin", err);
    }
    return 0;
}

/* Read on in a varint.  1 when it is complete, in e->varint; 0: more input;
 * -1: too long. */
static int varint(struct entries *e, struct span *in)
{
    while (in->len > 0) {
        uint8_t byte = in->data[0];

        span_skip(in, 1);
        if (e->varint_bytes == 0) {
            e->varint = 0;
        }
        /* The tenth byte has room for one bit. */
        if (e->varint_bytes == 9 && byte > 1) {
            return -1;
        }
        e->varint |= (uint64_t)(byte & 0x7f) << (7 * e->varint_bytes);
        e->varint_bytes++;
        if ((byte & 0x80) == 0) {
            e->varint_bytes = 0;
            return 1;
        }
    }
    return 0;
}

/* The same inside a message, whose end it must not cross. */
static int field_varint(struct entries *e, struct span *in)
{
    struct span part = {in->data, in->len};
    size_t used = 0;
    int rc = 0;

    if (part.len > e->message_left) {
        part.len = (size_t)e->message_left;
    }
    rc = varint(e, &part);
    used = (size_t)(part.data - in->data);
    span_skip(in, used);
    e->message_left -= used;
    if (rc == 0 && e->message_left == 0) {
        return -1;
    }
    return rc;
}

static int begin_message(struct entries *e, struct error *err)
{
    if (e->varint == 0) {
        return bad(e, "is empty", err);
    }
    if (e->varint > LIMIT_SNAPSHOT_ENTRY) {
        return error_set(err, ERR_CORRUPT,
                         "entry %" PRIu64 " of state.bin claims a length of "
                         "%" PRIu64 " bytes",
                         e->count + 1, e->varint);
    }
    e->message_len = e->message_left = e->varint;
    e->key_seen = e->value_seen = false;
    e->key_len = 0;
    e->value = (const uint8_t *)"";
    e->value_len = 0;
    e->state = AT_TAG;
    return 0;
}

/* A tag is there: the field's number and how it is encoded. */
static int begin_field(struct entries *e, struct error *err)
{
    unsigned wire = (unsigned)(e->varint & 7);

    e->field = e->varint >> 3;
    if (e->field == 0 || e->field > UINT32_MAX >> 3 || e->message_left == 0) {
        return bad(e, "is malformed", err);
    }
    if ((e->field == FIELD_KEY || e->field == FIELD_VALUE) &&
        wire != WIRE_BYTES) {
        return bad(e, "is malformed", err);
    }
    switch (wire) {
    case WIRE_VARINT:
        e->state = AT_SKIP_VARINT;
        return 0;
    case WIRE_BYTES:
        e->state = AT_FIELD_LENGTH;
        return 0;
    case WIRE_FIXED64:
    case WIRE_FIXED32:
        e->field_left = wire == WIRE_FIXED64 ? 8 : 4;
        e->state = AT_SKIP;
        break;
    default:
        return bad(e, "is malformed", err);
    }
    if (e->field_left > e->message_left) {
        return bad(e, "has a field that is longer than itself", err);
    }
    return 0;
}

/* The length of a bytes field is there. */
static int begin_bytes(struct entries *e, struct error *err)
{
    e->field_left = e->varint;
    if (e->field_left > e->message_left) {
        return bad(e, "has a field that is longer than itself", err);
    }
    if (e->field == FIELD_KEY) {
        if (e->key_seen || e->value_seen) {
            return bad(e, "has its key in the wrong place", err);
        }
        if (e->field_left > LIMIT_SNAPSHOT_KEY) {
            return bad(e, "has a key that is too long", err);
        }
        e->key_seen = true;
        e->state = AT_KEY;
    } else if (e->field == FIELD_VALUE) {
        if (!e->key_seen || e->value_seen) {
            return bad(e, "has its value in the wrong place", err);
        }
        e->value_seen = true;
        e->value_len = (size_t)e->field_left;
        e->state = AT_VALUE;
        buf_clear(&e->pieces);
    } else {
        e->state = AT_SKIP;
    }
    return 0;
}

static int keep_value(struct entries *e, const struct span *piece,
                      struct error *err)
{
    if (piece->len == e->value_len) {
        e->value = piece->data;
        return 0;
    }
    buf_add(&e->pieces, piece->data, piece->len);
    if (buf_failed(&e->pieces)) {
        return error_memory(err);
    }
    e->value = (const uint8_t *)e->pieces.data;
    return 0;
}

/* The bytes of a field, as many as are there. */
static int field_bytes(struct entries *e, struct span *in, struct error *err)
{
    struct span piece = {in->data, in->len};

    if (piece.len > e->field_left) {
        piece.len = (size_t)e->field_left;
    }
    span_skip(in, piece.len);
    e->field_left -= piece.len;
    e->message_left -= piece.len;
    if (e->state == AT_KEY) {
        memcpy(e->key + e->key_len, piece.data, piece.len);
        e->key_len += piece.len;
    } else if (e->state == AT_VALUE && e->keep_values && piece.len > 0) {
        if (keep_value(e, &piece, err) != 0) {
            return -1;
        }
    }
    if (e->field_left == 0) {
        e->state = AT_TAG;
    }
    return 0;
}

static int check_order(const struct entries *e, struct error *err)
{
    size_t least = e->key_len < e->last_len ? e->key_len : e->last_len;
    int order = memcmp(e->last, e->key, least);

    if (order > 0 || (order == 0 && e->last_len > e->key_len)) {
        return bad(e, "is out of order: its key sorts before the last one",
                   err);
    }
    if (order == 0 && e->last_len == e->key_len && e->count > 0) {
        return bad(e, "has the same key as the one before it", err);
    }
    return 0;
}

static int complete(struct entries *e, struct entries_item *item,
                    struct error *err)
{
    uint8_t *key = e->key;

    if (e->key_len == 0) {
        return bad(e, "has no key", err);
    }
    if (check_order(e, err) != 0) {
        return -1;
    }
    item->key = key;
    item->key_len = e->key_len;
    item->value = e->keep_values ? e->value : NULL;
    item->value_len = e->value_len;
    item->message_len = e->message_len;
    e->key = e->last;
    e->last = key;
    e->last_len = e->key_len;
    e->count++;
    e->state = AT_LENGTH;
    return 0;
}

/* One step of the machine. */
static int step(struct entries *e, struct span *in, struct error *err)
{
    int rc = 0;

    switch (e->state) {
    case AT_KEY:
    case AT_VALUE:
    case AT_SKIP:
        return field_bytes(e, in, err);
    case AT_LENGTH:
        rc = varint(e, in);
        break;
    case AT_TAG:
    case AT_FIELD_LENGTH:
    case AT_SKIP_VARINT:
        rc = field_varint(e, in);
        break;
    }
    if (rc <= 0) {
        return rc == 0 ? 0 : bad(e, "is malformed", err);
    }
    switch (e->state) {
    case AT_LENGTH:
        return begin_message(e, err);
    case AT_TAG:
        return begin_field(e, err);
    case AT_FIELD_LENGTH:
        return begin_bytes(e, err);
    default:
        e->state = AT_TAG;
        return 0;
    }
}

/* All of the message has been seen: nothing is left of it or its field. */
static bool at_end(const struct entries *e)
{
    bool in_bytes =
        e->state == AT_KEY || e->state == AT_VALUE || e->state == AT_SKIP;

    return e->message_left == 0 &&
           ((e->state == AT_TAG) || (in_bytes && e->field_left == 0));
}

int entries_next(struct entries *e, struct span *in, bool *found,
                 struct entries_item *item, struct error *err)
{
    *found = false;
    while (in->len > 0) {
        if (step(e, in, err) != 0) {
            return -1;
        }
        if (at_end(e)) {
            *found = true;
            return complete(e, item, err);
        }
    }
    return 0;
}
