/* SPDX-License-Identifier: Apache-2.0 */
#include "server/audited.h"

#include "base/log.h"
#include "server/exchange.h"

bool audited_route(const struct route *route)
{
    return (route->flags & ROUTE_AUDIT) != 0 || route->verb == VERB_WRITE ||
           route->verb == VERB_DELETE;
}

static bool is_audited(const struct request *r)
{
    return r->site->audit.begin != NULL && r->match.route != NULL &&
           (audited_route(r->match.route) || r->principal.break_glass);
}

int audited_begin(struct request *r, struct error *err)
{
    const struct server_audit *a = &r->site->audit;

    if (!is_audited(r))
        return 0;
    if (a->begin(a->ctx, r, err) < 0)
        return -1;
    r->audited = true;
    return 0;
}

static bool changes(const struct request *r)
{
    return r->verb == VERB_WRITE || r->verb == VERB_DELETE;
}

/* What was done was done, and its answer has what the caller must know; what
 * would be read is kept back. */
int audited_end(struct request *r, int status, const struct error *why,
                struct error *err)
{
    const struct server_audit *a = &r->site->audit;
    struct error failed = {0};

    if (!r->audited)
        return 0;
    r->audited = false;
    if (a->end(a->ctx, r, status, why, &failed) == 0)
        return 0;
    if (changes(r)) {
        log_error("%s %s: %s", r->method, r->path, failed.text);
        reply_warning(&r->reply, "how this ended is missing in the audit "
                                 "record, which could not be written");
        return 0;
    }
    *err = failed;
    return -1;
}

void audited_refused(struct request *r, const struct error *why)
{
    const struct server_audit *a = &r->site->audit;

    if (is_audited(r))
        a->refused(a->ctx, r, why);
}

void audited_abandon(struct request *r)
{
    struct error ignored;

    (void)audited_end(r, 0, NULL, &ignored);
}
