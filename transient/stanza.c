/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/stanza.h"

#include <stdbool.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"

struct scan {
    const char *at;
    unsigned line;
    const char *problem; /* static text; NULL: none so far */
};

static bool stop(struct scan *s, const char *problem)
{
    if (s->problem == NULL)
        s->problem = problem;
    return false;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

static bool skip_comment(struct scan *s)
{
    bool block = s->at[0] == '/' && s->at[1] == '*';

    while (*s->at != '\0' && (block || *s->at != '\n')) {
        if (block && s->at[0] == '*' && s->at[1] == '/') {
            s->at += 2;
            return true;
        }
        s->line += *s->at == '\n';
        s->at++;
    }
    return !block || stop(s, "a comment does not end");
}

/* White space and comments. */
static bool skip(struct scan *s)
{
    for (;;) {
        char c = *s->at;

        if (c == '#' || (c == '/' && (s->at[1] == '/' || s->at[1] == '*'))) {
            if (!skip_comment(s))
                return false;
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            s->line += c == '\n';
            s->at++;
        } else {
            return true;
        }
    }
}

/* From its first quote to behind its last. */
static bool skip_string(struct scan *s)
{
    for (s->at++; *s->at != '"'; s->at++) {
        if (*s->at == '\0' || *s->at == '\n')
            return stop(s, "a text does not end");
        if (s->at[0] == '$' && s->at[1] == '{')
            return stop(s, "\"${\" is not supported here");
        if (*s->at == '\\' && s->at[1] != '\0' && s->at[1] != '\n')
            s->at++;
    }
    s->at++;
    return true;
}

/* A word or a quoted text; false and no problem: neither. */
static bool take_label(struct scan *s, const char **start, size_t *len)
{
    if (*s->at == '"') {
        *start = s->at + 1;
        if (!skip_string(s))
            return false;
        *len = (size_t)(s->at - *start) - 1;
        return true;
    }
    *start = s->at;
    while (is_word(*s->at))
        s->at++;
    *len = (size_t)(s->at - *start);
    return *len > 0;
}

/* From '{' to behind the '}' that belongs to it. */
static bool skip_body(struct scan *s)
{
    unsigned depth = 0;

    if (*s->at != '{')
        return stop(s, "expected '{'");
    do {
        if (!skip(s))
            return false;
        if (*s->at == '"') {
            if (!skip_string(s))
                return false;
            continue;
        }
        if (*s->at == '\0')
            return stop(s, "a '}' is missing");
        if (s->at[0] == '<' && s->at[1] == '<')
            return stop(s, "here-documents are not supported here");
        depth += *s->at == '{';
        depth -= *s->at == '}';
        s->at++;
    } while (depth > 0);
    return true;
}

static bool take_stanza(struct scan *s, const struct stanza_rule *rule,
                        char label[STANZA_LABEL_MAX])
{
    const char *word = NULL;
    size_t labels = 0;
    size_t len = 0;

    if (!take_label(s, &word, &len) || len != strlen(rule->kind) ||
        memcmp(word, rule->kind, len) != 0)
        return stop(s, "something else");
    for (;;) {
        if (!skip(s))
            return false;
        if (!take_label(s, &word, &len))
            break;
        if (labels++ == 0) {
            if (len >= STANZA_LABEL_MAX)
                return stop(s, "the name is too long");
            memcpy(label, word, len);
            label[len] = '\0';
        }
    }
    if (labels == 0)
        return stop(s, "expected a name in quotes");
    return skip_body(s);
}

int stanza_check(const char *text, const struct stanza_rule *rule,
                 char label[STANZA_LABEL_MAX], struct error *err)
{
    struct scan s = {.at = text, .line = 1};
    char ignored[STANZA_LABEL_MAX];
    size_t count = 0;

    label[0] = '\0';
    while (skip(&s) && *s.at != '\0' && count < rule->most &&
           take_stanza(&s, rule, count == 0 ? label : ignored))
        count++;
    if (s.problem == NULL && *s.at != '\0')
        s.problem = "something else";
    if (s.problem != NULL)
        return error_set(err, ERR_INVALID,
                         "line %u: expected nothing but %s%s stanza%s: %s",
                         s.line, rule->most == 1 ? "one " : "", rule->kind,
                         rule->most == 1 ? "" : "s", s.problem);
    if (count == 0)
        return error_set(err, ERR_INVALID, "there is no %s stanza in it",
                         rule->kind);
    return 0;
}

int stanza_read(const char *path, const struct stanza_rule *rule,
                struct buf *out, char label[STANZA_LABEL_MAX],
                struct error *err)
{
    struct buf text;
    int rc = -1;

    buf_init_secret(&text, LIMIT_STANZA_FILE);
    if (file_read(path, &text, err) != 0)
        goto done;
    if (strlen(buf_text(&text)) != text.len) {
        error_set(err, ERR_INVALID, "%s: is not text", path);
        goto done;
    }
    if (stanza_check(buf_text(&text), rule, label, err) != 0) {
        error_prefix(err, "%s", path);
        goto done;
    }
    buf_add(out, text.data, text.len);
    buf_char(out, '\n');
    rc = buf_check(out, path, err);
done:
    buf_done(&text);
    return rc;
}
