/* SPDX-License-Identifier: Apache-2.0
 *
 * The framing only; libdeflate for its CRC, which is several times faster
 * than zlib's. */
#include "snapshot/gunzip.h"

#include <stdlib.h>

#include <libdeflate.h>

#include "snapshot/inflater.h"

enum { FLAG_CRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16 };
enum { FLAGS_RESERVED = 0xe0, FIXED_SIZE = 10, TRAILER_SIZE = 8 };
enum { METHOD_DEFLATE = 8 };

/* The parts of the header, in their order; each but the first optional. */
enum header_part {
    PART_FIXED,
    PART_EXTRA_LENGTH,
    PART_EXTRA,
    PART_NAME,
    PART_COMMENT,
    PART_CRC,
    PART_DONE,
};

struct gunzip {
    struct inflater *inflater;
    enum gunzip_place place;
    enum header_part part;
    uint8_t field[FIXED_SIZE]; /* of the header or trailer, so far */
    size_t have;
    size_t skip; /* of the extra field */
    uint8_t flags;
    uint32_t header_crc;
    uint32_t crc;
    uint32_t length; /* modulo 2^32, as the trailer has it */
};

struct gunzip *gunzip_new(void)
{
    struct gunzip *g = calloc(1, sizeof(*g));

    if (g == NULL) {
        return NULL;
    }
    g->inflater = inflater_new();
    if (g->inflater == NULL) {
        free(g);
        return NULL;
    }
    return g;
}

void gunzip_free(struct gunzip *g)
{
    if (g != NULL) {
        inflater_free(g->inflater);
        free(g);
    }
}

bool gunzip_pending(const struct gunzip *g)
{
    return g->place == GUNZIP_BODY && inflater_pending(g->inflater);
}

enum gunzip_place gunzip_where(const struct gunzip *g)
{
    return g->place;
}

static uint32_t little32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* What arrives instead of an archive is most often an error page. */
static int not_gzip(uint8_t first, struct error *err)
{
    const char *hint = "";

    if (first == '{') {
        hint = " (it begins like JSON)";
    } else if (first == '<') {
        hint = " (it begins like an HTML page)";
    }
    return error_set(err, ERR_CORRUPT, "the archive is not gzip data%s", hint);
}

static int fixed_done(struct gunzip *g, struct error *err)
{
    if (g->field[2] != METHOD_DEFLATE) {
        return error_set(err, ERR_CORRUPT,
                         "the gzip header names an unknown compression "
                         "method");
    }
    g->flags = g->field[3];
    if ((g->flags & FLAGS_RESERVED) != 0) {
        return error_set(err, ERR_CORRUPT,
                         "the gzip header has reserved flags set");
    }
    return 0;
}

static bool part_present(const struct gunzip *g, enum header_part part)
{
    switch (part) {
    case PART_EXTRA_LENGTH:
    case PART_EXTRA:
        return (g->flags & FLAG_EXTRA) != 0;
    case PART_NAME:
        return (g->flags & FLAG_NAME) != 0;
    case PART_COMMENT:
        return (g->flags & FLAG_COMMENT) != 0;
    case PART_CRC:
        return (g->flags & FLAG_CRC) != 0;
    case PART_FIXED:
    case PART_DONE:
        break;
    }
    return true;
}

static void next_part(struct gunzip *g)
{
    g->have = 0;
    do {
        g->part++;
    } while (!part_present(g, g->part) ||
             (g->part == PART_EXTRA && g->skip == 0));
    if (g->part == PART_DONE) {
        g->place = GUNZIP_BODY;
    }
}

/* One more byte of a part with a known length; true when it is complete. */
static bool collect(struct gunzip *g, uint8_t byte, size_t size)
{
    g->field[g->have++] = byte;
    return g->have == size;
}

static int header_byte(struct gunzip *g, uint8_t byte, struct error *err)
{
    /* The CRC of a header covers all that is before it. */
    uint32_t crc = g->header_crc & 0xffff;
    bool complete = false;

    g->header_crc = libdeflate_crc32(g->header_crc, &byte, 1);
    switch (g->part) {
    case PART_FIXED:
        if ((g->have == 0 && byte != 0x1f) || (g->have == 1 && byte != 0x8b)) {
            return not_gzip(g->have == 0 ? byte : 0, err);
        }
        complete = collect(g, byte, FIXED_SIZE);
        if (complete && fixed_done(g, err) != 0) {
            return -1;
        }
        break;
    case PART_EXTRA_LENGTH:
        complete = collect(g, byte, 2);
        g->skip = (size_t)(g->field[0] | g->field[1] << 8);
        break;
    case PART_EXTRA:
        complete = --g->skip == 0;
        break;
    case PART_NAME:
    case PART_COMMENT:
        complete = byte == 0;
        break;
    case PART_CRC:
        if (g->have == 0) {
            g->skip = crc;
        }
        complete = collect(g, byte, 2);
        if (complete && (size_t)(g->field[0] | g->field[1] << 8) != g->skip) {
            return error_set(err, ERR_CORRUPT,
                             "the gzip header has a wrong CRC");
        }
        break;
    case PART_DONE:
        break;
    }
    if (complete) {
        next_part(g);
    }
    return 0;
}

static int trailer_byte(struct gunzip *g, uint8_t byte, struct error *err)
{
    if (!collect(g, byte, TRAILER_SIZE)) {
        return 0;
    }
    if (little32(g->field) != g->crc) {
        return error_set(err, ERR_CORRUPT,
                         "the gzip stream has a wrong CRC: its content is "
                         "damaged");
    }
    if (little32(g->field + 4) != g->length) {
        return error_set(err, ERR_CORRUPT,
                         "the gzip stream has a wrong length in its trailer");
    }
    g->place = GUNZIP_END;
    return 0;
}

static int body(struct gunzip *g, struct span *in, struct span *out,
                struct error *err)
{
    if (inflater_step(g->inflater, in, out, err) != 0) {
        return -1;
    }
    g->crc = libdeflate_crc32(g->crc, out->data, out->len);
    g->length += (uint32_t)out->len;
    if (inflater_ended(g->inflater)) {
        g->place = GUNZIP_TRAILER;
        g->have = 0;
    }
    return 0;
}

int gunzip_step(struct gunzip *g, struct span *in, struct span *out,
                struct error *err)
{
    *out = (struct span){NULL, 0};
    while (out->len == 0 && (in->len > 0 || gunzip_pending(g))) {
        if (g->place == GUNZIP_BODY) {
            if (body(g, in, out, err) != 0) {
                return -1;
            }
            continue;
        }
        if (g->place == GUNZIP_END) {
            return error_set(err, ERR_CORRUPT,
                             "data follows the end of the gzip stream");
        }
        if ((g->place == GUNZIP_HEADER
                 ? header_byte(g, in->data[0], err)
                 : trailer_byte(g, in->data[0], err)) != 0) {
            return -1;
        }
        span_skip(in, 1);
    }
    return 0;
}
