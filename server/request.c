/* SPDX-License-Identifier: Apache-2.0 */
#include "server/request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "server/exchange.h"

const struct route *request_route(const struct request *request)
{
    return request->match.route;
}

const char *request_path(const struct request *request)
{
    return request->path;
}

const char *request_param(const struct request *request, const char *name)
{
    const struct router_match *m = &request->match;
    const size_t len = strlen(name);

    for (size_t i = 0; i < m->count; i++)
        if (m->params[i].name_len == len &&
            memcmp(m->params[i].name, name, len) == 0)
            return m->params[i].value;
    assert(!"the pattern has no such parameter");
    abort();
}

const char *request_token(const struct request *request)
{
    return request->token != NULL ? request->token : "";
}

const char *request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (text_equal_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return NULL;
}

bool request_prefers_async(const struct request *request)
{
    const char *prefer = request_header(request, "Prefer");

    return prefer != NULL && strstr(prefer, "respond-async") != NULL;
}

const char *request_from(const struct request *request)
{
    return request->origin.from;
}

const char *request_id(const struct request *request)
{
    return request->id;
}

const char *request_body(const struct request *request, size_t *len)
{
    *len = request->body.len;
    return buf_text(&request->body);
}

const struct principal *request_principal(const struct request *request)
{
    return &request->principal;
}

int request_require_owner(struct request *request, const char *owner_key,
                          struct error *err)
{
    const struct principal *p = &request->principal;

    request->owner_checked = true;
    if (p->authenticated)
        return 0;
    if (owner_key != NULL && owner_key[0] != '\0' && p->token_key[0] != '\0' &&
        text_equal_secret(owner_key, p->token_key))
        return 0;
    if (p->refusal.kind == ERR_NONE)
        return error_set(err, ERR_DENIED, "permission denied");
    if (err != NULL)
        *err = p->refusal;
    return -1;
}

bool request_has(const struct request *request, const char *field)
{
    return fields_given(&request->fields, field);
}

const char *request_text(const struct request *request, const char *field,
                         const char *otherwise)
{
    const struct value *v = fields_get(&request->fields, field, FIELD_STRING);

    return v->given ? v->text : otherwise;
}

const char *request_secret(const struct request *request, const char *field)
{
    const struct value *v = fields_get(&request->fields, field, FIELD_SECRET);

    return v->given ? v->text : NULL;
}

bool request_bool(const struct request *request, const char *field,
                  bool otherwise)
{
    const struct value *v = fields_get(&request->fields, field, FIELD_BOOL);

    return v->given ? v->flag : otherwise;
}

int64_t request_int(const struct request *request, const char *field,
                    int64_t otherwise)
{
    const struct value *v = fields_get(&request->fields, field, FIELD_INT);

    return v->given ? v->number : otherwise;
}

int64_t request_duration_ms(const struct request *request, const char *field,
                            int64_t otherwise)
{
    const struct value *v = fields_get(&request->fields, field, FIELD_DURATION);

    return v->given ? v->number : otherwise;
}

const char *const *request_list(const struct request *request,
                                const char *field, size_t *count)
{
    static const char *const none[] = {NULL};
    const struct value *v = fields_get(&request->fields, field, FIELD_LIST);

    *count = v->given ? v->count : 0;
    return v->given ? (const char *const *)v->items : none;
}

void request_set_subject(struct request *request, const char *id)
{
    (void)text_copy(request->subject, sizeof(request->subject), id);
}

const char *request_subject(const struct request *request)
{
    const struct router_match *m = &request->match;

    for (size_t i = 0; request->subject[0] == '\0' && i < m->count; i++)
        if (m->params[i].name_len == 2 &&
            memcmp(m->params[i].name, "id", 2) == 0)
            return m->params[i].value;
    return request->subject;
}

static void write_text(struct jsonw *w, const char *key, const char *text)
{
    char cut[LIMIT_AUDIT_TEXT];

    if (!text_copy(cut, sizeof(cut), text))
        memcpy(cut + sizeof(cut) - 4, "...", 4);
    jsonw_text(w, key, cut);
}

static void write_list(struct jsonw *w, const char *key, const struct value *v)
{
    jsonw_array(w, key);
    for (size_t i = 0; i < v->count && i < LIMIT_AUDIT_ITEMS; i++)
        write_text(w, NULL, v->items[i]);
    if (v->count > LIMIT_AUDIT_ITEMS)
        jsonw_text(w, NULL, "...");
    jsonw_end_array(w);
}

void request_write_fields(const struct request *request, struct jsonw *w)
{
    const struct field *f = request->fields.declared;

    for (size_t i = 0; f != NULL && f[i].name != NULL; i++) {
        const struct value *v = &request->fields.values[i];

        if (!v->given)
            continue;
        switch (f[i].type) {
        case FIELD_STRING:
            write_text(w, f[i].name, v->text);
            break;
        case FIELD_BOOL:
            jsonw_bool(w, f[i].name, v->flag);
            break;
        case FIELD_INT:
            jsonw_i64(w, f[i].name, v->number);
            break;
        case FIELD_DURATION:
            jsonw_seconds(w, f[i].name, (double)v->number / 1000);
            break;
        case FIELD_LIST:
            write_list(w, f[i].name, v);
            break;
        case FIELD_SECRET:
            jsonw_text(w, f[i].name, "(secret)");
            break;
        }
    }
}

bool request_deadline_passed(const struct request *request)
{
    return request->deadline_passed;
}

int64_t request_began_ms(const struct request *request)
{
    return request->began_ms;
}

void request_set_mark(struct request *request, uint64_t mark)
{
    request->mark = mark;
    request->has_mark = true;
}

bool request_mark(const struct request *request, uint64_t *mark)
{
    if (request->has_mark)
        *mark = request->mark;
    return request->has_mark;
}
