/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/holders.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "jobs/throttle.h"
#include "snapshot/unseal_read.h"
#include "transient/keys.h"

struct holders {
    struct unseal *unseal; /* NULL once done */
    struct buf sealed;     /* SHA256SUMS.sealed */
    struct unseal_config config;
    struct keys *keys; /* NULL before the first */
    char nonce[ID_TEXT_MAX];
    bool done;
    int64_t deadline_ms;
    struct throttle throttle;
};

/* Whether people could help at all; if not, whoever needs the keys says
 * why. */
static bool is_by_shares(struct unseal *u)
{
    const struct unseal_config *c = unseal_config(u);
    struct error ignored = {0};

    return unseal_open(u, NULL, 0, &ignored) == UNSEAL_TOO_FEW &&
           c->threshold > 0 && c->threshold <= c->shares &&
           c->shares <= KEYS_MAX;
}

int holders_new(const struct source *archive, const struct cancel *cancel,
                struct holders **out, struct error *err)
{
    struct holders *h = calloc(1, sizeof(*h));
    int rc = -1;

    if (h == NULL)
        return error_memory(err);
    buf_init(&h->sealed, LIMIT_SNAPSHOT_MEMBER);
    throttle_init(&h->throttle, LIMIT_UNSEAL_BURST, LIMIT_UNSEAL_EVERY_MS,
                  clock_mono_ms());
    h->unseal = unseal_new();
    if (h->unseal == NULL) {
        error_memory(err);
        goto done;
    }
    if (unseal_read(h->unseal, archive, cancel, &h->sealed, err) != 0)
        goto done;
    rc = 0;
    *out = NULL;
    if (!is_by_shares(h->unseal))
        goto done;
    h->config = *unseal_config(h->unseal);
    *out = h;
    h = NULL;
done:
    holders_free(h);
    return rc;
}

void holders_free(struct holders *h)
{
    if (h == NULL)
        return;
    keys_free(h->keys);
    unseal_free(h->unseal);
    buf_done(&h->sealed);
    free(h);
}

void holders_set_deadline(struct holders *h, int64_t unix_ms)
{
    h->deadline_ms = unix_ms;
}

int holders_knock(struct holders *h, int64_t now_ms, struct error *err)
{
    if (throttle_take(&h->throttle, now_ms))
        return 0;
    return error_set(err, ERR_TOO_MANY,
                     "too many key shares for this run in a short time: try "
                     "again in a second");
}

void holders_reset(struct holders *h)
{
    assert(!h->done);
    keys_free(h->keys);
    h->keys = NULL;
    h->nonce[0] = '\0';
}

/* Shares that open the sealed sums are right, whatever became of the root key
 * in this archive. */
static bool open_the_sums(const struct holders *h)
{
    const struct span blob = {(const uint8_t *)buf_text(&h->sealed),
                              h->sealed.len};
    struct error ignored;
    struct buf plain;
    bool ok = false;

    buf_init_secret(&plain, LIMIT_SNAPSHOT_MEMBER);
    if (unseal_blob(h->unseal, blob, &plain, &ok, &ignored) != 0)
        ok = false;
    buf_done(&plain);
    return ok;
}

static int try_them(struct holders *h, struct error *err)
{
    const char *shares[KEYS_MAX];
    size_t count = keys_count(h->keys);
    enum unseal_outcome outcome;
    struct error why = {0};

    for (size_t i = 0; i < count; i++)
        shares[i] = keys_at(h->keys, i);
    outcome = unseal_open(h->unseal, shares, count, &why);
    if (outcome == UNSEAL_OPENED || outcome == UNSEAL_BROKEN_KEYRING ||
        (outcome == UNSEAL_WRONG && open_the_sums(h))) {
        h->done = true;
        unseal_free(h->unseal);
        h->unseal = NULL;
        return 0;
    }
    holders_reset(h);
    if (outcome == UNSEAL_UNSUPPORTED)
        return error_set(err, ERR_INTERNAL, "the key shares were not tried: %s",
                         why.text);
    return error_set(err, ERR_INVALID, "Unseal failed, invalid key: %s",
                     why.text);
}

int holders_add(struct holders *h, const char *share, struct error *err)
{
    assert(!h->done);
    if (h->keys == NULL)
        h->keys = keys_new();
    if (h->keys == NULL)
        return error_memory(err);
    if (keys_add(h->keys, share, err) != 0)
        return -1;
    if (h->nonce[0] == '\0')
        id_random(h->nonce);
    return keys_count(h->keys) < h->config.threshold ? 0 : try_them(h, err);
}

bool holders_done(const struct holders *h)
{
    return h->done;
}

struct keys *holders_take(struct holders *h)
{
    struct keys *keys = h->done ? h->keys : NULL;

    if (h->done)
        h->keys = NULL;
    return keys;
}

const struct keys *holders_keys(const struct holders *h)
{
    return h->done ? h->keys : NULL;
}

void holders_view(const struct holders *h, struct jobs_unseal_view *out)
{
    *out = (struct jobs_unseal_view){
        .sealed = !h->done,
        .threshold = (unsigned)h->config.threshold,
        .shares = (unsigned)h->config.shares,
        .progress = (unsigned)keys_count(h->keys),
        .deadline_ms = h->deadline_ms,
    };
    memcpy(out->nonce, h->nonce, sizeof(out->nonce));
}
