/* SPDX-License-Identifier: Apache-2.0
 *
 * Driver `command`: an operator's own programs raise a cluster and destroy
 * it.  Each is given the same request as JSON on standard input - a name that
 * no other run has, and what is wanted - and answers in JSON on standard
 * output (transient/handed.h).  The name is all that `down` may need: after
 * a crash it is all that there is. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/program.h"
#include "base/text.h"
#include "transient/driver.h"
#include "transient/driver_dir.h"
#include "transient/handed.h"

enum {
    TIMEOUT_MS = 10 * 60 * 1000,
    GRACE_MS = 10 * 1000,
    REQUEST_MAX = 2048,
};

struct command_transient {
    const struct transient_command *settings;
    const struct cancel *cancel;
    struct driver_dir dir;
    char *request; /* JSON */
    struct handed handed;
    enum transient_outcome outcome;
    bool tried; /* there may be something to take down */
};

static void command_close(void *state)
{
    struct command_transient *c = state;

    if (c == NULL)
        return;
    handed_done(&c->handed);
    driver_dir_done(&c->dir);
    free(c->request);
    free(c);
}

static char *write_request(const struct transient_options *o, const char *name)
{
    struct jsonw w;
    struct buf out;
    char *text;

    buf_init(&out, REQUEST_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "run", name);
    jsonw_text(&w, "product", o->product);
    jsonw_text(&w, "version", o->version);
    jsonw_u64(&w, "shares", o->seal.shares);
    jsonw_u64(&w, "threshold", o->seal.threshold);
    jsonw_end_object(&w);
    text = buf_take(&out);
    buf_done(&out);
    return text;
}

static int command_open(const struct transient_options *o, void **state,
                        struct error *err)
{
    struct command_transient *c = calloc(1, sizeof *c);

    if (c == NULL)
        return error_memory(err);
    c->settings = &o->drivers->command;
    c->cancel = o->cancel;
    if (driver_dir_choose(o->base_dir, &c->dir, err) != 0)
        goto fail;
    c->request = write_request(o, c->dir.name);
    if (c->request == NULL) {
        error_memory(err);
        goto fail;
    }
    *state = c;
    return 0;
fail:
    command_close(c);
    return -1;
}

static void command_facts(const void *state, struct transient_facts *out)
{
    const struct command_transient *c = state;

    out->outcome = c->outcome;
    out->server_version = "";
    out->dir = c->dir.path;
    handed_facts(&c->handed, out);
}

static void command_leftovers(const void *state, struct jsonw *w)
{
    const struct command_transient *c = state;

    driver_dir_leftovers(&c->dir, w);
    jsonw_raw(w, "request", c->request);
}

/* *answer: what it printed, parsed; NULL if nothing at all. */
static int run(const struct command_transient *c, const char *const *argv,
               const struct cancel *cancel, struct json **answer,
               struct error *err)
{
    char *log = driver_dir_file(&c->dir, "program.log");
    char *pid = driver_dir_file(&c->dir, "program.pid");
    int64_t timeout_ms = c->settings->timeout_ms;
    const struct program p = {
        .argv = argv,
        .input = c->request,
        .log_path = log,
        .pid_path = pid,
        .temp_dir = c->dir.path,
        .timeout_ms = timeout_ms > 0 ? timeout_ms : TIMEOUT_MS,
        .grace_ms = GRACE_MS,
        .cancel = cancel,
    };
    struct buf out;
    int rc = -1;

    buf_init_secret(&out, PROGRAM_OUTPUT_MAX);
    *answer = NULL;
    if (log == NULL || pid == NULL) {
        error_memory(err);
        goto done;
    }
    if (program_run(&p, &out, err) != 0)
        goto done;
    if (out.len > 0 && json_parse(out.data, out.len, answer, err) != 0) {
        error_prefix(err, "what %s printed", argv[0]);
        goto done;
    }
    rc = 0;
done:
    buf_done(&out);
    free(log);
    free(pid);
    return rc;
}

static int probe(struct command_transient *c, struct error *err)
{
    struct json *answer = NULL;
    const char *said;
    int rc = -1;

    if (c->settings->egress_probe == NULL)
        return 0;
    if (run(c, c->settings->egress_probe, c->cancel, &answer, err) != 0)
        goto done;
    said = json_get_text(answer, "egress_probe", "");
    rc = 0;
    if (strcmp(said, "blocked") == 0)
        c->handed.egress_probe = "blocked";
    else if (strcmp(said, "open") == 0)
        c->handed.egress_probe = "open";
    else
        rc = error_set(err, ERR_INVALID,
                       "%s printed no \"egress_probe\" of \"blocked\" or "
                       "\"open\"",
                       c->settings->egress_probe[0]);
done:
    json_free(answer);
    return rc;
}

static int command_up(void *state, struct error *err)
{
    struct command_transient *c = state;
    struct json *answer = NULL;
    struct error why = {0};
    int rc = -1;

    if (driver_dir_make(&c->dir, &why) != 0) {
        c->outcome = TRANSIENT_BROKEN;
        goto done;
    }
    c->outcome = TRANSIENT_UNUSABLE;
    c->tried = true;
    if (run(c, c->settings->up, c->cancel, &answer, &why) != 0) {
        if (why.kind == ERR_CANCELLED)
            c->outcome = TRANSIENT_CANCELLED;
        goto done;
    }
    if (handed_read(answer, &c->dir, &c->handed, &why) != 0) {
        error_prefix(&why, "what %s printed", c->settings->up[0]);
        goto done;
    }
    if (probe(c, &why) != 0)
        goto done;
    c->outcome = TRANSIENT_OK;
    rc = 0;
done:
    json_free(answer);
    if (rc != 0 && err != NULL)
        *err = why;
    return rc;
}

static int check_gone(struct command_transient *c, struct error *err)
{
    struct json *answer = NULL;
    int rc = 0;

    if (c->settings->status != NULL) {
        if (run(c, c->settings->status, NULL, &answer, err) != 0)
            return -1;
        if (strcmp(json_get_text(answer, "status", ""), "gone") != 0)
            rc = error_set(err, ERR_INTERNAL,
                           "%s does not say that the status is \"gone\"",
                           c->settings->status[0]);
        json_free(answer);
    }
    if (rc == 0 && handed_answers(&c->handed))
        rc = error_set(err, ERR_INTERNAL,
                       "%s said that it is done, and %s still answers",
                       c->settings->down[0], c->handed.address);
    return rc;
}

static int command_down(void *state, struct error *err)
{
    struct command_transient *c = state;
    struct json *answer = NULL;

    if (c->tried) {
        int rc = run(c, c->settings->down, NULL, &answer, err);

        json_free(answer);
        if (rc != 0 || check_gone(c, err) != 0)
            return -1;
    }
    if (driver_dir_remove(&c->dir, err) != 0)
        return -1;
    c->tried = false;
    return 0;
}

static bool command_gone(const void *state)
{
    const struct command_transient *c = state;

    return !c->tried;
}

static int command_recover(const struct json *leftovers,
                           const struct transient_options *o, struct error *err)
{
    struct command_transient c = {.tried = true};
    struct buf request;
    char *pid = NULL;
    int rc = -1;

    buf_init(&request, REQUEST_MAX);
    if (driver_dir_recall(leftovers, &c.dir, err) != 0)
        return -1;
    json_print(json_get(leftovers, "request"), &request);
    c.request = buf_take(&request);
    buf_done(&request);
    pid = driver_dir_file(&c.dir, "program.pid");
    if (c.request == NULL || pid == NULL) {
        error_memory(err);
        goto done;
    }
    rc = 0;
    if (!c.dir.made)
        goto done; /* `up` never began, or `down` was through */
    rc = -1;
    if (transient_drivers_check("command", o->drivers, err) != 0) {
        error_prefix(err, "the transient cluster %s is still there",
                     c.dir.name);
        goto done;
    }
    c.settings = &o->drivers->command;
    if (program_end_stray(pid, GRACE_MS, err) == 0)
        rc = command_down(&c, err);
done:
    free(pid);
    free(c.request);
    driver_dir_done(&c.dir);
    return rc;
}

const struct transient_driver transient_command_driver = {
    .name = "command",
    .open = command_open,
    .facts = command_facts,
    .leftovers = command_leftovers,
    .up = command_up,
    .down = command_down,
    .gone = command_gone,
    .close = command_close,
    .recover = command_recover,
};
