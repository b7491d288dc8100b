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

struct keys *keys_new(void)
{
    return calloc(1, sizeof(struct keys));
}

static bool is_share(const char *text)
{
    uint8_t bytes[KEYS_SHARE_BYTES];
    size_t digits = strlen(text);
    size_t len = 0;
    bool ok = false;

    if (digits % 2 == 0 && digits / 2 <= sizeof bytes)
        ok = digits / 2 >= SHARE_MIN && text_unhex(text, bytes, digits / 2);
    if (!ok)
        ok = text_unbase64(text, bytes, sizeof bytes, &len) && len >= SHARE_MIN;
    secret_wipe(bytes, sizeof bytes);
    return ok;
}

int keys_add(struct keys *k, const char *share, struct error *err)
{
    size_t i;

    if (!is_share(share))
        return error_set(err, ERR_INVALID,
                         "not an unseal key share (base64 or hex of %d to "
                         "%d bytes)",
                         SHARE_MIN, KEYS_SHARE_BYTES);
    for (i = 0; i < k->count; i++) {
        if (text_equal_secret(k->share[i], share))
            return 0;
    }
    if (k->count == KEYS_MAX)
        return error_set(err, ERR_TOO_LARGE, "more than %d key shares",
                         KEYS_MAX);
    k->share[k->count] = secret_dup(share);
    if (k->share[k->count] == NULL)
        return error_memory(err);
    k->count++;
    return 0;
}

/* "Unseal Key 3: c2hhcmU=" is how `operator init` prints one. */
static char *share_of(char *line)
{
    char *colon = strrchr(line, ':');

    return text_trim(colon == NULL ? line : colon + 1);
}

int keys_add_file(struct keys *k, const char *path, struct error *err)
{
    struct buf content;
    unsigned number = 0;
    unsigned found = 0;
    char *line, *next;
    int rc = -1;

    buf_init_secret(&content, LIMIT_SECRET_FILE);
    if (file_read(path, &content, err) != 0)
        goto done;
    if (content.len != strlen(buf_text(&content))) {
        error_set(err, ERR_INVALID, "the key file %s is not text", path);
        goto done;
    }
    for (line = content.data; line != NULL; line = next) {
        char *share;

        number++;
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        share = text_trim(line);
        if (share[0] == '\0' || share[0] == '#')
            continue;
        if (keys_add(k, share_of(share), err) != 0) {
            error_prefix(err, "line %u of the key file %s", number, path);
            goto done;
        }
        found++;
    }
    if (found == 0) {
        error_set(err, ERR_INVALID, "the key file %s holds no share", path);
        goto done;
    }
    rc = 0;
done:
    buf_done(&content);
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
