/* SPDX-License-Identifier: Apache-2.0 */
#include "server/router.h"

#include <assert.h>
#include <string.h>

const char *route_verb_name(enum verb verb)
{
    static const char *const names[] = {
        [VERB_READ] = "read",
        [VERB_LIST] = "list",
        [VERB_WRITE] = "write",
        [VERB_DELETE] = "delete",
    };

    return names[verb];
}

static size_t segment_len(const char *pattern)
{
    return strcspn(pattern, "/");
}

/* -1: does not fit.  Otherwise a bit per literal segment, the first segment
 * highest: the larger, the more literal from the left. */
static long score(const char *pattern, const struct router_path *path)
{
    long literal = 0;

    for (size_t i = 0; i < path->count; i++) {
        const size_t len = segment_len(pattern);

        literal *= 2;
        if (len == 0)
            return -1;
        if (pattern[0] != ':') {
            if (strlen(path->segments[i]) != len ||
                memcmp(path->segments[i], pattern, len) != 0)
                return -1;
            literal |= 1;
        }
        pattern += len + (pattern[len] == '/');
    }
    return *pattern == '\0' ? literal : -1;
}

bool router_fits(const char *pattern, const struct router_path *path)
{
    return score(pattern, path) >= 0;
}

static void bind(struct router_match *match, const struct router_path *path)
{
    const char *p = match->route->pattern;

    for (size_t i = 0; i < path->count; i++) {
        const size_t len = segment_len(p);

        if (p[0] == ':') {
            assert(match->count < ROUTER_PARAMS_MAX);
            match->params[match->count].name = p + 1;
            match->params[match->count].name_len = len - 1;
            match->params[match->count].value = path->segments[i];
            match->count++;
        }
        p += len + (p[len] == '/');
    }
}

void router_find(const struct route *const *tables,
                 const struct router_path *path, enum verb verb,
                 struct router_match *out)
{
    long best = -1;

    *out = (struct router_match){0};
    for (; *tables != NULL; tables++) {
        for (const struct route *r = *tables; r->pattern != NULL; r++) {
            const long s = score(r->pattern, path);

            if (s < 0)
                continue;
            out->verbs |= 1u << r->verb;
            if (r->verb == verb && s > best) {
                best = s;
                out->route = r;
            }
        }
    }
    if (out->route != NULL)
        bind(out, path);
}

static void check_pattern(const char *p)
{
    size_t params = 0;

    assert(p[0] != '\0');
    while (*p != '\0') {
        const size_t len = segment_len(p);

        assert(len > 0);
        if (p[0] == ':') {
            assert(len > 1);
            params++;
        }
        p += len;
        if (*p == '/')
            assert(*++p != '\0');
    }
    assert(params <= ROUTER_PARAMS_MAX);
}

void router_check(const struct route *const *tables)
{
    for (; *tables != NULL; tables++) {
        for (const struct route *r = *tables; r->pattern != NULL; r++) {
            check_pattern(r->pattern);
            assert(r->handle != NULL && r->help != NULL);
            if (r->fields == NULL)
                continue;
            for (const struct field *f = r->fields; f->name != NULL; f++)
                assert(strcmp(f->name, "list") != 0 &&
                       strcmp(f->name, "help") != 0);
        }
    }
}
