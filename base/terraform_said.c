/* SPDX-License-Identifier: Apache-2.0 */
#include "base/terraform_said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hide.h"
#include "base/json.h"
#include "base/text.h"

static void progress(struct terraform_said *s)
{
    if (s->progress != NULL)
        s->progress(s->ctx, s->done, s->planned, "resources");
}

/* A copy without what is hidden; NULL without memory. */
static char *take(const struct terraform_said *s, const struct json *o,
                  const char *name)
{
    char *text = text_dup(json_get_text(o, name, ""));

    if (text != NULL)
        hide_values(s->hidden, 2, text);
    return text;
}

static void tell(struct terraform_said *s, const struct json *message)
{
    char *text;

    if (s->said == NULL)
        return;
    text = take(s, message, "@message");
    if (text != NULL && text[0] != '\0')
        s->said(s->ctx, text);
    free(text);
}

/* One line of printable text. */
static void flatten(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
    }
}

static void keep_error(struct terraform_said *s, const struct json *diagnostic)
{
    char *summary, *address, *detail;

    if (s->error[0] != '\0' ||
        strcmp(json_get_text(diagnostic, "severity", ""), "error") != 0)
        return;
    summary = take(s, diagnostic, "summary");
    address = take(s, diagnostic, "address");
    detail = take(s, diagnostic, "detail");
    if (summary != NULL && address != NULL && detail != NULL)
        (void)snprintf(s->error, sizeof s->error, "%.120s%s%.80s%s%.160s",
                       summary[0] == '\0' ? "an error" : summary,
                       address[0] == '\0' ? "" : " in ", address,
                       detail[0] == '\0' ? "" : ": ", detail);
    flatten(s->error);
    free(summary);
    free(address);
    free(detail);
}

static void count_plan(struct terraform_said *s, const struct json *changes)
{
    /* The same kind of message sums up what was done, at the end. */
    if (strcmp(json_get_text(changes, "operation", ""), "plan") != 0)
        return;
    s->planned = json_get_u64(changes, "add", 0) +
                 json_get_u64(changes, "change", 0) +
                 json_get_u64(changes, "remove", 0);
    progress(s);
}

void terraform_said_line(void *ctx, const char *line)
{
    static const char *const told[] = {"planned_change", "change_summary",
                                       "apply_start", "apply_complete",
                                       "apply_errored"};
    struct terraform_said *s = ctx;
    struct json *message = NULL;
    const char *type;

    if (json_parse(line, strlen(line), &message, NULL) != 0)
        return;
    type = json_get_text(message, "type", "");
    if (strcmp(type, "diagnostic") == 0)
        keep_error(s, json_get(message, "diagnostic"));
    else if (strcmp(type, "change_summary") == 0)
        count_plan(s, json_get(message, "changes"));
    else if (strcmp(type, "apply_complete") == 0) {
        s->done++;
        progress(s);
    }
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        if (strcmp(type, told[i]) == 0)
            tell(s, message);
    }
    json_free(message);
}
