/* SPDX-License-Identifier: Apache-2.0 */
#include "archive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/digest.h"

void archive_varint(struct buf *out, uint64_t value)
{
    while (value >= 0x80) {
        buf_char(out, (char)(value | 0x80));
        value >>= 7;
    }
    buf_char(out, (char)value);
}

void archive_entry_len(struct buf *out, const void *key, size_t key_len,
                       const void *value, size_t value_len)
{
    struct buf body;

    buf_init(&body, ARCHIVE_MAX);
    buf_char(&body, 0x0a);
    archive_varint(&body, key_len);
    buf_add(&body, key, key_len);
    if (value != NULL) {
        buf_char(&body, 0x12);
        archive_varint(&body, value_len);
        buf_add(&body, value, value_len);
    }
    archive_varint(out, body.len);
    buf_add(out, body.data, body.len);
    buf_done(&body);
}

void archive_entry(struct buf *out, const char *key, const char *value)
{
    archive_entry_len(out, key, strlen(key), value,
                      value != NULL ? strlen(value) : 0);
}

void archive_tar_fix_sum(uint8_t block[512])
{
    unsigned sum = 0;
    char text[8];

    memset(block + 148, ' ', 8);
    for (size_t n = 0; n < 512; n++) {
        sum += block[n];
    }
    (void)snprintf(text, sizeof(text), "%06o", sum & 0777777);
    memcpy(block + 148, text, 7);
}

void archive_tar_header(struct buf *out, const char *name, uint64_t size,
                        char type)
{
    uint8_t block[512] = {0};
    char octal[13];

    memcpy(block, name, strlen(name));
    memcpy(block + 100, "0000600", 7);
    (void)snprintf(octal, sizeof(octal), "%011" PRIo64, size & 077777777777);
    memcpy(block + 124, octal, 11);
    memcpy(block + 136, "14524030000", 11);
    block[156] = (uint8_t)type;
    memcpy(block + 257, "ustar\00000", 8);
    archive_tar_fix_sum(block);
    buf_add(out, block, sizeof(block));
}

static void pad(struct buf *out, size_t len)
{
    static const char zeros[512];

    buf_add(out, zeros, (512 - len % 512) % 512);
}

void archive_tar_member(struct buf *out, const char *name, const void *data,
                        size_t len)
{
    archive_tar_header(out, name, len, '0');
    buf_add(out, data, len);
    pad(out, len);
}

void archive_tar_end(struct buf *out)
{
    static const char zeros[1024];

    buf_add(out, zeros, sizeof(zeros));
}

void archive_gzip(struct buf *out, const struct buf *plain, int level)
{
    z_stream z = {0};
    size_t room = plain->len + plain->len / 100 + 1000;
    uint8_t *data = malloc(room);

    if (data == NULL ||
        deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, 0) != Z_OK) {
        abort();
    }
    z.next_in = (Bytef *)plain->data;
    z.avail_in = (uInt)plain->len;
    z.next_out = data;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) {
        abort();
    }
    buf_add(out, data, room - z.avail_out);
    deflateEnd(&z);
    free(data);
}

bool archive_gunzip(struct buf *out, const struct buf *gz)
{
    z_stream z = {0};
    uint8_t piece[4096];
    int rc = inflateInit2(&z, 15 + 16);

    z.next_in = (Bytef *)gz->data;
    z.avail_in = (uInt)gz->len;
    while (rc == Z_OK) {
        z.next_out = piece;
        z.avail_out = sizeof(piece);
        rc = inflate(&z, Z_NO_FLUSH);
        buf_add(out, piece, sizeof(piece) - z.avail_out);
    }
    inflateEnd(&z);
    return rc == Z_STREAM_END && z.avail_in == 0;
}

void archive_meta(struct buf *out, uint64_t size)
{
    buf_printf(out,
               "{\"Version\":1,\"ID\":\"bolt-snapshot\",\"Index\":157,"
               "\"Term\":3,\"Peers\":null,\"Configuration\":{\"Servers\":["
               "{\"Suffrage\":0,\"ID\":\"n1\",\"Address\":\"127.0.0.1:8201\"},"
               "{\"Suffrage\":1,\"ID\":\"n2\",\"Address\":\"127.0.0.1:8203\"}]"
               "},\"ConfigurationIndex\":1,\"Size\":%" PRIu64 "}\n",
               size);
}

static void sum_line(struct buf *out, const char *name, const struct buf *data,
                     bool wrong)
{
    char hex[DIGEST_SHA256_HEX];

    digest_sha256_hex(buf_text(data), data->len, hex);
    if (wrong) {
        hex[5] = hex[5] == '0' ? '1' : '0';
    }
    buf_printf(out, "%s  %s\n", hex, name);
}

void archive_build(struct buf *out, const struct buf *state,
                   const struct archive_options *o)
{
    struct buf meta;
    struct buf sums;
    struct buf tar;

    buf_init(&meta, ARCHIVE_MAX);
    buf_init(&sums, ARCHIVE_MAX);
    buf_init(&tar, ARCHIVE_MAX);
    if (o->meta != NULL) {
        buf_str(&meta, o->meta);
    } else {
        archive_meta(&meta, (uint64_t)((int64_t)state->len + o->wrong_size));
    }
    for (int line = 0; line < 2 && o->sums == NULL; line++) {
        if ((line == 0) == o->state_sum_first) {
            sum_line(&sums, "state.bin", state, o->bad_sum == 's');
        } else {
            sum_line(&sums, "meta.json", &meta, o->bad_sum == 'm');
        }
    }
    buf_str(&sums, o->sums != NULL ? o->sums : "");
    for (const char *m = o->order != NULL ? o->order : "msSx"; *m; m++) {
        if (*m == 'm') {
            archive_tar_member(&tar, "meta.json", meta.data, meta.len);
        } else if (*m == 's') {
            archive_tar_member(&tar, "state.bin", state->data, state->len);
        } else if (*m == 'S') {
            archive_tar_member(&tar, "SHA256SUMS", sums.data, sums.len);
        } else {
            archive_tar_member(&tar, "SHA256SUMS.sealed", "sealed", 6);
        }
    }
    archive_tar_end(&tar);
    archive_gzip(out, &tar, o->level);
    if (buf_failed(out)) {
        abort();
    }
    buf_done(&meta);
    buf_done(&sums);
    buf_done(&tar);
}

void archive_small(struct buf *out)
{
    static const struct archive_options options;
    struct buf state;

    buf_init(&state, ARCHIVE_MAX);
    archive_entry(&state, "core/mounts", "one");
    archive_entry(&state, "logical/a/b", "two two");
    archive_entry(&state, "sys/policy/default", NULL);
    archive_build(out, &state, &options);
    buf_done(&state);
}

static int source_read(void *ctx, void *data, size_t size, size_t *len,
                       struct error *err)
{
    struct archive_source *s = ctx;
    size_t left = s->len - s->at;

    *len = left < size ? left : size;
    *len = *len < s->step || s->step == 0 ? *len : s->step;
    if (*len == 0 && s->fail) {
        return error_set(err, ERR_IO, "the cable was pulled");
    }
    if (*len > 0) {
        memcpy(data, s->data + s->at, *len);
    }
    s->at += *len;
    return 0;
}

struct source archive_source(struct archive_source *s)
{
    return (struct source){.read = source_read, .ctx = s, .size = UINT64_MAX};
}
