/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

/* A master key of 16 bytes is the least the servers accept. */
enum { SHARE_MIN = 16 };

struct keys {
    size_t count;
    char *share[KEYS_MAX];
};

/* A share as the bytes that it stands for. */
struct decoded {
    uint8_t bytes[KEYS_SHARE_BYTES];
    size_t len;
};

struct keys *keys_new(void)
{
    return calloc(1, sizeof(struct keys));
}

static bool decode(const char *text, struct decoded *out)
{
    size_t digits = strlen(text);

    out->len = digits / 2;
    if (digits % 2 == 0 && out->len >= SHARE_MIN &&
        out->len <= sizeof out->bytes && text_unhex(text, out->bytes, out->len))
        return true;
    return text_unbase64(text, out->bytes, sizeof out->bytes, &out->len) &&
           out->len >= SHARE_MIN;
}

/* Two spellings of one share are one share.  How long a share is, is no
 * secret. */
static bool has(const struct keys *k, const struct decoded *share)
{
    struct decoded other;
    bool found = false;

    for (size_t i = 0; i < k->count && !found; i++) {
        uint8_t differ = 0;

        if (!decode(k->share[i], &other) || other.len != share->len)
            continue;
        for (size_t n = 0; n < share->len; n++)
            differ |= (uint8_t)(other.bytes[n] ^ share->bytes[n]);
        found = differ == 0;
    }
    secret_wipe(&other, sizeof other);
    return found;
}

int keys_add(struct keys *k, const char *share, struct error *err)
{
    struct decoded decoded;
    int rc = -1;

    if (!decode(share, &decoded)) {
        error_set(err, ERR_INVALID,
                  "not an unseal key share (base64 or hex of %d to %d bytes)",
                  SHARE_MIN, KEYS_SHARE_BYTES);
        goto done;
    }
    if (has(k, &decoded)) {
        rc = 0;
        goto done;
    }
    if (k->count == KEYS_MAX) {
        error_set(err, ERR_TOO_LARGE, "more than %d key shares", KEYS_MAX);
        goto done;
    }
    k->share[k->count] = secret_dup(share);
    if (k->share[k->count] == NULL) {
        error_memory(err);
        goto done;
    }
    k->count++;
    rc = 0;
done:
    secret_wipe(&decoded, sizeof decoded);
    return rc;
}

/* "Unseal Key 3: c2hhcmU=" is how `operator init` prints one. */
static char *share_of(char *line)
{
    char *colon = strrchr(line, ':');

    return text_trim(colon == NULL ? line : colon + 1);
}

int keys_add_text(struct keys *k, struct buf *text, const char *what,
                  struct error *err)
{
    unsigned number = 0;
    unsigned found = 0;
    char *line = text->data;
    char *next;

    if (text->len != strlen(buf_text(text)))
        return error_set(err, ERR_INVALID, "%s is not text", what);
    for (; line != NULL; line = next) {
        char *share;

        number++;
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        share = text_trim(line);
        if (share[0] == '\0' || share[0] == '#')
            continue;
        if (keys_add(k, share_of(share), err) != 0)
            return error_prefix(err, "line %u of %s", number, what);
        found++;
    }
    if (found == 0)
        return error_set(err, ERR_INVALID, "%s holds no share", what);
    return 0;
}

int keys_add_file(struct keys *k, const char *path, struct error *err)
{
    char *what = text_format("the key file %s", path);
    struct buf content;
    int rc = -1;

    buf_init_secret(&content, LIMIT_SECRET_FILE);
    if (what == NULL)
        error_memory(err);
    else if (file_read(path, &content, err) == 0)
        rc = keys_add_text(k, &content, what, err);
    buf_done(&content);
    free(what);
    return rc;
}

size_t keys_count(const struct keys *k)
{
    return k == NULL ? 0 : k->count;
}

const char *keys_at(const struct keys *k, size_t i)
{
    assert(k != NULL && i < k->count);
    return k->share[i];
}

void keys_free(struct keys *k)
{
    size_t i;

    if (k == NULL)
        return;
    for (i = 0; i < k->count; i++)
        secret_free(k->share[i]);
    free(k);
}
