/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit record, for those who may read it.  Shown is what the lines say,
 * not the columns beside them. */
#include "store/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/listing.h"

enum { NUMBER_MAX = 24 };

static int read_number(const char *text, const char *field, uint64_t *out,
                       struct error *err)
{
    if (text == NULL || (text_u64(text, out) && *out > 0 && *out <= INT64_MAX))
        return 0;
    return error_set(err, ERR_INVALID, "%s: expected the number of an entry",
                     field);
}

static int read_filter(const struct request *request, struct audit_filter *out,
                       struct error *err)
{
    *out = (struct audit_filter){
        .type = request_text(request, "type", NULL),
        .entity_id = request_text(request, "entity_id", NULL),
        .subject = request_text(request, "subject", NULL),
    };
    if (listing_limit(request, &out->limit, err) != 0 ||
        listing_since(request, &out->since_ms, err) != 0 ||
        read_number(request_text(request, "after", NULL), "after", &out->before,
                    err) != 0)
        return -1;
    return 0;
}

static void copy_text(struct jsonw *w, const char *key,
                      const struct json *value)
{
    jsonw_text(w, key, json_text(value, NULL));
}

/* Flat: a table of Vault's CLI has a column for each. */
static void write_flat(const struct json *entry, struct jsonw *w)
{
    static const char *const texts[] = {
        "at",     "type",    "request_id", "operation", "path",
        "remote", "subject", "event",      "error",     "message"};
    const struct json *who = json_get(entry, "who");
    int64_t status = 0;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        copy_text(w, texts[i], json_get(entry, texts[i]));
    copy_text(w, "display_name", json_get(who, "display_name"));
    copy_text(w, "entity_id", json_get(who, "entity_id"));
    if (json_i64(json_get(entry, "status"), &status))
        jsonw_i64(w, "status", status);
    else
        jsonw_null(w, "status");
}

/* An entry that somebody has damaged is shown as what it is. */
static void write_row(const struct audit_line_row *row, struct jsonw *w)
{
    char number[NUMBER_MAX];
    struct json *entry = NULL;
    struct error ignored;

    (void)snprintf(number, sizeof(number), "%" PRIu64, row->seq);
    jsonw_object(w, number);
    if (json_parse(row->entry, strlen(row->entry), &entry, &ignored) == 0)
        write_flat(entry, w);
    else
        jsonw_text(w, "message", "this entry is damaged");
    jsonw_end_object(w);
    json_free(entry);
}

static void write_keys(const struct audit_list *list, struct jsonw *w)
{
    char number[NUMBER_MAX];

    jsonw_array(w, "keys");
    for (size_t i = 0; i < list->count; i++) {
        (void)snprintf(number, sizeof(number), "%" PRIu64, list->items[i].seq);
        jsonw_text(w, NULL, number);
    }
    jsonw_end_array(w);
}

int handlers_audit_list(void *app, struct request *request, struct reply *reply,
                        struct error *err)
{
    struct handlers_app *a = app;
    struct jsonw *w = reply_data(reply);
    struct audit_filter filter = {0};
    struct audit_list list = {0};
    char last[NUMBER_MAX];

    if (read_filter(request, &filter, err) != 0 ||
        audit_list(a->store, &filter, &list, err) != 0)
        return -1;
    if (list.count == 0) {
        reply_empty_list(reply);
        goto done;
    }
    write_keys(&list, w);
    jsonw_object(w, "key_info");
    for (size_t i = 0; i < list.count; i++)
        write_row(&list.items[i], w);
    jsonw_end_object(w);
    (void)snprintf(last, sizeof(last), "%" PRIu64,
                   list.items[list.count - 1].seq);
    jsonw_text(w, "next_after", list.more ? last : NULL);
done:
    audit_list_done(&list);
    return 0;
}

/* The line itself as well: it is what the hash is of. */
int handlers_audit_read(void *app, struct request *request, struct reply *reply,
                        struct error *err)
{
    struct handlers_app *a = app;
    struct jsonw *w = reply_data(reply);
    struct json *entry = NULL;
    struct error ignored;
    uint64_t seq = 0;
    char *line = NULL;

    if (read_number(request_param(request, "seq"), "seq", &seq, err) != 0 ||
        audit_get(a->store, seq, &line, err) != 0)
        return -1;
    jsonw_u64(w, "seq", seq);
    jsonw_text(w, "line", line);
    if (json_parse(line, strlen(line), &entry, &ignored) == 0) {
        struct buf fields;

        write_flat(entry, w);
        buf_init(&fields, LIMIT_AUDIT_ENTRY);
        json_print(json_get(entry, "fields"), &fields);
        jsonw_raw(w, "fields",
                  buf_failed(&fields) ? "null" : buf_text(&fields));
        buf_done(&fields);
    }
    json_free(entry);
    free(line);
    return 0;
}
