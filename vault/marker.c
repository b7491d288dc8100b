/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/marker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "vault/internal.h"
#include "vault/send.h"
#include "vault/wrap.h"

enum {
    TTL_MS = 3600 * 1000,
    MARGIN_MS = 60 * 1000,    /* their clock and ours */
    LOOK_MS = 10 * 1000,      /* a restoring server holds it for 6 s */
    SEALED_FOR_MS = 2 * 1000, /* long enough not to be a moment */
    LOOK_EVERY_MS = 200,
};

struct vault_marker {
    char *token;
    bool wrapping;   /* else a login's service token */
    int64_t made_at; /* monotonic */
};

static int make_wrapping(struct vault *v, struct vault_marker *m,
                         struct error *err)
{
    if (vault_wrap(v, "{}", TTL_MS, &m->token, err) != 0)
        return -1;
    m->wrapping = true;
    return 0;
}

static int make_login(struct vault *v, struct vault_marker *m,
                      struct error *err)
{
    bool service = false;

    enum vault_marker_state state = VAULT_MARKER_GONE;

    /* A policy that forbids lookup-self makes every token look dead. */
    if (login_extra(v, &m->token, &service, err) == 0 && service &&
        vault_marker_look(v, m, &state, err) == 0 &&
        state == VAULT_MARKER_THERE)
        return 0;
    return error_set(err, ERR_DENIED,
                     "nothing can be made that would prove a restore: allow "
                     "\"update\" on sys/wrapping/wrap (the default policy "
                     "does)");
}

int vault_marker_make(struct vault *v, struct vault_marker **out,
                      struct error *err)
{
    struct vault_marker *m = calloc(1, sizeof *m);
    enum vault_marker_state state = VAULT_MARKER_GONE;
    struct error why;
    int rc;

    assert(v != NULL && out != NULL);
    if (m == NULL)
        return error_memory(err);
    error_clear(&why);
    m->made_at = clock_mono_ms();
    rc = make_wrapping(v, m, &why);
    if (rc != 0 && why.kind == ERR_DENIED)
        rc = make_login(v, m, &why);
    if (rc == 0)
        rc = vault_marker_look(v, m, &state, &why);
    if (rc == 0 && state != VAULT_MARKER_THERE)
        rc = error_set(&why, ERR_UPSTREAM,
                       "%s does not see a token that was just made: it "
                       "cannot prove a restore",
                       v->address);
    if (rc == 0) {
        *out = m;
        return 0;
    }
    vault_marker_free(m);
    if (err != NULL)
        *err = why;
    return -1;
}

static int look_wrapping(struct vault *v, const struct vault_marker *m,
                         struct exchange *x, struct error *err)
{
    struct buf body;
    struct json *answer = NULL;
    int rc = wrap_lookup(m->token, x, &body, err);

    if (rc == 0)
        rc = send_simple(v, x, &answer, err);
    json_free(answer);
    buf_done(&body);
    return rc;
}

static int look_login(struct vault *v, const struct vault_marker *m,
                      struct exchange *x, struct error *err)
{
    struct json *answer = NULL;
    int rc;

    x->method = "GET";
    x->path = "auth/token/lookup-self";
    x->token = m->token;
    rc = send_simple(v, x, &answer, err);
    json_free(answer);
    return rc;
}

static int look(struct vault *v, const struct vault_marker *m,
                int64_t timeout_ms, enum vault_marker_state *state,
                struct error *err)
{
    struct exchange x = {
        .namespace = v->cluster->settings.namespace,
        .timeout_ms = timeout_ms,
    };
    struct error why;
    int rc;

    if (clock_mono_ms() - m->made_at > TTL_MS - MARGIN_MS)
        return error_set(err, ERR_PRECONDITION,
                         "the marker is an hour old and proves nothing now");
    error_clear(&why);
    rc = m->wrapping ? look_wrapping(v, m, &x, &why)
                     : look_login(v, m, &x, &why);
    if (rc == 0) {
        *state = VAULT_MARKER_THERE;
        return 0;
    }
    if (why.status == (m->wrapping ? 400 : 403)) {
        *state = VAULT_MARKER_GONE;
        return 0;
    }
    if (err != NULL)
        *err = why;
    return -1;
}

int vault_marker_look(struct vault *v, const struct vault_marker *m,
                      enum vault_marker_state *state, struct error *err)
{
    assert(v != NULL && m != NULL && state != NULL);
    return look(v, m, LOOK_MS, state, err);
}

/* What a round of questions has shown. */
struct watch {
    int64_t end;
    int64_t sealed_since; /* 0: not sealed */
    bool there;           /* the last look saw the marker */
    struct error why;
};

/* 1: the leader says that it is gone; 0: ask again; -1: no use asking. */
static int ask_once(struct vault *v, const struct vault_marker *m,
                    struct watch *w, struct vault_status *st, struct error *err)
{
    enum vault_marker_state state = VAULT_MARKER_THERE;
    int64_t left = w->end - clock_mono_ms();
    int64_t now;
    int rc;

    if (left < LOOK_EVERY_MS)
        left = LOOK_EVERY_MS;
    error_clear(&w->why);
    rc = look(v, m, left < LOOK_MS ? left : LOOK_MS, &state, &w->why);
    if (rc != 0 && w->why.kind == ERR_PRECONDITION) {
        if (err != NULL)
            *err = w->why;
        return -1;
    }
    w->there = rc == 0 && state == VAULT_MARKER_THERE;
    if (vault_status_get(v, st, &w->why) != 0)
        return 0;
    /* A follower of OpenBao answers from its own copy, and too early. */
    if (rc == 0 && state == VAULT_MARKER_GONE && st->is_self && !st->sealed)
        return 1;
    now = clock_mono_ms();
    if (!st->sealed)
        w->sealed_since = 0;
    else if (w->sealed_since == 0)
        w->sealed_since = now;
    else if (now - w->sealed_since >= SEALED_FOR_MS)
        return error_set(err, ERR_PRECONDITION,
                         "%s is sealed: its unseal keys are needed before it "
                         "can be asked what it holds",
                         v->address);
    return 0;
}

static int say_not_gone(struct vault *v, const struct watch *w,
                        const struct vault_status *st, int64_t timeout_ms,
                        struct error *err)
{
    const double seconds = (double)timeout_ms / 1000.0;

    if (w->there)
        return error_set(err, ERR_UPSTREAM,
                         "%s still has what was made before the restore, "
                         "%.1f s after it: nothing was restored",
                         v->address, seconds);
    if (st->reachable && !st->sealed && !st->is_self)
        return error_set(err, ERR_UNAVAILABLE,
                         "%s is not the leader any more (asked for %.1f s)",
                         v->address, seconds);
    return error_set(err, ERR_UNAVAILABLE,
                     "%s did not say within %.1f s what it holds: %s",
                     v->address, seconds, w->why.text);
}

int vault_marker_wait(struct vault *v, const struct vault_marker *m,
                      const struct vault_wait *wait,
                      struct vault_status *status, struct error *err)
{
    assert(v != NULL && m != NULL && wait != NULL && status != NULL);
    struct watch w = {.end = clock_mono_ms() + wait->timeout_ms};

    memset(status, 0, sizeof *status);
    for (;;) {
        int rc = ask_once(v, m, &w, status, err);

        if (rc != 0)
            return rc > 0 ? 0 : -1;
        if (clock_mono_ms() >= w.end)
            return say_not_gone(v, &w, status, wait->timeout_ms, err);
        if (send_pause(LOOK_EVERY_MS, wait->cancel, err) != 0)
            return -1;
    }
}

void vault_marker_free(struct vault_marker *m)
{
    if (m == NULL)
        return;
    secret_free(m->token);
    free(m);
}
