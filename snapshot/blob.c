/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/blob.h"

#include <string.h>

#include "base/text.h"

enum field { CIPHERTEXT = 1, NONCE = 2, KEY_INFO = 5, KEY_INFO_NAME = 3 };

static bool varint(struct span *in, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 63 && in->len > 0; shift += 7) {
        uint8_t byte = in->data[0];

        span_skip(in, 1);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* The bytes of the first such field.  False: the message is malformed, or
 * has none. */
static bool find(struct span in, enum field field, struct span *out)
{
    enum { VARINT = 0, BYTES = 2 };
    uint64_t tag = 0;
    uint64_t len = 0;

    while (in.len > 0) {
        if (!varint(&in, &tag) || !varint(&in, &len)) {
            return false;
        }
        if ((tag & 7) == VARINT) {
            continue;
        }
        if ((tag & 7) != BYTES || len > in.len) {
            return false;
        }
        if (tag >> 3 == (uint64_t)field) {
            *out = (struct span){in.data, (size_t)len};
            return true;
        }
        span_skip(&in, (size_t)len);
    }
    return false;
}

bool blob_text(struct span blob, struct cipher_text *out)
{
    struct span sealed = {NULL, 0};
    struct span nonce = {NULL, 0};

    if (!find(blob, CIPHERTEXT, &sealed)) {
        return false;
    }
    if (find(blob, NONCE, &nonce) && nonce.len != CIPHER_NONCE_SIZE) {
        return false;
    }
    if (nonce.len == 0) {
        if (sealed.len < CIPHER_NONCE_SIZE) {
            return false;
        }
        nonce = (struct span){sealed.data, CIPHER_NONCE_SIZE};
        span_skip(&sealed, CIPHER_NONCE_SIZE);
    }
    *out = (struct cipher_text){
        .nonce = nonce.data, .data = sealed.data, .len = sealed.len};
    return sealed.len >= CIPHER_TAG_SIZE;
}

void blob_key_name(struct span blob, char *out, size_t size)
{
    struct span info = {NULL, 0};
    struct span name = {NULL, 0};

    out[0] = '\0';
    if (!find(blob, KEY_INFO, &info) || !find(info, KEY_INFO_NAME, &name) ||
        name.len >= size) {
        return;
    }
    memcpy(out, name.data, name.len);
    out[name.len] = '\0';
    if (!text_is_token(out)) {
        out[0] = '\0';
    }
}

int blob_open(struct cipher *kek, struct span blob, struct buf *plain, bool *ok,
              struct error *err)
{
    struct cipher_text text = {0};
    void *room = NULL;

    *ok = false;
    if (!blob_text(blob, &text)) {
        return 0;
    }
    room = buf_reserve(plain, text.len);
    if (room == NULL) {
        return error_memory(err);
    }
    *ok = cipher_open(kek, &text, room);
    if (*ok) {
        buf_claim(plain, text.len - CIPHER_TAG_SIZE);
    }
    return 0;
}
