/* SPDX-License-Identifier: Apache-2.0
 *
 * Ordinary requests.  They wait for the answer (call_timeout_ms) and may be
 * made by any thread.
 *
 * Every status of 400 and above is an error: err->status has it, err->kind is
 * ERR_DENIED (403), ERR_NOT_FOUND (404), ERR_METHOD (405), ERR_UNAVAILABLE
 * (429, 472, 473, 503: standby, sealed, overloaded) or ERR_UPSTREAM, and
 * err->text ends in what the server said.
 *
 * GET and LIST are repeated a few times, with jitter, when the connection
 * failed or the server was a standby, starting or overloaded.  Nothing else
 * is ever sent twice, except after a refusal (403) once a new login is made.
 * Redirects are followed by hand, twice at most, to addresses of this cluster
 * only; any other is ERR_UPSTREAM and names the host. */
#ifndef ASSAY_VAULT_CALL_H
#define ASSAY_VAULT_CALL_H

#include "base/error.h"
#include "base/json.h"
#include "base/stream.h"
#include "vault/vault.h"

struct vault_request {
    const char *method;    /* GET LIST POST PUT DELETE */
    const char *path;      /* after "v1/", plain text: it is encoded here */
    const char *query;     /* percent-encoded, without '?'; or NULL */
    const char *body;      /* JSON text; or NULL */
    const char *token;     /* NULL: our own login; "": none */
    const char *namespace; /* NULL: the handle's; "": root */
    int64_t timeout_ms;    /* 0: the handle's */
    const struct cancel *cancel;
};

/* *answer is the whole document (the caller frees it), NULL when the server
 * sent none (204).  `answer` may be NULL. */
int vault_call(struct vault *v, const struct vault_request *request,
               struct json **answer, struct error *err) MUST_USE;

/* With our own login, in the handle's namespace. */
int vault_read(struct vault *v, const char *path, struct json **answer,
               struct error *err) MUST_USE;
int vault_list(struct vault *v, const char *path, struct json **answer,
               struct error *err) MUST_USE;
/* POST; `body` NULL sends none. */
int vault_write(struct vault *v, const char *path, const char *body,
                struct json **answer, struct error *err) MUST_USE;
int vault_delete(struct vault *v, const char *path, struct error *err) MUST_USE;

#endif
