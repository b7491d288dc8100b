/* SPDX-License-Identifier: Apache-2.0
 *
 * Byte 0 says what the rest is: an archive; a tar, to be wrapped in a gzip
 * stream that is right (or no input would get past its CRC); a state.bin; or
 * deflate data, of which our inflater must make exactly what zlib does.
 * Byte 1 says in how large pieces it comes.  The parsers must neither crash
 * nor judge by how the bytes are cut.  (The sentence may differ: what is
 * found first in damaged data depends on how much of it is there.) */
#include <stdint.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <libdeflate.h>
#include <zlib.h>

#include "base/buf.h"
#include "snapshot/entries.h"
#include "snapshot/inflater.h"
#include "snapshot/reader.h"

enum { MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int touch(void *ctx, const struct snapshot_entry *entry,
                 struct error *err)
{
    uint32_t *sum = ctx;

    (void)err;
    *sum = libdeflate_crc32(*sum, entry->key, entry->key_len);
    *sum = libdeflate_crc32(*sum, entry->value, entry->value_len);
    return 0;
}

struct outcome {
    int rc;
    uint32_t sum;
    uint64_t entries;
    enum error_kind kind;
};

static void read_archive(const uint8_t *data, size_t size, size_t step,
                         struct outcome *out)
{
    struct snapshot_reader_options options = {
        .entry = touch, .ctx = &out->sum, .prefixes = true};
    struct snapshot_reader *r = snapshot_reader_new(&options);
    struct snapshot_facts facts;
    struct error err = {0};

    if (r == NULL) {
        abort();
    }
    *out = (struct outcome){.rc = 0};
    while (out->rc == 0 && size > 0) {
        size_t piece = step < size ? step : size;

        out->rc = snapshot_reader_push(r, data, piece, &err);
        data += piece;
        size -= piece;
    }
    if (out->rc == 0) {
        out->rc = snapshot_reader_finish(r, &facts, &err);
        if (out->rc == 0) {
            out->entries = facts.entries;
            snapshot_facts_done(&facts);
        }
    }
    out->kind = err.kind;
    snapshot_reader_free(r);
}

static void check_archive(const uint8_t *data, size_t size, size_t step)
{
    struct outcome whole;
    struct outcome pieces;

    read_archive(data, size, size > 0 ? size : 1, &whole);
    read_archive(data, size, step, &pieces);
    if (whole.rc != pieces.rc || whole.kind != pieces.kind ||
        whole.entries != pieces.entries ||
        (whole.rc == 0 && whole.sum != pieces.sum)) {
        abort();
    }
}

static void add_little(struct buf *out, uint32_t value, unsigned bytes)
{
    for (; bytes > 0; bytes--, value >>= 8) {
        buf_char(out, (char)(value & 0xff));
    }
}

/* Stored blocks: nothing to compress. */
static void wrap(struct buf *out, const uint8_t *data, size_t size)
{
    uint32_t crc = libdeflate_crc32(0, data, size);
    uint32_t length = (uint32_t)size;

    buf_add(out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    do {
        size_t piece = size < 65535 ? size : 65535;

        buf_char(out, piece == size);
        add_little(out, (uint32_t)piece, 2);
        add_little(out, ~(uint32_t)piece, 2);
        buf_add(out, data, piece);
        data += piece;
        size -= piece;
    } while (size > 0);
    add_little(out, crc, 4);
    add_little(out, length, 4);
}

static void walk_state(const uint8_t *data, size_t size, size_t step)
{
    struct entries *e = entries_new(true);
    struct error err;
    uint32_t sum = 0;
    int rc = 0;

    if (e == NULL) {
        abort();
    }
    while (rc == 0 && size > 0) {
        struct span piece = {data, step < size ? step : size};
        struct entries_item item;
        bool found = true;

        data += piece.len;
        size -= piece.len;
        while (rc == 0 && piece.len > 0) {
            rc = entries_next(e, &piece, &found, &item, &err);
            if (rc == 0 && found) {
                sum = libdeflate_crc32(sum, item.key, item.key_len);
                sum = libdeflate_crc32(sum, item.value, item.value_len);
            }
        }
    }
    rc = rc == 0 ? entries_end(e, &err) : rc;
    (void)sum;
    entries_free(e);
}

struct plain {
    bool bad;
    bool ended;
    uint32_t crc;
    uint64_t length;
    size_t used; /* where it ended */
};

static struct plain by_zlib(const uint8_t *data, size_t size)
{
    static uint8_t chunk[65536];
    struct plain p = {.bad = false};
    z_stream z = {0};
    int rc = inflateInit2(&z, -15);

    z.next_in = data;
    z.avail_in = (uInt)size;
    do {
        size_t made = 0;

        z.next_out = chunk;
        z.avail_out = sizeof(chunk);
        rc = inflate(&z, Z_NO_FLUSH);
        made = sizeof(chunk) - z.avail_out;
        p.crc = libdeflate_crc32(p.crc, chunk, made);
        p.length += made;
    } while (rc == Z_OK && (z.avail_in > 0 || z.avail_out == 0));
    p.bad = rc == Z_DATA_ERROR;
    p.ended = rc == Z_STREAM_END;
    p.used = size - z.avail_in;
    inflateEnd(&z);
    return p;
}

static struct plain by_us(const uint8_t *data, size_t size, size_t step)
{
    struct plain p = {.bad = false};
    struct inflater *s = inflater_new();
    size_t at = 0;
    struct error err;

    if (s == NULL) {
        abort();
    }
    while (!p.bad && !inflater_ended(s) && at < size) {
        struct span in = {data + at, step < size - at ? step : size - at};

        at += in.len;
        do {
            struct span out = {NULL, 0};

            p.bad = inflater_step(s, &in, &out, &err) != 0;
            p.crc = libdeflate_crc32(p.crc, out.data, out.len);
            p.length += out.len;
        } while (!p.bad && !inflater_ended(s) &&
                 (in.len > 0 || inflater_pending(s)));
        p.used = at - in.len;
    }
    p.ended = inflater_ended(s);
    inflater_free(s);
    return p;
}

/* Where the data is cut off, zlib may see an error earlier or later. */
static void check_inflater(const uint8_t *data, size_t size, size_t step)
{
    struct plain theirs = by_zlib(data, size);
    struct plain ours = by_us(data, size, step);

    if (theirs.ended != ours.ended ||
        (ours.ended && (theirs.crc != ours.crc || theirs.used != ours.used ||
                        theirs.length != ours.length))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf archive;
    size_t step = 0;

    if (size < 2 || size > MOST) {
        return 0;
    }
    step = (size_t)data[1] + 1;
    if (data[0] % 4 == 3) {
        check_inflater(data + 2, size - 2, step * 4);
    } else if (data[0] % 4 == 2) {
        walk_state(data + 2, size - 2, step);
    } else if (data[0] % 4 == 1) {
        buf_init(&archive, 2 * MOST);
        wrap(&archive, data + 2, size - 2);
        check_archive((const uint8_t *)archive.data, archive.len, step);
        buf_done(&archive);
    } else {
        check_archive(data + 2, size - 2, step);
    }
    return 0;
}
