/* SPDX-License-Identifier: Apache-2.0
 *
 * The newest writes that a restore undoes, by name and time: of versioned KV
 * stores, which keep the time, and only as far as a few hundred questions
 * go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "jobs/plan_ask.h"
#include "vault/call.h"

enum { QUESTIONS_MAX = 300, FOLDERS_MAX = 256, WRITES_SHOWN = 3 };

struct write {
    int64_t at_ms;
    char path[160];
};

struct walk {
    struct plan_ask *ask;
    char *folders[FOLDERS_MAX]; /* still to be listed: "secret/", "team/x/" */
    size_t folders_count;
    const char *mount; /* that is walked, with its slash */
    unsigned questions;
    unsigned secrets; /* looked at */
    unsigned newer;   /* of them written since the snapshot */
    bool all;         /* so far: nothing was left out */
    bool denied;
    struct write newest[WRITES_SHOWN];
};

/* NULL: there is no answer; what that means is noted. */
static struct json *question(struct walk *w, const char *method,
                             const char *name)
{
    char *path = text_format("%smetadata/%s", w->mount, name);
    const struct vault_request request = {
        .method = method,
        .path = path,
        .namespace = "",
        .cancel = &w->ask->of->job->cancel,
    };
    struct json *answer = NULL;
    struct error why = {0};

    w->questions++;
    if (path == NULL ||
        vault_call(w->ask->of->target->leader, &request, &answer, &why) != 0) {
        answer = NULL;
        w->denied = w->denied || why.kind == ERR_DENIED;
        /* An empty folder is 404. */
        w->all = w->all && path != NULL && why.kind == ERR_NOT_FOUND;
    }
    free(path);
    return answer;
}

static void keep(struct walk *w, const char *name, int64_t at_ms)
{
    size_t i = WRITES_SHOWN;

    while (i > 0 && at_ms > w->newest[i - 1].at_ms)
        i--;
    if (i == WRITES_SHOWN)
        return;
    memmove(&w->newest[i + 1], &w->newest[i],
            (WRITES_SHOWN - 1 - i) * sizeof(w->newest[0]));
    w->newest[i].at_ms = at_ms;
    snprintf(w->newest[i].path, sizeof(w->newest[i].path), "%s%s", w->mount,
             name);
}

static void look_at_secret(struct walk *w, const char *name)
{
    struct json *answer = question(w, "GET", name);
    const char *text =
        json_get_text(json_get(answer, "data"), "updated_time", "");
    int64_t at_ms = 0;

    if (text_rfc3339_ms(text, &at_ms)) {
        w->secrets++;
        if (at_ms > w->ask->row->created_ms) {
            w->newer++;
            keep(w, name, at_ms);
        }
    }
    json_free(answer);
}

static void remember(struct walk *w, const char *folder)
{
    char *copy = w->folders_count < FOLDERS_MAX ? text_dup(folder) : NULL;

    if (copy == NULL)
        w->all = false;
    else
        w->folders[w->folders_count++] = copy;
}

static void look_into(struct walk *w, const char *folder)
{
    struct json *answer = question(w, "LIST", folder);
    const struct json *keys = json_get(json_get(answer, "data"), "keys");

    for (const struct json *k = json_first(keys); k != NULL; k = json_next(k)) {
        const char *key = json_text(k, "");
        char *name = text_format("%s%s", folder, key);

        if (name == NULL || w->questions >= QUESTIONS_MAX)
            w->all = false;
        else if (text_ends(key, "/"))
            remember(w, name);
        else
            look_at_secret(w, name);
        free(name);
    }
    json_free(answer);
}

static void look_at_mount(struct walk *w, const char *mount)
{
    w->mount = mount;
    remember(w, "");
    while (w->folders_count > 0) {
        char *folder = w->folders[--w->folders_count];

        if (w->questions < QUESTIONS_MAX)
            look_into(w, folder);
        else
            w->all = false;
        free(folder);
    }
}

/* The versioned KV stores in which something changed. */
static unsigned look_at_all(struct walk *w)
{
    const struct json *mounts = json_get(w->ask->names.mounts, "data");
    const struct plan_loss *l = &w->ask->loss;
    unsigned count = 0;

    for (size_t i = 0; i < l->groups_count; i++) {
        const struct plan_loss_group *g = &l->groups[i];
        const char *uuid = text_starts(g->prefix, "logical/")
                               ? g->prefix + strlen("logical/")
                               : "";

        for (const struct json *m = json_first(mounts);
             m != NULL && g->space[0] == '\0'; m = json_next(m)) {
            const struct json *options = json_get(m, "options");

            if (strcmp(json_get_text(m, "uuid", "-"), uuid) == 0 &&
                strcmp(json_get_text(m, "type", ""), "kv") == 0 &&
                strcmp(json_get_text(options, "version", ""), "2") == 0) {
                look_at_mount(w, json_key(m));
                count++;
            }
        }
    }
    return count;
}

static void say_newest(const struct walk *w)
{
    char text[300] = "";
    size_t len = 0;

    for (size_t i = 0; i < WRITES_SHOWN && w->newest[i].at_ms > 0; i++) {
        char at[CLOCK_TEXT_MAX];

        clock_text(w->newest[i].at_ms, at);
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "%s%.56s at %.19sZ", i == 0 ? "" : ", ",
                                w->newest[i].path, at);
    }
    for (char *c = text; *c != '\0'; c++)
        if (*c > 0 && *c < ' ')
            *c = '?';
    plan_say(w->ask->plan, "newest_writes", PLAN_WARNING,
             "%u of the %s%u secrets looked at were written since; the newest: "
             "%s",
             w->newer, w->all ? "" : "first ", w->secrets, text);
}

void plan_ask_writes(struct plan_ask *a)
{
    struct walk w = {.ask = a, .all = true};

    if (!a->compared)
        return;
    if (look_at_all(&w) == 0 && a->names.mounts != NULL)
        plan_say(a->plan, "newest_writes", PLAN_OK,
                 "no versioned KV store has changed");
    else if (w.newer > 0)
        say_newest(&w);
    else if (a->names.mounts == NULL || w.denied)
        plan_say(a->plan, "newest_writes", PLAN_WARNING,
                 "not looked at: that takes read on sys/mounts, and list and "
                 "read on the metadata of KV stores (`assay policy "
                 "inventory`)");
    else
        plan_say(a->plan, "newest_writes", w.all ? PLAN_OK : PLAN_WARNING,
                 "none of the %s%u secrets looked at was written since",
                 w.all ? "" : "first ", w.secrets);
}
