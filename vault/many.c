/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands between "give me the next request" and "here is its answer":
 * a token that may die, a server that may stumble, a limit that may be hit.
 * An item is a request until it is answered for good; those that are to be
 * asked again wait in a list of their own. */
#include "vault/many.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/secret.h"
#include "http/many.h"
#include "vault/internal.h"
#include "vault/send.h"
#include "vault/sys.h"

enum {
    TRIES_MAX = 5,
    LIMITED_TRIES_MAX = 60, /* of a 429: a rate limit is not trouble */
    PAUSE_MS = 200,
    PAUSE_MAX_MS = 10 * 1000,
    TRUST_MS = 1000, /* how long "the token lives" is believed */
    RENEW_MS = 5 * 1000,
};

struct item {
    struct item *sibling; /* of all there are */
    struct item *next;    /* in `spare` or `again` */
    struct buf path;      /* encoded, with /v1/ */
    struct buf plain;     /* as it was given, for people */
    struct buf query;
    struct buf namespace;
    const char *method;
    void *tag;
    unsigned tries, generation;
    bool renewed; /* asked again with another token already */
    int64_t not_before;
};

struct crowd {
    struct vault *v;
    const struct vault_many_options *o;
    struct item *all, *spare, *again; /* `again`: no order, and few */
    char *token;
    unsigned generation;
    int64_t renew_at;     /* when to see whether the token is to be renewed */
    int64_t alive_at;     /* when it was last known to live */
    int64_t hold_until;   /* the server asked for a pause */
    bool doubted;         /* a refusal was believed since alive_at */
    bool blind;           /* we may not ask whether our token lives */
    struct buf namespace; /* what headers[] name */
    struct http_header headers[3];
    size_t header_count;
    uint64_t headers_id;
    uint64_t requests;
};

void vault_many_encode(const char *text, struct buf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~";

    for (const char *p = text; *p != '\0'; p++) {
        if (strchr(plain, *p) != NULL)
            buf_char(out, *p);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*p);
    }
}

static void encode_path(const char *path, struct buf *out)
{
    static const char hex[] = "0123456789ABCDEF";

    buf_str(out, "/v1/");
    for (const char *p = path; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c >= '0' && c <= '9') || strchr("-._~/", c) != NULL) {
            buf_char(out, *p);
        } else {
            char code[3] = {'%', hex[c >> 4], hex[c & 15]};

            buf_add(out, code, sizeof code);
        }
    }
}

static struct item *item_new(struct crowd *c)
{
    struct item *i = c->spare;

    if (i != NULL) {
        c->spare = i->next;
        return i;
    }
    i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    buf_init(&i->path, LIMIT_UPSTREAM_PATH);
    buf_init(&i->plain, LIMIT_UPSTREAM_PATH);
    buf_init(&i->query, LIMIT_UPSTREAM_PATH);
    buf_init(&i->namespace, LIMIT_UPSTREAM_PATH);
    i->sibling = c->all;
    c->all = i;
    return i;
}

static void item_spare(struct crowd *c, struct item *i)
{
    i->next = c->spare;
    c->spare = i;
}

static void items_free(struct item *i)
{
    while (i != NULL) {
        struct item *sibling = i->sibling;

        buf_done(&i->path);
        buf_done(&i->plain);
        buf_done(&i->query);
        buf_done(&i->namespace);
        free(i);
        i = sibling;
    }
}

static int item_fill(struct item *i, const struct vault_many_request *q,
                     struct error *err)
{
    buf_clear(&i->path);
    buf_clear(&i->plain);
    buf_clear(&i->query);
    buf_clear(&i->namespace);
    encode_path(q->path, &i->path);
    buf_str(&i->plain, q->path);
    buf_str(&i->query, q->query != NULL ? q->query : "");
    buf_str(&i->namespace, q->namespace != NULL ? q->namespace : "");
    i->method = q->method;
    i->tag = q->tag;
    i->tries = 0;
    i->renewed = false;
    if (buf_check(&i->path, "a path", err) != 0 ||
        buf_check(&i->plain, "a path", err) != 0 ||
        buf_check(&i->query, "a query", err) != 0)
        return -1;
    return buf_check(&i->namespace, "a namespace", err);
}

/* The token as it is now: made, renewed, or by now another. */
static int refresh(struct crowd *c, struct error *err)
{
    char *token = NULL;
    unsigned generation = 0;

    if (login_token(c->v, &token, &generation, err) != 0)
        return -1;
    c->renew_at = clock_mono_ms() + RENEW_MS;
    if (c->token != NULL && generation == c->generation) {
        secret_free(token);
        return 0;
    }
    secret_free(c->token);
    c->token = token;
    c->generation = generation;
    c->headers_id++;
    c->header_count = 0;
    return 0;
}

/* Most requests go where the one before them went. */
static int set_headers(struct crowd *c, const struct item *i, struct error *err)
{
    if (c->header_count > 0 &&
        strcmp(buf_text(&c->namespace), buf_text(&i->namespace)) == 0)
        return 0;
    buf_clear(&c->namespace);
    buf_str(&c->namespace, buf_text(&i->namespace));
    c->headers_id++;
    c->header_count = 2;
    c->headers[0] = (struct http_header){"X-Vault-Request", "true"};
    c->headers[1] = (struct http_header){"X-Vault-Token", c->token};
    if (i->namespace.len > 0)
        c->headers[c->header_count++] =
            (struct http_header){"X-Vault-Namespace", buf_text(&c->namespace)};
    return buf_check(&c->namespace, "a namespace", err);
}

/* One that has waited long enough, out of the list; else the shortest wait
 * of those that are in it. */
static struct item *take_again(struct crowd *c, int64_t now, int64_t *wait_ms)
{
    for (struct item **at = &c->again; *at != NULL; at = &(*at)->next) {
        struct item *i = *at;

        if (i->not_before <= now) {
            *at = i->next;
            return i;
        }
        if (*wait_ms == 0 || i->not_before - now < *wait_ms)
            *wait_ms = i->not_before - now;
    }
    return NULL;
}

/* The next item: 1, 0, -1. */
static int pick(struct crowd *c, struct item **out, int64_t *wait_ms,
                struct error *err)
{
    struct vault_many_request q = {.method = NULL};
    int64_t now = c->again != NULL || c->hold_until > 0 ? clock_mono_ms() : 0;
    int rc;

    if (c->hold_until > now) {
        *wait_ms = c->hold_until - now;
        return 0;
    }
    c->hold_until = 0;
    if (c->again != NULL) {
        *out = take_again(c, now, wait_ms);
        if (*out != NULL)
            return 1;
    }
    rc = c->o->next(c->o->ctx, &q, err);
    if (rc != 1)
        return rc;
    *out = item_new(c);
    if (*out == NULL)
        return error_memory(err);
    if (item_fill(*out, &q, err) != 0) {
        item_spare(c, *out);
        return -1;
    }
    return 1;
}

static int next(void *ctx, struct http_many_request *q, int64_t *wait_ms,
                struct error *err)
{
    struct crowd *c = ctx;
    struct item *i = NULL;
    int rc = pick(c, &i, wait_ms, err);

    if (rc != 1)
        return rc;
    if ((c->requests & 63) == 0 && clock_mono_ms() >= c->renew_at &&
        refresh(c, err) != 0)
        goto failed;
    if (set_headers(c, i, err) != 0)
        goto failed;
    i->tries++;
    i->generation = c->generation;
    c->requests++;
    *q = (struct http_many_request){
        .method = i->method,
        .path = buf_text(&i->path),
        .query = i->query.len > 0 ? buf_text(&i->query) : NULL,
        .headers = c->headers,
        .header_count = c->header_count,
        .headers_id = c->headers_id,
        .tag = i,
    };
    return 1;
failed:
    item_spare(c, i);
    return -1;
}

static int ask_again(struct crowd *c, struct item *i, int64_t ms)
{
    uint32_t random;

    digest_random(&random, sizeof random);
    i->not_before = clock_mono_ms() + ms / 2 + (int64_t)random % (ms / 2 + 1);
    i->next = c->again;
    c->again = i;
    return 0;
}

/* Both products say it so when a living token lacks the right
 * (docs/SERVERS.md); believed only while the token is known to live. */
static bool meant(const struct http_response *r)
{
    return r->body.len > 0 &&
           memmem(r->body.data, r->body.len, "1 error occurred", 16) != NULL;
}

/* A refusal.  1: it was meant; 0: asked again, with another token; -1. */
static int refused(struct crowd *c, struct item *i,
                   const struct http_response *r, struct error *err)
{
    int64_t now = clock_mono_ms();
    int rc;

    if (i->generation != c->generation && !i->renewed) {
        i->renewed = true;
        return ask_again(c, i, 0);
    }
    if (c->blind || i->renewed || (meant(r) && now - c->alive_at < TRUST_MS)) {
        c->blind = c->blind || i->renewed;
        c->doubted = true;
        return 1;
    }
    rc = login_refused(c->v, c->token, c->generation, err);
    if (rc < 0)
        return -1;
    if (rc != LOGIN_ANEW) {
        c->alive_at = now;
        c->doubted = false;
        return 1;
    }
    if (refresh(c, err) != 0)
        return -1;
    i->renewed = true;
    return ask_again(c, i, 0);
}

static enum vault_many_outcome outcome_of(int status)
{
    if (status >= 200 && status < 300)
        return VAULT_MANY_OK;
    switch (status) {
    case 403:
        return VAULT_MANY_DENIED;
    case 404:
        return VAULT_MANY_MISSING;
    case 405:
        return VAULT_MANY_METHOD;
    default:
        return VAULT_MANY_REFUSED;
    }
}

/* 1: it is asked again. */
static int once_more(struct crowd *c, struct item *i,
                     const struct http_response *r, const struct error *why)
{
    int64_t pause = (int64_t)PAUSE_MS << (i->tries < 6 ? i->tries - 1 : 5);
    bool limited = r->failure == HTTP_FINE && r->status == 429;

    if (!call_passing(r, why) ||
        i->tries >= (limited ? LIMITED_TRIES_MAX : TRIES_MAX))
        return 0;
    if (limited) {
        if (r->retry_after > 0)
            pause = (int64_t)r->retry_after * 1000;
        if (pause > PAUSE_MAX_MS)
            pause = PAUSE_MAX_MS;
        c->hold_until = clock_mono_ms() + pause;
    }
    (void)ask_again(c, i, pause);
    return 1;
}

static int hand_over(struct crowd *c, struct item *i,
                     struct vault_many_answer *a, struct error *err)
{
    void *tag = i->tag;

    item_spare(c, i);
    return c->o->done(c->o->ctx, tag, a, err);
}

/* No answer of its own, after all that was tried: this ends the run, unless
 * it is only too large. */
static int no_answer(struct crowd *c, struct item *i,
                     const struct http_response *r, const struct error *why,
                     struct error *err)
{
    struct vault_many_answer a = {.outcome = VAULT_MANY_TOO_LARGE, .why = why};

    if (r->failure == HTTP_OURS && why->kind == ERR_TOO_LARGE)
        return hand_over(c, i, &a, err);
    item_spare(c, i);
    if (err != NULL)
        *err = *why;
    return -1;
}

/* A namespace may have a seal of its own: that it is sealed says nothing of
 * the server. */
static bool only_there(struct crowd *c, const struct item *i,
                       const struct http_response *r)
{
    struct vault_seal seal;

    return i->namespace.len > 0 && r->status == 503 &&
           vault_seal_status(c->v, &seal, NULL) == 0 && !seal.sealed;
}

static int done(void *ctx, void *tag, struct http_response *r,
                const struct error *failure, struct error *err)
{
    struct crowd *c = ctx;
    struct item *i = tag;
    struct error why = *failure;
    struct vault_many_answer a;
    int rc;

    if (r->failure == HTTP_FINE &&
        send_check(&(struct exchange){.method = i->method,
                                      .path = buf_text(&i->plain)},
                   r, &why) == 0)
        error_clear(&why);
    if (why.kind != ERR_NONE && once_more(c, i, r, &why))
        return 0;
    if (r->failure != HTTP_FINE)
        return no_answer(c, i, r, &why, err);
    if (r->status == 403) {
        rc = refused(c, i, r, err);
        if (rc != 1)
            return rc;
    }
    if (why.kind == ERR_UNAVAILABLE && !only_there(c, i, r)) {
        item_spare(c, i);
        if (err != NULL)
            *err = why;
        return -1;
    }
    a = (struct vault_many_answer){.outcome = outcome_of(r->status),
                                   .status = r->status,
                                   .body = r->body.data,
                                   .len = r->body.len,
                                   .why = &why};
    return hand_over(c, i, &a, err);
}

/* Refusals that were believed without asking: did the token live to the
 * end? */
static int settle(struct crowd *c, struct error *err)
{
    int rc;

    if (!c->doubted || c->blind)
        return 0;
    rc = login_refused(c->v, c->token, c->generation, err);
    if (rc == LOGIN_ANEW)
        return error_set(err, ERR_UNAVAILABLE,
                         "our token died while %s was read: what was refused "
                         "may not have been meant",
                         c->v->address);
    return rc < 0 ? -1 : 0;
}

int vault_many_run(struct vault *v, const struct vault_many_options *o,
                   uint64_t *requests, struct error *err)
{
    struct crowd c = {.v = v, .o = o};
    const struct http_many_options many = {
        .in_flight = o->in_flight,
        .per_second = o->per_second,
        .timeout_ms = v->cluster->settings.call_timeout_ms,
        .cancel = o->cancel,
        .ctx = &c,
        .next = next,
        .done = done,
    };
    int rc = -1;

    assert(o->next != NULL && o->done != NULL);
    buf_init(&c.namespace, LIMIT_UPSTREAM_PATH);
    if (refresh(&c, err) == 0 && http_many_run(v->http, &many, err) == 0)
        rc = settle(&c, err);
    if (requests != NULL)
        *requests = c.requests;
    items_free(c.all);
    buf_done(&c.namespace);
    secret_free(c.token);
    return rc;
}
