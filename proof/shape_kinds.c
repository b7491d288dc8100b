/* SPDX-License-Identifier: Apache-2.0
 *
 * The few objects whose times and versions are not simply members. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "proof/shape.h"

/* A list of version numbers that stays a field however many there are. */
struct numbers {
    char text[128];
    size_t len;
};

static void put_number(struct numbers *n, const char *number)
{
    int written = snprintf(n->text + n->len, sizeof n->text - n->len, "%s%s",
                           n->len > 0 ? "," : "", number);

    if (written > 0 && (size_t)written < sizeof n->text - n->len)
        n->len += (size_t)written;
    else
        n->text[n->len] = '\0';
}

static void put_numbers(struct shape *s, const char *name,
                        const struct numbers *n)
{
    if (n->len > 0)
        shape_text(s, name, n->text);
}

/* A deletion that is still to come (delete_version_after) is no change. */
static void see_time(struct shape *s, int64_t ms)
{
    if (ms <= s->now_ms && ms > s->record.changed_ms)
        s->record.changed_ms = ms;
}

/* updated_time does not move when a version is deleted (tried on both
 * products), deletion_time says it; nothing says when one is destroyed. */
static void see_versions(struct shape *s, const struct tape_node *versions)
{
    struct numbers deleted = {.len = 0}, destroyed = {.len = 0};

    for (const struct tape_node *v = tape_first(s->tape, versions); v != NULL;
         v = tape_next(s->tape, v)) {
        int64_t gone = shape_time(s, tape_get(s->tape, v, "deletion_time"));

        see_time(s, shape_time(s, tape_get(s->tape, v, "created_time")));
        see_time(s, gone);
        if (gone > 0 && gone <= s->now_ms)
            put_number(&deleted, tape_key(s->tape, v));
        if (tape_bool(s->tape, tape_get(s->tape, v, "destroyed")))
            put_number(&destroyed, tape_key(s->tape, v));
    }
    if (tape_count(versions) > 0)
        shape_hash(s, "versions", versions);
    put_numbers(s, "deleted", &deleted);
    put_numbers(s, "destroyed", &destroyed);
}

void shape_kv2(struct shape *s, const struct tape_node *data)
{
    static const struct probe general = {
        .created = "created_time",
        .changed = "updated_time",
        .version = "current_version",
        .ignore = "versions",
        .hash = "custom_metadata last_updated_by",
    };

    shape_data(s, &general, data);
    see_versions(s, tape_get(s->tape, data, "versions"));
}

void shape_kv_value(struct shape *s, const struct tape_node *data)
{
    shape_hash(s, "value", data);
}

void shape_kv2_value(struct shape *s, const struct tape_node *data)
{
    const struct tape_node *about = tape_get(s->tape, data, "metadata");
    int64_t version = 0;

    shape_hash(s, "value", tape_get(s->tape, data, "data"));
    s->record.changed_ms =
        shape_time(s, tape_get(s->tape, about, "created_time"));
    if (tape_i64(s->tape, tape_get(s->tape, about, "version"), &version) &&
        version > 0)
        s->record.version = (uint64_t)version;
}

/* `keys` has a time for each version of a symmetric key, an object with its
 * time and public half for each of an asymmetric one: another key of the same
 * name has other times. */
void shape_transit_key(struct shape *s, const struct tape_node *data)
{
    static const struct probe general = {.version = "latest_version",
                                         .ignore = "keys"};
    const struct tape_node *keys = tape_get(s->tape, data, "keys");

    shape_data(s, &general, data);
    for (const struct tape_node *k = tape_first(s->tape, keys); k != NULL;
         k = tape_next(s->tape, k)) {
        const struct tape_node *made =
            tape_type(k) == JSON_OBJECT ? tape_get(s->tape, k, "creation_time")
                                        : k;
        int64_t ms = shape_time(s, made);

        see_time(s, ms);
        if (ms > 0 && (s->record.created_ms == 0 || ms < s->record.created_ms))
            s->record.created_ms = ms;
    }
    if (tape_count(keys) > 0)
        shape_hash(s, "keys", keys);
}

void shape_policy(struct shape *s, const struct tape_node *data)
{
    static const struct probe general = {.changed = "modified",
                                         .version = "version",
                                         .ignore = "name",
                                         .hash = "policy"};

    shape_data(s, &general, data);
    shape_number(s, "length",
                 (int64_t)strlen(tape_get_text(s->tape, data, "policy", "")));
}
