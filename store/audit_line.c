/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit_line.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

enum { VERSION = 1 };

static const char what_it_is[] = "an entry of the audit record";

const char audit_line_first_prev[DIGEST_SHA256_HEX] =
    "0000000000000000000000000000000000000000000000000000000000000000";

static const char hash_begin[] = ",\"hash\":\"";
static const char hash_end[] = "\"}";

const char *audit_line_type(enum audit_type type)
{
    static const char *const names[] = {
        [AUDIT_REQUEST] = "request",
        [AUDIT_RESPONSE] = "response",
        [AUDIT_REFUSED] = "refused",
        [AUDIT_RUN] = "run",
    };

    return names[type];
}

/* What is empty is left out. */
static void text(struct jsonw *w, const char *key, const char *value)
{
    if (value != NULL && *value != '\0')
        jsonw_text(w, key, value);
}

static bool given(const char *value)
{
    return value != NULL && *value != '\0';
}

static void write_who(const struct audit_entry *e, struct jsonw *w)
{
    if (!given(e->display_name) && !given(e->entity_id) &&
        !given(e->accessor) && !given(e->token_key))
        return;
    jsonw_object(w, "who");
    text(w, "display_name", e->display_name);
    text(w, "entity_id", e->entity_id);
    text(w, "accessor", e->accessor);
    text(w, "token_key", e->token_key);
    jsonw_end_object(w);
}

static void write_body(const struct audit_entry *e, struct jsonw *w)
{
    jsonw_text(w, "type", audit_line_type(e->type));
    text(w, "request_id", e->request_id);
    text(w, "operation", e->operation);
    text(w, "path", e->path);
    write_who(e, w);
    text(w, "remote", e->remote);
    if (given(e->fields))
        jsonw_raw(w, "fields", e->fields);
    text(w, "subject", e->subject);
    text(w, "event", e->event);
    if (e->status != 0)
        jsonw_i64(w, "status", e->status);
    text(w, "error", e->error);
    text(w, "message", e->message);
}

/* Of a line up to its hash, and the brace that would end it there. */
static int hash_line(const char *line, size_t body, char out[DIGEST_SHA256_HEX],
                     struct error *err)
{
    struct digest *d = digest_new();

    if (d == NULL)
        return error_memory(err);
    digest_update(d, line, body);
    digest_update(d, "}", 1);
    digest_final_hex(d, out);
    digest_free(d);
    return 0;
}

int audit_line_write(const struct audit_entry *entry, struct audit_link *link,
                     struct buf *out, struct error *err)
{
    struct jsonw w;
    const size_t begin = out->len;

    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_u64(&w, "version", VERSION);
    jsonw_text(&w, "chain", link->chain);
    jsonw_u64(&w, "seq", link->seq);
    jsonw_time(&w, "at", link->at_ms);
    write_body(entry, &w);
    jsonw_text(&w, "prev", link->prev);
    if (buf_check(out, what_it_is, err) != 0 ||
        hash_line(out->data + begin, out->len - begin, link->hash, err) != 0)
        return -1;
    buf_printf(out, "%s%s%s", hash_begin, link->hash, hash_end);
    return buf_check(out, what_it_is, err);
}

/* The last member, by its length: whatever else a line holds, it cannot be
 * taken for it. */
static bool split(const char *line, size_t len, size_t *body,
                  char hash[DIGEST_SHA256_HEX])
{
    const size_t digits = DIGEST_SHA256_HEX - 1;
    const size_t tail = sizeof(hash_begin) - 1 + digits + sizeof(hash_end) - 1;
    const char *at;

    if (len <= tail)
        return false;
    at = line + len - tail;
    if (memcmp(at, hash_begin, sizeof(hash_begin) - 1) != 0 ||
        memcmp(line + len - 2, hash_end, sizeof(hash_end) - 1) != 0)
        return false;
    memcpy(hash, at + sizeof(hash_begin) - 1, digits);
    hash[digits] = '\0';
    *body = len - tail;
    return true;
}

static int check_hash(const char *line, size_t body, const char *hash,
                      struct error *err)
{
    char right[DIGEST_SHA256_HEX];

    if (hash_line(line, body, right, err) != 0)
        return -1;
    if (strcmp(right, hash) == 0)
        return 0;
    return error_set(err, ERR_CORRUPT,
                     "it was changed: its hash is another than it says");
}

static bool read_link(const struct json *root, struct audit_link *out)
{
    const char *at = json_get_text(root, "at", "");

    return json_get_u64(root, "version", 0) == VERSION &&
           id_valid(json_get_text(root, "chain", "")) &&
           text_copy(out->chain, sizeof(out->chain),
                     json_get_text(root, "chain", "")) &&
           json_u64(json_get(root, "seq"), &out->seq) && out->seq > 0 &&
           text_rfc3339_ms(at, &out->at_ms) &&
           text_copy(out->prev, sizeof(out->prev),
                     json_get_text(root, "prev", "")) &&
           strlen(out->prev) == DIGEST_SHA256_HEX - 1;
}

int audit_line_read(const char *line, size_t len, struct audit_link *out,
                    struct error *err)
{
    struct audit_link link = {0};
    struct json *root = NULL;
    struct error why = {0};
    size_t body = 0;
    int rc = -1;

    if (!split(line, len, &body, link.hash))
        return error_set(err, ERR_CORRUPT, "it is no entry of an audit record");
    if (check_hash(line, body, link.hash, err) != 0)
        return -1;
    if (json_parse(line, len, &root, &why) != 0 || !read_link(root, &link))
        (void)error_set(err, ERR_CORRUPT,
                        "it is no entry of a version that is known here");
    else {
        *out = link;
        rc = 0;
    }
    json_free(root);
    return rc;
}

/* Which entry it should have been. */
static int name_entry(const struct audit_walk *w, struct error *err)
{
    if (!w->begun)
        return error_prefix(err, "the first entry");
    return error_prefix(err, "entry %" PRIu64, w->last.seq + 1);
}

static int check_next(const struct audit_walk *w, const struct audit_link *next,
                      struct error *err)
{
    if (next->seq == 1 && strcmp(next->prev, audit_line_first_prev) != 0)
        return error_set(err, ERR_CORRUPT,
                         "it is the first of its chain, and follows another");
    if (!w->begun)
        return 0;
    if (strcmp(next->chain, w->last.chain) != 0)
        return error_set(err, ERR_CORRUPT, "it is of another chain, %s",
                         next->chain);
    if (next->seq != w->last.seq + 1)
        return error_set(err, ERR_CORRUPT,
                         "it is missing: the next one there is %" PRIu64,
                         next->seq);
    if (strcmp(next->prev, w->last.hash) != 0)
        return error_set(err, ERR_CORRUPT,
                         "it does not follow entry %" PRIu64
                         ": one of the two is another than it was",
                         w->last.seq);
    return 0;
}

int audit_walk_next(struct audit_walk *w, const char *line, size_t len,
                    struct error *err)
{
    struct audit_link next;

    if (audit_line_read(line, len, &next, err) != 0 ||
        check_next(w, &next, err) != 0)
        return name_entry(w, err);
    if (!w->begun)
        w->first = next;
    w->begun = true;
    w->last = next;
    w->count++;
    return 0;
}
