/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/guard.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

int guard_init(struct guard *g, const struct source *inner, const char *sha256,
               uint64_t size, struct error *err)
{
    assert(size > 0 && strlen(sha256) < sizeof(g->sha256));
    *g = (struct guard){.inner = inner, .size = size};
    text_copy(g->sha256, sizeof(g->sha256), sha256);
    g->digest = digest_new();
    return g->digest == NULL ? error_memory(err) : 0;
}

void guard_done(struct guard *g)
{
    digest_free(g->digest);
    g->digest = NULL;
}

static int changed(struct error *err)
{
    return error_set(err, ERR_CORRUPT,
                     "the stored archive was changed after it had been "
                     "checked; its last bytes were held back, so the server "
                     "never had all of it");
}

static int guard_read(void *ctx, void *data, size_t size, size_t *len,
                      struct error *err)
{
    struct guard *g = ctx;
    char sum[DIGEST_SHA256_HEX];
    size_t got = 0;

    if (g->given == g->size) {
        *len = 0;
        return 0;
    }
    if (g->inner->read(g->inner->ctx, data, size, &got, err) != 0)
        return -1;
    if (got == 0 || got > g->size - g->given)
        return changed(err);
    digest_update(g->digest, data, got);
    g->given += got;
    if (g->given == g->size) {
        digest_final_hex(g->digest, sum);
        if (strcmp(sum, g->sha256) != 0)
            return changed(err);
    }
    *len = got;
    return 0;
}

static int guard_rewind(void *ctx, struct error *err)
{
    struct guard *g = ctx;
    char ignored[DIGEST_SHA256_HEX];

    if (g->inner->rewind(g->inner->ctx, err) != 0)
        return -1;
    digest_final_hex(g->digest, ignored); /* starts over */
    g->given = 0;
    return 0;
}

struct source guard_source(struct guard *g)
{
    return (struct source){
        .read = guard_read,
        .rewind = g->inner->rewind == NULL ? NULL : guard_rewind,
        .ctx = g,
        .size = g->size,
    };
}
