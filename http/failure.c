/* SPDX-License-Identifier: Apache-2.0
 *
 * How a call ended that brought no whole answer, in words. */
#include <string.h>

#include "base/text.h"
#include "http/internal.h"

static bool is_tls_failure(const struct http_transfer *t, CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return true;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        /* TLS 1.3: a missing client certificate is complained of after the
         * handshake, in place of an answer. */
        return t->response->status == 0 && strstr(t->detail, "alert") != NULL;
    default:
        return false;
    }
}

static int say_tls(const struct http_transfer *t, const char *address,
                   struct error *err)
{
    const char *hint = "";

    if (strstr(t->detail, "does not match") != NULL)
        hint = " (the certificate is for another name: check the address "
               "or the TLS server name)";
    else if (strstr(t->detail, "verification failed") != NULL)
        hint = " (it is not signed by the CA that is configured, or it is "
               "out of date)";
    else if (strstr(t->detail, "alert") != NULL)
        hint = " (it refused ours: does it ask for a client certificate?)";
    return error_set(err, ERR_UPSTREAM, "no TLS with %s: %s%s", address,
                     t->detail, hint);
}

static int say_timeout(struct http_transfer *t, const char *address,
                       struct error *err)
{
    struct http_response *r = t->response;

    if (!r->started) {
        r->failure = HTTP_NOT_CONNECTED;
        return error_set(err, ERR_UNAVAILABLE, "cannot connect to %s: %s",
                         address, t->detail);
    }
    r->failure = HTTP_TIMED_OUT;
    return error_set(err, ERR_UNAVAILABLE,
                     "%s did not answer in full within %.1f s", address,
                     (double)t->request->timeout_ms / 1000.0);
}

static int say_dropped(struct http_transfer *t, const char *address,
                       struct error *err)
{
    struct http_response *r = t->response;

    r->failure = HTTP_DROPPED;
    if (r->status != 0)
        return error_set(err, ERR_CORRUPT,
                         "%s closed the connection within its answer, after "
                         "%llu bytes",
                         address, (unsigned long long)r->received);
    if (r->sent > 0)
        return error_set(err, ERR_UNAVAILABLE,
                         "%s closed the connection without an answer, after "
                         "%llu bytes were sent",
                         address, (unsigned long long)r->sent);
    /* With TLS 1.3 the refusal may be lost, and only the end be seen. */
    return error_set(err, ERR_UNAVAILABLE,
                     "%s closed the connection without an answer%s", address,
                     text_starts(address, "https://")
                         ? " (does it ask for a client certificate?)"
                         : "");
}

static int say_stopped(struct http_transfer *t, const char *address,
                       struct error *err)
{
    struct http_response *r = t->response;

    if (t->was_cancelled) {
        r->failure = HTTP_CANCELLED;
        return error_set(err, ERR_CANCELLED, "cancelled");
    }
    if (t->stalled) {
        r->failure = HTTP_STALLED;
        return error_set(err, ERR_UNAVAILABLE,
                         "%s stalled: nothing moved for %.1f s, after %llu "
                         "bytes were received and %llu sent",
                         address, (double)t->stall_ms / 1000.0,
                         (unsigned long long)r->received,
                         (unsigned long long)r->sent);
    }
    r->failure = HTTP_OURS;
    if (err != NULL)
        *err = t->error;
    return -1;
}

int http_say_failure(struct http_transfer *t, CURLcode code,
                     const char *address, struct error *err)
{
    if (t->detail[0] == '\0')
        (void)text_copy(t->detail, sizeof t->detail, curl_easy_strerror(code));
    if (t->was_cancelled || t->stalled || t->ours)
        return say_stopped(t, address, err);
    if (is_tls_failure(t, code)) {
        t->response->failure = HTTP_TLS_REFUSED;
        return say_tls(t, address, err);
    }
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return say_timeout(t, address, err);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        t->response->failure = HTTP_NOT_CONNECTED;
        return error_set(err, ERR_UNAVAILABLE, "cannot connect to %s: %s",
                         address, t->detail);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
        return say_dropped(t, address, err);
    case CURLE_OUT_OF_MEMORY:
        t->response->failure = HTTP_OURS;
        return error_memory(err);
    default:
        /* Not HTTP, a broken chunk, and the like. */
        t->response->failure = HTTP_DROPPED;
        return error_set(err, ERR_UPSTREAM, "%s: %s", address, t->detail);
    }
}
