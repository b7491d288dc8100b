/* SPDX-License-Identifier: Apache-2.0 */
#include "server/testing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "server/exchange.h"

/* Stands in for options->authorize when the call names its caller. */
static int as_caller(void *ctx, const struct request *request, bool may_block,
                     struct principal *out, struct error *err)
{
    (void)request;
    (void)may_block;
    (void)err;
    *out = *(const struct principal *)ctx;
    return 0;
}

static char *headers_text(const struct reply *reply)
{
    struct buf text;

    buf_init(&text, LIMIT_REQUEST_BODY);
    if (reply->content_type != NULL)
        buf_printf(&text, "Content-Type: %s\n", reply->content_type);
    for (size_t i = 0; i < reply->header_count; i++)
        buf_printf(&text, "%s: %s\n", reply->headers[i].name,
                   reply->headers[i].value);
    return text.len > 0 ? buf_take(&text) : text_dup("");
}

void testing_serve(const struct server_options *options,
                   const struct testing_call *call,
                   struct testing_answer *answer)
{
    struct server_options site = *options;
    struct principal caller;
    struct request *r;

    *answer = (struct testing_answer){0};
    if (call->caller != NULL) {
        caller = *call->caller;
        site.authorize = as_caller;
        site.authorize_ctx = &caller;
    }
    r = exchange_new(&site, call->origin, call->uri);
    assert(r != NULL);
    for (const char *const *h = call->headers; h != NULL && *h != NULL; h += 2)
        exchange_header(r, h[0], h[1]);
    exchange_begin(r, call->method, false);
    if (call->body != NULL)
        exchange_body(r, call->body, strlen(call->body));
    r->deadline_passed = call->deadline_passed;
    if (exchange_run(r, true) == EXCHANGE_PARK) {
        answer->parked = true;
    } else {
        answer->status = r->reply.status;
        answer->headers = headers_text(&r->reply);
        answer->body =
            r->reply.out.len > 0 ? buf_take(&r->reply.out) : text_dup("");
    }
    exchange_free(r);
}

void testing_answer_done(struct testing_answer *answer)
{
    free(answer->body);
    free(answer->headers);
    *answer = (struct testing_answer){0};
}
