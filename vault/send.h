/* SPDX-License-Identifier: Apache-2.0
 *
 * One exchange with a server, redirects included.  Only this folder includes
 * it; everything here may block on the network. */
#ifndef ASSAY_VAULT_SEND_H
#define ASSAY_VAULT_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/stream.h"
#include "http/http.h"
#include "vault/call.h"
#include "vault/vault.h"

enum {
    QUICK_TIMEOUT_MS = 5 * 1000, /* questions that cost a server nothing */
};

struct exchange {
    const char *method;
    const char *path;  /* after "v1/", plain text */
    const char *query; /* percent-encoded */
    const char *body;
    const struct source *upload;
    const struct sink *sink;
    const char *token;     /* NULL or "": none */
    const char *namespace; /* NULL or "": the root */
    const char *wrap_ttl;  /* NULL: not wrapped */
    const struct cancel *cancel;
    int64_t timeout_ms; /* 0: stalls only */
    bool safe; /* a POST that changes nothing, or nothing that matters twice */
    bool own;  /* set by call_exchange: with our own login */
    bool once; /* exactly one request, no redirect followed */
};

/* 0: an answer of whatever status, in `response`, which the caller has
 * initialised and will release. */
int send_exchange(struct vault *v, const struct exchange *x,
                  struct http_response *response, struct error *err) MUST_USE;
/* -1 and `err` filled as vault/call.h promises if the status is 400 or more
 * (or a redirect that was not followed). */
int send_check(const struct exchange *x, const struct http_response *response,
               struct error *err) MUST_USE;
/* The body as JSON; NULL for an empty one. */
int send_parse(const struct exchange *x, const struct http_response *response,
               struct json **answer, struct error *err) MUST_USE;
/* All three: an exchange without login or repetition. */
int send_simple(struct vault *v, const struct exchange *x, struct json **answer,
                struct error *err) MUST_USE;
/* Sleep about `ms`, half of it random; -1 (ERR_CANCELLED) if cancelled. */
int send_pause(int64_t ms, const struct cancel *cancel,
               struct error *err) MUST_USE;

/* In wrap.c: make `x` the question what a wrapping is about, without using it
 * up.  `body` is what it says, and is initialised in any case. */
int wrap_lookup(const char *token, struct exchange *x, struct buf *body,
                struct error *err) MUST_USE;

/* Whether the same question may have another answer in a moment; `why` is
 * what send_check or http_call said.  In call.c. */
bool call_passing(const struct http_response *r, const struct error *why);
/* In call.c: an exchange with our own login. */
int call_exchange(struct vault *v, struct exchange *x,
                  struct http_response *response, struct error *err) MUST_USE;
/* In call.c: as vault_call, with the answer as it came.  `x` and `response`
 * are filled in; the caller releases the latter, also after an error. */
int call_answer(struct vault *v, const struct vault_request *q,
                struct exchange *x, struct http_response *response,
                struct error *err) MUST_USE;

#endif
