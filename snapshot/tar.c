/* SPDX-License-Identifier: Apache-2.0
 *
 * The header is POSIX.1-1988 ustar: 512 bytes with name at 0 (100), size at
 * 124 (12), checksum at 148 (8), type at 156, magic at 257, prefix at 345
 * (155).  pax records (POSIX.1-2001) come as a pseudo-file of type 'x' before
 * the member that they describe. */
#include "snapshot/tar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"

enum { BLOCK = 512 };
enum { NAME_SIZE = 100, PREFIX_SIZE = 155, SIZE_SIZE = 12, SUM_SIZE = 8 };
enum { AT_SIZE = 124, AT_SUM = 148, AT_TYPE = 156, AT_MAGIC = 257 };
enum { AT_PREFIX = 345 };

enum tar_state {
    IN_HEADER,
    IN_DATA,
    IN_PADDING,
    IN_PAX,
    IN_PAX_PADDING,
    ENDED
};

struct tar {
    enum tar_state state;
    uint8_t block[BLOCK];
    size_t have; /* bytes of the block */
    unsigned zero_blocks;
    char name[TAR_NAME_MAX];
    uint64_t size;
    uint64_t left;  /* bytes of the member, or of the pax records */
    size_t padding; /* bytes up to the next block */
    /* What pax records say about the next member. */
    struct buf pax;
    bool pax_seen;
    bool pax_has_size;
    uint64_t pax_size;
    char pax_path[TAR_NAME_MAX]; /* "" for none */
};

struct tar *tar_new(void)
{
    struct tar *t = calloc(1, sizeof(*t));

    if (t != NULL) {
        buf_init(&t->pax, LIMIT_SNAPSHOT_MEMBER);
    }
    return t;
}

void tar_free(struct tar *t)
{
    if (t != NULL) {
        buf_done(&t->pax);
        free(t);
    }
}

const char *tar_name(const struct tar *t)
{
    return t->name;
}

uint64_t tar_size(const struct tar *t)
{
    return t->size;
}

bool tar_ended(const struct tar *t)
{
    return t->state == ENDED;
}

bool tar_inside(const struct tar *t, char *out, size_t size)
{
    if (t->state == IN_DATA || t->state == IN_PADDING) {
        snprintf(out, size, "%s after %" PRIu64 " of %" PRIu64 " bytes",
                 t->name, t->size - t->left, t->size);
        return true;
    }
    if (t->have > 0 || t->pax_seen || t->state == IN_PAX ||
        t->state == IN_PAX_PADDING) {
        text_copy(out, size, "a tar header");
        return true;
    }
    if (t->zero_blocks == 1) {
        text_copy(out, size, "the end marker of the tar");
        return true;
    }
    return false;
}

/* Octal digits between optional spaces, ended by a space, a NUL or the end
 * of the field. */
static bool parse_octal(const uint8_t *p, size_t len, uint64_t *out)
{
    uint64_t value = 0;
    size_t at = 0;
    size_t digits = 0;

    while (at < len && p[at] == ' ') {
        at++;
    }
    for (; at < len && p[at] >= '0' && p[at] <= '7'; at++, digits++) {
        value = value << 3 | (uint64_t)(p[at] - '0');
    }
    for (; at < len; at++) {
        if (p[at] != ' ' && p[at] != '\0') {
            return false;
        }
    }
    *out = value;
    return digits > 0;
}

/* Octal, or GNU's base 256 when the top bit is set: 95 bits big endian, of
 * which all but the last 63 must be zero. */
static bool parse_size(const uint8_t *p, uint64_t *out)
{
    uint64_t value = 0;

    if ((p[0] & 0x80) == 0) {
        return parse_octal(p, SIZE_SIZE, out);
    }
    if (p[0] != 0x80 || p[1] != 0 || p[2] != 0 || p[3] != 0 || p[4] > 0x7f) {
        return false;
    }
    for (size_t at = 4; at < SIZE_SIZE; at++) {
        value = value << 8 | p[at];
    }
    *out = value;
    return true;
}

static bool sum_is_right(const uint8_t *block)
{
    uint64_t stored = 0;
    uint64_t sum = 0;

    for (size_t at = 0; at < BLOCK; at++) {
        bool in_sum = at >= AT_SUM && at < AT_SUM + SUM_SIZE;

        sum += in_sum ? (uint8_t)' ' : block[at];
    }
    return parse_octal(block + AT_SUM, SUM_SIZE, &stored) && stored == sum;
}

static bool all_zero(const uint8_t *block)
{
    return block[0] == 0 && memcmp(block, block + 1, BLOCK - 1) == 0;
}

/* prefix "/" name; GNU's headers ("ustar ") have other things at prefix. */
static void header_name(const uint8_t *block, char out[TAR_NAME_MAX])
{
    const char *name = (const char *)block;
    const char *prefix = (const char *)block + AT_PREFIX;
    int prefix_len = 0;

    if (memcmp(block + AT_MAGIC, "ustar", 6) == 0) {
        prefix_len = (int)strnlen(prefix, PREFIX_SIZE);
    }
    snprintf(out, TAR_NAME_MAX, "%.*s%s%.*s", prefix_len, prefix,
             prefix_len > 0 ? "/" : "", (int)strnlen(name, NAME_SIZE), name);
}

static int pax_bad(struct error *err)
{
    return error_set(err, ERR_CORRUPT, "a pax header of the tar is malformed");
}

/* "key=value"; the two that change how the member is read. */
static bool pax_record(struct tar *t, char *record)
{
    char *equals = strchr(record, '=');

    if (equals == NULL) {
        return false;
    }
    *equals = '\0';
    if (strcmp(record, "size") == 0) {
        t->pax_has_size = true;
        return text_u64(equals + 1, &t->pax_size) && t->pax_size <= INT64_MAX;
    }
    if (strcmp(record, "path") == 0) {
        return text_copy(t->pax_path, sizeof(t->pax_path), equals + 1);
    }
    return true;
}

/* Each record: its own length in decimal, a space, key=value, a newline. */
static int pax_parse(struct tar *t, struct error *err)
{
    char *at = t->pax.data;
    char *end = at + t->pax.len;

    while (at < end) {
        char *space = memchr(at, ' ', (size_t)(end - at));
        uint64_t len = 0;

        if (space == NULL) {
            return pax_bad(err);
        }
        *space = '\0';
        if (!text_u64(at, &len) || len > (uint64_t)(end - at) ||
            len < (uint64_t)(space - at) + 3 || at[len - 1] != '\n') {
            return pax_bad(err);
        }
        at[len - 1] = '\0';
        if (!pax_record(t, space + 1)) {
            return pax_bad(err);
        }
        at += len;
    }
    return 0;
}

static int begin_pax(struct tar *t, uint64_t size, struct error *err)
{
    if (t->pax_seen || size == 0 || size > LIMIT_SNAPSHOT_MEMBER) {
        return pax_bad(err);
    }
    t->pax_seen = true;
    buf_clear(&t->pax);
    t->left = size;
    t->padding = (size_t)(-size % BLOCK);
    t->state = IN_PAX;
    return 0;
}

static int zero_block(struct tar *t, struct error *err)
{
    if (t->pax_seen) {
        return pax_bad(err);
    }
    t->zero_blocks++;
    if (t->zero_blocks == 2) {
        t->state = ENDED;
    }
    return 0;
}

/* A whole header block is there.  *began: it starts a member. */
static int header(struct tar *t, bool *began, struct error *err)
{
    uint64_t size = 0;
    uint8_t type = t->block[AT_TYPE];

    t->have = 0;
    if (all_zero(t->block)) {
        return zero_block(t, err);
    }
    if (t->zero_blocks > 0) {
        return error_set(err, ERR_CORRUPT,
                         "the tar goes on after a block of zeros");
    }
    if (!sum_is_right(t->block)) {
        return error_set(err, ERR_CORRUPT, "a tar header has a wrong checksum");
    }
    if (!parse_size(t->block + AT_SIZE, &size)) {
        return error_set(err, ERR_CORRUPT, "a tar header has a bad size");
    }
    if (type == 'x') {
        return begin_pax(t, size, err);
    }
    if (type != '0' && type != '\0') {
        return error_set(err, ERR_CORRUPT,
                         "the tar holds something that is not a regular file");
    }
    header_name(t->block, t->name);
    if (t->pax_path[0] != '\0') {
        text_copy(t->name, sizeof(t->name), t->pax_path);
    }
    t->size = t->pax_has_size ? t->pax_size : size;
    t->left = t->size;
    t->padding = (size_t)(-t->size % BLOCK);
    t->pax_seen = t->pax_has_size = false;
    t->pax_path[0] = '\0';
    t->state = IN_DATA;
    *began = true;
    return 0;
}

static struct span take(struct span *in, uint64_t most)
{
    struct span piece = {in->data, in->len};

    if (piece.len > most) {
        piece.len = (size_t)most;
    }
    span_skip(in, piece.len);
    return piece;
}

static int in_header(struct tar *t, struct span *in, enum tar_event *event,
                     struct error *err)
{
    struct span piece = take(in, BLOCK - t->have);
    bool began = false;

    memcpy(t->block + t->have, piece.data, piece.len);
    t->have += piece.len;
    if (t->have < BLOCK) {
        return 0;
    }
    if (header(t, &began, err) != 0) {
        return -1;
    }
    if (began) {
        *event = TAR_MEMBER;
    }
    return 0;
}

static int in_pax(struct tar *t, struct span *in, struct error *err)
{
    struct span piece = take(in, t->left);

    buf_add(&t->pax, piece.data, piece.len);
    if (buf_failed(&t->pax)) {
        return error_memory(err);
    }
    t->left -= piece.len;
    if (t->left > 0) {
        return 0;
    }
    t->state = IN_PAX_PADDING;
    return pax_parse(t, err);
}

static void in_padding(struct tar *t, struct span *in)
{
    t->padding -= take(in, t->padding).len;
    if (t->padding == 0) {
        t->state = IN_HEADER;
    }
}

static void in_data(struct tar *t, struct span *in, enum tar_event *event,
                    struct span *data)
{
    if (t->left > 0) {
        *data = take(in, t->left);
        t->left -= data->len;
        *event = TAR_DATA;
        return;
    }
    t->state = t->padding > 0 ? IN_PADDING : IN_HEADER;
    *event = TAR_CLOSED;
}

int tar_next(struct tar *t, struct span *in, enum tar_event *event,
             struct span *data, struct error *err)
{
    int rc = 0;

    *event = TAR_MORE;
    while (rc == 0 && *event == TAR_MORE) {
        /* The one event that needs no input. */
        if (in->len == 0 && (t->state != IN_DATA || t->left > 0)) {
            break;
        }
        switch (t->state) {
        case IN_HEADER:
            rc = in_header(t, in, event, err);
            break;
        case IN_DATA:
            in_data(t, in, event, data);
            break;
        case IN_PAX:
            rc = in_pax(t, in, err);
            break;
        case IN_PADDING:
        case IN_PAX_PADDING:
            in_padding(t, in);
            break;
        case ENDED:
            return error_set(err, ERR_CORRUPT,
                             "data follows the end of the tar");
        }
    }
    return rc;
}
