/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/unlike.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "proof/volatile.h"

enum { SHOWN_MAX = 4, HASH_SHOWN = 10, VALUE_SHOWN = 48 };

/* Both lists ascend by name: one step of reading them side by side.  The
 * text is NULL where that record has no such field. */
struct pair {
    const char *name;
    const char *a, *b;
};

struct walk {
    const struct inventory_record *a, *b;
    size_t i, k;
};

static bool next_pair(struct walk *w, struct pair *out)
{
    bool more_a = w->i < w->a->field_count;
    bool more_b = w->k < w->b->field_count;
    int order;

    if (!more_a && !more_b)
        return false;
    if (more_a && more_b)
        order = strcmp(w->a->fields[w->i].name, w->b->fields[w->k].name);
    else
        order = more_a ? -1 : 1;
    *out = (struct pair){.name = order <= 0 ? w->a->fields[w->i].name
                                            : w->b->fields[w->k].name};
    if (order <= 0)
        out->a = w->a->fields[w->i++].text;
    if (order >= 0)
        out->b = w->b->fields[w->k++].text;
    return true;
}

static bool is_hash(const char *text)
{
    return text != NULL && text_starts(text, "h:");
}

static bool same_text(const struct pair *p)
{
    return p->a != NULL && p->b != NULL && strcmp(p->a, p->b) == 0;
}

static bool tells_nothing(const struct pair *p, unsigned apart)
{
    if (p->a == NULL || p->b == NULL)
        return (apart & UNLIKE_SERVERS) != 0;
    return (apart & UNLIKE_KEYS) != 0 && is_hash(p->a) && is_hash(p->b);
}

static bool counts(const struct inventory_record *r, const char *field)
{
    return volatile_find(r->kind, r->path, field) == NULL;
}

static bool numbers_differ(const struct inventory_record *a,
                           const struct inventory_record *b)
{
    return (a->version != b->version && counts(a, "version")) ||
           (a->created_ms != b->created_ms && counts(a, "created_ms")) ||
           (a->changed_ms != b->changed_ms && counts(a, "changed_ms"));
}

enum unlike unlike_records(const struct inventory_record *a,
                           const struct inventory_record *b, unsigned apart)
{
    struct walk w = {.a = a, .b = b};
    enum unlike found = UNLIKE_NOTHING;
    struct pair p;

    if (a == NULL || b == NULL) {
        const struct inventory_record *there = a == NULL ? b : a;

        return there == NULL ||
                       volatile_find(there->kind, there->path, NULL) != NULL
                   ? UNLIKE_NOTHING
                   : UNLIKE_SOMETHING;
    }
    if (numbers_differ(a, b))
        return UNLIKE_SOMETHING;
    while (next_pair(&w, &p)) {
        if (!counts(a, p.name))
            continue;
        if (same_text(&p))
            continue;
        if (!tells_nothing(&p, apart))
            return UNLIKE_SOMETHING;
        found = UNLIKE_UNSEEN;
    }
    return found;
}

/* Words, comma separated, as long as there is room; then how many more. */
struct words {
    char *out;
    size_t used, count, more;
};

static void say(struct words *w, const char *name, const char *text)
{
    const size_t room = UNLIKE_TEXT_MAX - w->used - 16; /* for the rest */
    int n;

    if (w->count == SHOWN_MAX) {
        w->more++;
        return;
    }
    n = snprintf(w->out + w->used, room, "%s%s%s%s", w->count == 0 ? "" : ", ",
                 name, *text == '\0' ? "" : " ", text);
    if (n < 0 || (size_t)n >= room) {
        w->out[w->used] = '\0';
        w->more++;
        return;
    }
    w->used += (size_t)n;
    w->count++;
}

static void finish(struct words *w)
{
    if (w->more > 0)
        (void)snprintf(w->out + w->used, UNLIKE_TEXT_MAX - w->used,
                       "%s%zu more", w->count == 0 ? "" : ", ", w->more);
}

static void say_number(struct words *w, const char *name, uint64_t n)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, n);
    say(w, name, text);
}

static void say_time(struct words *w, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT_MAX] = "never";

    if (ms != 0)
        clock_text(ms, text);
    say(w, name, text);
}

/* A hash is told from another by its beginning; a long text by its first
 * words. */
static void say_field(struct words *w, const char *name, const char *text)
{
    char shown[VALUE_SHOWN + 4];
    size_t keep = is_hash(text) ? HASH_SHOWN : VALUE_SHOWN;

    if (text == NULL)
        text = "not set";
    (void)snprintf(shown, sizeof shown, "%.*s%s", (int)keep, text,
                   strlen(text) > keep ? "..." : "");
    say(w, name, shown);
}

static void say_alone(struct words *w, const struct inventory_record *r)
{
    say(w, "there", "");
    if (r->version != 0)
        say_number(w, "version", r->version);
    if (r->created_ms != 0)
        say_time(w, "created", r->created_ms);
    if (r->changed_ms != 0)
        say_time(w, "changed", r->changed_ms);
}

void unlike_text(const struct inventory_record *of,
                 const struct inventory_record *other,
                 char out[UNLIKE_TEXT_MAX])
{
    struct walk walk = {.a = of, .b = other};
    struct words w = {.out = out};
    struct pair p;

    out[0] = '\0';
    if (of == NULL) {
        say(&w, "not there", "");
        return;
    }
    if (other == NULL) {
        say_alone(&w, of);
        return;
    }
    if (of->version != other->version && counts(of, "version"))
        say_number(&w, "version", of->version);
    if (of->created_ms != other->created_ms)
        say_time(&w, "created", of->created_ms);
    if (of->changed_ms != other->changed_ms && counts(of, "changed_ms"))
        say_time(&w, "changed", of->changed_ms);
    while (next_pair(&walk, &p))
        if (!same_text(&p) && counts(of, p.name))
            say_field(&w, p.name, p.a);
    finish(&w);
}
