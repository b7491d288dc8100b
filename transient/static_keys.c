/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/static_keys.h"

#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

/* Base64 of 32 bytes is the longest form. */
enum { HEX_LEN = 2 * STATIC_KEYS_SIZE, BASE64_LEN = 44, TEXT_MAX = HEX_LEN };

bool static_keys_parse(const char *data, size_t len,
                       uint8_t out[STATIC_KEYS_SIZE])
{
    char text[TEXT_MAX + 1];
    size_t got = 0;
    bool ok = false;

    if (len == STATIC_KEYS_SIZE) {
        memcpy(out, data, len);
        return true;
    }
    while (len > STATIC_KEYS_SIZE && strchr("\r\n", data[len - 1]) != NULL)
        len--;
    if (len != HEX_LEN && len != BASE64_LEN)
        return false;
    memcpy(text, data, len);
    text[len] = '\0';
    if (len == HEX_LEN)
        ok = text_unhex(text, out, STATIC_KEYS_SIZE);
    else
        ok = text_unbase64(text, out, STATIC_KEYS_SIZE, &got) &&
             got == STATIC_KEYS_SIZE;
    secret_wipe(text, sizeof text);
    return ok;
}

/* 1: a key is at `out`; 0: something else is in the file; -1: no telling. */
static int read_one(const char *file, uint8_t out[STATIC_KEYS_SIZE],
                    struct error *err)
{
    struct buf data;
    int rc;

    buf_init_secret(&data, LIMIT_SEAL_FILE);
    rc = file_read(file, &data, err);
    if (rc == 0)
        rc = static_keys_parse(buf_text(&data), data.len, out) ? 1 : 0;
    buf_done(&data);
    return rc;
}

int static_keys_read(const char *const *files, size_t count,
                     struct static_keys *out, size_t *skipped,
                     struct error *err)
{
    uint8_t keys[STATIC_KEYS_MAX * STATIC_KEYS_SIZE] = {0};
    struct static_keys k = {.bytes = NULL};
    size_t others = 0;
    size_t i;
    int rc = -1;

    for (i = 0; i < count; i++) {
        uint8_t *at = keys + k.count * STATIC_KEYS_SIZE;
        int found;

        if (k.count == STATIC_KEYS_MAX) {
            error_set(err, ERR_INVALID, "more than %d static keys",
                      STATIC_KEYS_MAX);
            goto done;
        }
        found = read_one(files[i], at, err);
        if (found < 0)
            goto done;
        k.count += found > 0;
        others += found == 0;
    }
    if (k.count > 0) {
        k.bytes =
            secret_new((const char *)keys, k.count * (size_t)STATIC_KEYS_SIZE);
        if (k.bytes == NULL) {
            error_memory(err);
            goto done;
        }
    }
    *out = k;
    *skipped = others;
    rc = 0;
done:
    secret_wipe(keys, sizeof keys);
    return rc;
}

void static_keys_done(struct static_keys *k)
{
    secret_free(k->bytes);
    *k = (struct static_keys){.bytes = NULL};
}
