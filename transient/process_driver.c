/* SPDX-License-Identifier: Apache-2.0
 *
 * Driver `process`: the server's own program on this machine, in the sandbox
 * of sandbox.c.  Its unix socket crosses the network namespace; nothing else
 * does. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "transient/driver.h"
#include "transient/helper.h"
#include "transient/marked.h"
#include "transient/process_dir.h"
#include "transient/process_extras.h"
#include "transient/sandbox.h"
#include "transient/server_log.h"
#include "transient/server_program.h"

/* What both products log the moment the data is in; five seconds before they
 * answer again. */
#define RESTORED_LINE "restored user snapshot"

/* A needle that is in no line: just read along. */
#define NO_LINE "\n"

enum { POLL_MS = 5, END_TIMEOUT_MS = 15 * 1000, WORDS_MAX = 256 };

struct process_transient {
    const struct transient_options *o; /* the handle's, outlives us */
    struct process_dir dir;
    struct server_program program;
    struct process_extras extras;
    struct helper helper;
    int64_t started_ms; /* when it was first wanted up; 0: not yet */
    bool listening;
    struct server_log log;
    enum transient_outcome outcome;
};

static int fail(struct process_transient *p, enum transient_outcome outcome)
{
    p->outcome = outcome;
    return -1;
}

static void process_close(void *state)
{
    struct process_transient *p = state;

    server_program_done(&p->program);
    process_extras_done(&p->extras);
    process_dir_done(&p->dir);
    free(p);
}

static int process_open(const struct transient_options *o, void **state,
                        struct error *err)
{
    struct process_transient *p;

    if (strcmp(o->product, "vault") != 0 && strcmp(o->product, "openbao") != 0)
        return error_set(err, ERR_INVALID,
                         "no transient server for the product \"%s\"",
                         o->product);
    p = calloc(1, sizeof *p);
    if (p == NULL)
        return error_memory(err);
    p->o = o;
    if (process_dir_choose(o->base_dir, &p->dir, err) != 0) {
        process_close(p);
        return -1;
    }
    *state = p;
    return 0;
}

static void process_facts(const void *state, struct transient_facts *out)
{
    const struct process_transient *p = state;

    out->outcome = p->outcome;
    out->address = p->listening ? p->dir.address : NULL;
    out->server_version = p->program.version;
    out->dir = p->dir.path;
    out->log_path = p->started_ms > 0 ? p->dir.log_path : NULL;
}

static void process_leftovers(const void *state, struct jsonw *w)
{
    const struct process_transient *p = state;

    jsonw_text(w, "name", p->dir.name);
    jsonw_text(w, "dir", p->dir.path);
}

/* Its own last words about an error, after whatever the helper said. */
static void add_last_words(struct process_transient *p, struct error *err)
{
    char words[WORDS_MAX];
    size_t used;

    if (err == NULL ||
        server_log_look(&p->log, p->dir.log_path, NO_LINE, NULL) < 0)
        return;
    server_log_last_error(&p->log, words, sizeof words);
    used = strlen(err->text);
    if (words[0] == '\0' || used + strlen(words) + 4 > sizeof err->text)
        return;
    memcpy(err->text + used, ": ", 2);
    (void)text_copy(err->text + used + 2, sizeof err->text - used - 2, words);
}

static void add_advice(struct error *err)
{
    struct error before = *err;

    error_set(err, ERR_PRECONDITION,
              "%s: raise transient.memory_limit or transient.time_limit, or "
              "give the machine more",
              before.text);
}

/* The helper ended: whose fault is it? */
static int judge_end(struct process_transient *p, int code, struct error *err)
{
    p->listening = false;
    if (err != NULL)
        err->kind = ERR_PRECONDITION;
    if (code == SANDBOX_EXIT_NO_ISOLATION)
        return fail(p, TRANSIENT_NO_ISOLATION);
    if (code == SANDBOX_EXIT_NO_SERVER)
        return fail(p, TRANSIENT_NO_SERVER);
    if (code == SANDBOX_EXIT_LIMIT) {
        if (err != NULL)
            add_advice(err);
        return fail(p, TRANSIENT_LIMIT);
    }
    if (err != NULL && code != SANDBOX_EXIT_SERVER_DIED)
        err->kind = ERR_INTERNAL;
    if (code == SANDBOX_EXIT_DONE)
        error_set(err, ERR_INTERNAL, "the transient server was stopped");
    add_last_words(p, err);
    if (server_log_says_limit(&p->log)) {
        if (err != NULL) {
            err->kind = ERR_PRECONDITION;
            add_advice(err);
        }
        return fail(p, TRANSIENT_LIMIT);
    }
    return fail(p, TRANSIENT_BROKEN);
}

/* 0 while all is well. */
static int look_around(struct process_transient *p, struct error *err)
{
    int code = 0;

    if (cancelled(p->o->cancel)) {
        error_set(err, ERR_CANCELLED, "cancelled");
        return fail(p, TRANSIENT_CANCELLED);
    }
    if (p->helper.pid <= 0) {
        error_set(err, ERR_INTERNAL, "the transient server is not running");
        return fail(p, TRANSIENT_BROKEN);
    }
    if (helper_ended(&p->helper, &code, err))
        return judge_end(p, code, err);
    return 0;
}

static bool answers(const char *socket_path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes;

    if (fd < 0 || !text_copy(un.sun_path, sizeof un.sun_path, socket_path)) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    yes = connect(fd, (struct sockaddr *)&un, sizeof un) == 0;
    (void)close(fd);
    return yes;
}

static int start(struct process_transient *p, struct error *err)
{
    struct helper_options o = {
        .program = p->o->helper,
        .dir = p->dir.path,
        .server = p->program.path,
        .log_path = p->dir.log_path,
        .isolated = !p->o->no_isolation,
    };
    int64_t deadline = clock_mono_ms() + p->o->start_timeout_ms;

    if (p->started_ms == 0)
        p->started_ms = clock_mono_ms();
    if (process_extras_words(&p->extras, clock_mono_ms() - p->started_ms,
                             &o.extras, err) != 0)
        return fail(p, TRANSIENT_LIMIT);
    p->log.last_error[0] = '\0';
    if (helper_start(&o, &p->helper, err) != 0)
        return fail(p, TRANSIENT_BROKEN);
    while (!answers(p->dir.socket_path)) {
        if (look_around(p, err) != 0)
            return -1;
        if (clock_mono_ms() >= deadline) {
            error_set(err, ERR_UNAVAILABLE,
                      "the transient server did not listen within %lld s",
                      (long long)(p->o->start_timeout_ms / 1000));
            add_last_words(p, err);
            return fail(p, TRANSIENT_BROKEN);
        }
        clock_sleep_ms(POLL_MS);
    }
    p->listening = true;
    p->outcome = TRANSIENT_OK;
    return 0;
}

static int make_dir(struct process_transient *p, struct error *err)
{
    const struct process_dir_server server = {
        .product = p->o->product,
        .shared_network = p->o->no_isolation,
        .generate_root =
            p->o->drivers != NULL && p->o->drivers->allow_generate_root,
        /* The only way to ask it for every value, where no key is ours; for
         * whoever may use sys/raw. */
        .raw_storage = p->extras.auto_unseal,
        .endpoint_port = p->extras.endpoint_port,
        .stanzas = buf_text(&p->extras.stanzas),
    };
    int rc = process_dir_make(&p->dir, &server, err);

    /* They are in the directory now. */
    buf_done(&p->extras.stanzas);
    return rc;
}

static int process_up(void *state, struct error *err)
{
    struct process_transient *p = state;
    const struct server_wanted wanted = {.server = p->o->server,
                                         .product = p->o->product,
                                         .version = p->o->version};

    assert(p->helper.pid == 0);
    if (cancelled(p->o->cancel)) {
        error_set(err, ERR_CANCELLED, "cancelled");
        return fail(p, TRANSIENT_CANCELLED);
    }
    if (p->program.path == NULL &&
        server_program_find(&wanted, &p->program, &p->outcome, err) != 0)
        return -1;
    if (process_extras_read(p->o, &p->program, &p->extras, &p->outcome, err) !=
        0)
        return -1;
    if (make_dir(p, err) != 0)
        return fail(p, TRANSIENT_BROKEN);
    return start(p, err);
}

static int process_restart(void *state, struct error *err)
{
    struct process_transient *p = state;

    p->listening = false;
    if (helper_stop(&p->helper, true, err) != 0)
        return fail(p, TRANSIENT_BROKEN);
    return start(p, err);
}

static int process_check(void *state, struct error *err)
{
    return look_around(state, err);
}

static int process_wait_restored(void *state, int64_t timeout_ms,
                                 struct error *err)
{
    struct process_transient *p = state;
    int64_t deadline = clock_mono_ms() + timeout_ms;
    int found;

    for (;;) {
        found = server_log_look(&p->log, p->dir.log_path, RESTORED_LINE, err);
        if (found < 0)
            return fail(p, TRANSIENT_BROKEN);
        if (found > 0 || clock_mono_ms() >= deadline)
            return found;
        if (look_around(p, err) != 0)
            return -1;
        clock_sleep_ms(POLL_MS);
    }
}

static void process_last_words(void *state, char *out, size_t size)
{
    struct process_transient *p = state;

    if (server_log_look(&p->log, p->dir.log_path, NO_LINE, NULL) >= 0)
        server_log_last_error(&p->log, out, size);
}

static bool process_gone(const void *state)
{
    const struct process_transient *p = state;

    return p->helper.pid == 0 && !file_exists(p->dir.path) &&
           !marked_any(p->dir.name);
}

/* Whatever the helper managed: look for ourselves. */
static int remove_all(const char *name, const char *dir, struct error *err)
{
    if (marked_kill_all(name, END_TIMEOUT_MS, err) != 0 ||
        file_remove_tree(dir, err) != 0)
        return -1;
    if (file_exists(dir))
        return error_set(err, ERR_IO, "the directory %s cannot be removed",
                         dir);
    return 0;
}

static int process_down(void *state, struct error *err)
{
    struct process_transient *p = state;

    p->listening = false;
    if (helper_stop(&p->helper, false, NULL) != 0) {
        /* Then by the mark. */
    }
    return remove_all(p->dir.name, p->dir.path, err);
}

static int process_recover(const struct json *leftovers,
                           const struct transient_options *o, struct error *err)
{
    const char *name = json_get_text(leftovers, "name", "");
    const char *dir = json_get_text(leftovers, "dir", "");

    (void)o;
    if (!process_dir_is_ours(dir, name))
        return error_set(err, ERR_INVALID,
                         "the leftovers of a transient server do not name "
                         "its directory");
    return remove_all(name, dir, err);
}

const struct transient_driver transient_process_driver = {
    .name = "process",
    .open = process_open,
    .facts = process_facts,
    .leftovers = process_leftovers,
    .up = process_up,
    .restart = process_restart,
    .check = process_check,
    .wait_restored = process_wait_restored,
    .last_words = process_last_words,
    .down = process_down,
    .gone = process_gone,
    .close = process_close,
    .recover = process_recover,
};
