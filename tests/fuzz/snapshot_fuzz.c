/* SPDX-License-Identifier: Apache-2.0
 *
 * Byte 0 says what the rest is: an archive; a tar, to be wrapped in a gzip
 * stream that is right (or no input would get past its CRC); a state.bin.
 * Byte 1 says in how large pieces it comes.  The parsers must neither crash
 * nor judge by how the bytes are cut.  (The sentence may differ: what is
 * found first in damaged data depends on how much of it is there.) */
#include <stdint.h>
#include <stdlib.h>

#include <libdeflate.h>

#include "base/buf.h"
#include "snapshot/entries.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf archive;
    size_t step = 0;

    if (size < 2 || size > MOST) {
        return 0;
    }
    step = (size_t)data[1] + 1;
    if (data[0] % 3 == 2) {
        walk_state(data + 2, size - 2, step);
    } else if (data[0] % 3 == 1) {
        buf_init(&archive, 2 * MOST);
        wrap(&archive, data + 2, size - 2);
        check_archive((const uint8_t *)archive.data, archive.len, step);
        buf_done(&archive);
    } else {
        check_archive(data + 2, size - 2, step);
    }
    return 0;
}
