/* SPDX-License-Identifier: Apache-2.0 */
#include "base/terraform_said.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

static void progress(struct terraform_said *s)
{
    if (s->progress != NULL)
        s->progress(s->ctx, s->done, s->planned, "resources");
}

static void tell(struct terraform_said *s, const struct json *message)
{
    const char *text = json_get_text(message, "@message", "");

    if (s->said != NULL && text[0] != '\0')
        s->said(s->ctx, text);
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
    const char *address = json_get_text(diagnostic, "address", "");
    const char *detail = json_get_text(diagnostic, "detail", "");

    if (s->error[0] != '\0' ||
        strcmp(json_get_text(diagnostic, "severity", ""), "error") != 0)
        return;
    (void)snprintf(s->error, sizeof s->error, "%.120s%s%.80s%s%.160s",
                   json_get_text(diagnostic, "summary", "an error"),
                   address[0] == '\0' ? "" : " in ", address,
                   detail[0] == '\0' ? "" : ": ", detail);
    flatten(s->error);
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
