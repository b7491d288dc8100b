/* SPDX-License-Identifier: Apache-2.0
 *
 * `vault path-help`, made from the same table that routes: it cannot say
 * anything that is not so. */
#include <string.h>

#include "server/exchange.h"

static void write_fields(const struct route *r, struct buf *text)
{
    for (const struct field *f = r->fields; f != NULL && f->name != NULL; f++)
        buf_printf(text, "      %s (%s)\n          %s\n", f->name,
                   fields_type_name(f->type), f->help);
}

static void write_route(const char *mount, const struct route *r,
                        struct buf *text)
{
    buf_printf(text, "  %s %s/%s%s\n      %s\n", route_verb_name(r->verb),
               mount, r->pattern,
               (r->flags & ROUTE_OPEN) != 0   ? "  (no token needed)"
               : (r->flags & ROUTE_SUDO) != 0 ? "  (needs sudo)"
                                              : "",
               r->help);
    write_fields(r, text);
    buf_char(text, '\n');
}

static bool same_resource(const struct route *r, const char *segment)
{
    const size_t len = strcspn(r->pattern, "/");

    return strlen(segment) == len && memcmp(r->pattern, segment, len) == 0;
}

/* An entry of OpenAPI's `paths`, "/{mount}/snapshots/{id}". */
static void write_api_path(const char *mount, const struct route *r,
                           struct buf *name)
{
    const char *p = r->pattern;

    buf_clear(name);
    buf_printf(name, "/%s", mount);
    while (*p != '\0') {
        const size_t len = strcspn(p, "/");

        if (p[0] == ':')
            buf_printf(name, "/{%.*s}", (int)len - 1, p + 1);
        else
            buf_printf(name, "/%.*s", (int)len, p);
        p += len + (p[len] == '/');
    }
}

static const char *api_method(enum verb verb)
{
    static const char *const names[] = {
        [VERB_READ] = "get",
        [VERB_LIST] = "get",
        [VERB_WRITE] = "post",
        [VERB_DELETE] = "delete",
    };

    return names[verb];
}

static void write_operation(const struct route *r, struct jsonw *w)
{
    jsonw_object(w, api_method(r->verb));
    jsonw_text(w, "summary", r->help);
    jsonw_bool(w, "x-vault-sudo", (r->flags & ROUTE_SUDO) != 0);
    jsonw_object(w, "responses");
    jsonw_object(w, "200");
    jsonw_text(w, "description", "OK");
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

/* Operations of one path are neighbours in the tables only by custom: for
 * the first route of a pattern, all its methods are collected. */
static void write_api_routes(const struct route *const *tables,
                             const char *pattern, struct jsonw *w)
{
    unsigned done = 0;

    for (; *tables != NULL; tables++) {
        for (const struct route *r = *tables; r->pattern != NULL; r++) {
            /* READ and LIST are one method there. */
            const unsigned bit =
                1u << (r->verb == VERB_LIST ? VERB_READ : r->verb);

            if (strcmp(r->pattern, pattern) != 0 || (done & bit) != 0)
                continue;
            done |= bit;
            write_operation(r, w);
        }
    }
}

static bool seen_before(const struct route *const *tables,
                        const struct route *route)
{
    for (; *tables != NULL; tables++)
        for (const struct route *r = *tables; r->pattern != NULL; r++) {
            if (r == route)
                return false;
            if (strcmp(r->pattern, route->pattern) == 0)
                return true;
        }
    return false;
}

static bool fits(const struct route *r, const struct router_path *path)
{
    return path->count == 0 || router_fits(r->pattern, path);
}

static void write_openapi(const struct server_options *site,
                          const struct router_path *path, struct jsonw *w)
{
    struct buf name;

    buf_init(&name, LIMIT_REQUEST_URL);
    jsonw_object(w, "openapi");
    jsonw_text(w, "openapi", "3.0.2");
    jsonw_object(w, "info");
    jsonw_text(w, "title", "Assay");
    jsonw_text(w, "version", ASSAY_VERSION);
    jsonw_end_object(w);
    jsonw_object(w, "paths");
    for (const struct route *const *t = site->routes; *t != NULL; t++) {
        for (const struct route *r = *t; r->pattern != NULL; r++) {
            const char *pattern = r->pattern;

            if (!fits(r, path) || seen_before(site->routes, r))
                continue;
            write_api_path(site->mount, r, &name);
            jsonw_object(w, buf_text(&name));
            write_api_routes(site->routes, pattern, w);
            jsonw_end_object(w);
        }
    }
    jsonw_end_object(w);
    jsonw_end_object(w);
    buf_done(&name);
}

static void write_see_also(const struct server_options *site,
                           const struct router_path *path, struct jsonw *w)
{
    struct buf name;

    buf_init(&name, LIMIT_REQUEST_URL);
    jsonw_array(w, "see_also");
    for (const struct route *const *t = site->routes; *t != NULL; t++) {
        for (const struct route *r = *t; r->pattern != NULL; r++) {
            if (path->count == 0 || fits(r, path) ||
                !same_resource(r, path->segments[0]) ||
                seen_before(site->routes, r))
                continue;
            buf_clear(&name);
            buf_printf(&name, "%s/%s", site->mount, r->pattern);
            jsonw_text(w, NULL, buf_text(&name));
        }
    }
    jsonw_end_array(w);
    buf_done(&name);
}

int help_reply(const struct server_options *site,
               const struct router_path *path, struct reply *reply,
               struct error *err)
{
    struct buf text;
    struct buf body;
    struct jsonw w;
    int rc = -1;

    buf_init(&text, LIMIT_REPLY_BODY);
    buf_init(&body, LIMIT_REPLY_BODY);
    for (const struct route *const *t = site->routes; *t != NULL; t++)
        for (const struct route *r = *t; r->pattern != NULL; r++)
            if (fits(r, path))
                write_route(site->mount, r, &text);
    if (text.len == 0) {
        error_set(err, ERR_NOT_FOUND, "no help: there is no such path");
        goto done;
    }
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "help", buf_text(&text));
    write_see_also(site, path, &w);
    write_openapi(site, path, &w);
    jsonw_end_object(&w);
    buf_char(&body, '\n');
    if (buf_check(&body, "the help text", err) < 0)
        goto done;
    reply_raw(reply, 200, "application/json", body.data, body.len);
    rc = 0;
done:
    buf_done(&text);
    buf_done(&body);
    return rc;
}
