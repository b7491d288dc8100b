/* SPDX-License-Identifier: Apache-2.0
 *
 * Very many small reads of one cluster, with our own login (http/many.h):
 * refusals told from dead tokens, which are replaced; what fails in passing
 * is asked again; what the server says in words.
 *
 * Reads are GET, LIST and SCAN.  Redirects are not followed: ask the leader's
 * own handle (vault_leader). */
#ifndef ASSAY_VAULT_MANY_H
#define ASSAY_VAULT_MANY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "vault/vault.h"

/* Copied when it is given. */
struct vault_many_request {
    const char *method;
    const char *path;      /* after "v1/", plain text: it is encoded here */
    const char *query;     /* percent-encoded, without '?'; or NULL */
    const char *namespace; /* NULL or "": the root, whatever the handle's */
    void *tag;
};

enum vault_many_outcome {
    VAULT_MANY_OK,        /* 2xx */
    VAULT_MANY_MISSING,   /* 404 */
    VAULT_MANY_DENIED,    /* 403, and the token lives */
    VAULT_MANY_METHOD,    /* 405 */
    VAULT_MANY_TOO_LARGE, /* over LIMIT_UPSTREAM_BODY; dropped */
    VAULT_MANY_REFUSED,   /* anything else that the server means */
};

struct vault_many_answer {
    enum vault_many_outcome outcome;
    int status;
    char *body; /* may be written to; wiped after the call */
    size_t len;
    const struct error *why; /* unless it is VAULT_MANY_OK */
};

struct vault_many_options {
    unsigned in_flight;  /* 0: 64 */
    unsigned per_second; /* 0: no limit */
    const struct cancel *cancel;
    void *ctx;
    /* 1: *q is the next.  0: none before an answer comes.  -1: stop. */
    int (*next)(void *ctx, struct vault_many_request *q, struct error *err);
    /* The answer to a request that was given.  -1: stop. */
    int (*done)(void *ctx, void *tag, struct vault_many_answer *a,
                struct error *err);
};

/* Until `next` has nothing and all is answered.  *requests (may be NULL)
 * counts what was sent, repetitions included; also on -1: what `next` or
 * `done` said; ERR_UNAVAILABLE when the server goes away, is sealed, or leads
 * no more; ERR_DENIED when there is no login; ERR_CANCELLED. */
int vault_many_run(struct vault *v, const struct vault_many_options *o,
                   uint64_t *requests, struct error *err) MUST_USE;
/* Percent-encoded for a query's value, appended. */
struct buf;
void vault_many_encode(const char *text, struct buf *out);

#endif
