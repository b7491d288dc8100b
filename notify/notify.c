/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/notify.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/command.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

enum {
    WAITING_MAX = 64,
    TRIES = 3,
    PAUSE_MS = 5 * 1000,
    LAST_MS = 5 * 1000, /* for what is left at the end */
    EVENT_MAX = 8 * 1024,
    ANSWER_MAX = 64 * 1024,
};

/* What is told, and to whom; the thread holds it while it runs it. */
struct told {
    char **command; /* NULL: nobody */
    int64_t timeout_ms;
    int64_t pause_ms;
};

struct notify {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct told to;
    char *waiting[WAITING_MAX]; /* a ring */
    size_t first, count;
    bool begun; /* there is a thread */
    bool stopping, ended;
    struct cancel cancel;
    pthread_t thread;
};

static void told_done(struct told *t)
{
    for (size_t i = 0; t->command != NULL && t->command[i] != NULL; i++)
        free(t->command[i]);
    free(t->command);
    t->command = NULL;
}

static int told_copy(const char *const *command, struct told *out,
                     struct error *err)
{
    size_t n = 0;

    out->command = NULL;
    if (command == NULL || command[0] == NULL)
        return 0;
    while (command[n] != NULL)
        n++;
    out->command = calloc(n + 1, sizeof(*out->command));
    if (out->command == NULL)
        return error_memory(err);
    for (size_t i = 0; i < n; i++) {
        out->command[i] = text_dup(command[i]);
        if (out->command[i] == NULL) {
            told_done(out);
            return error_memory(err);
        }
    }
    return 0;
}

int notify_set(struct notify *n, const struct notify_options *o,
               struct error *err)
{
    struct told to = {.timeout_ms = o->timeout_ms,
                      .pause_ms = o->pause_ms > 0 ? o->pause_ms : PAUSE_MS};
    struct told old;

    if (told_copy(o->command, &to, err) != 0)
        return -1;
    (void)pthread_mutex_lock(&n->lock);
    old = n->to;
    n->to = to;
    (void)pthread_mutex_unlock(&n->lock);
    told_done(&old);
    return 0;
}

int notify_new(const struct notify_options *o, struct notify **out,
               struct error *err)
{
    struct notify *n = calloc(1, sizeof(*n));
    pthread_condattr_t attr;

    if (n == NULL)
        return error_memory(err);
    (void)pthread_mutex_init(&n->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&n->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (notify_set(n, o, err) != 0) {
        notify_free(n);
        return -1;
    }
    *out = n;
    return 0;
}

/* `lock` held; false when the time is over. */
static bool wait_until(struct notify *n, int64_t until_mono_ms)
{
    const struct timespec ts = {.tv_sec = until_mono_ms / 1000,
                                .tv_nsec = until_mono_ms % 1000 * 1000000};

    return pthread_cond_timedwait(&n->changed, &n->lock, &ts) == 0;
}

static int run_program(struct notify *n, const struct told *to,
                       const char *event, struct error *err)
{
    const struct command c = {.argv = (const char *const *)to->command,
                              .input = event,
                              .timeout_ms = to->timeout_ms,
                              .cancel = &n->cancel};
    struct buf ignored;
    int rc;

    buf_init(&ignored, ANSWER_MAX);
    rc = command_run(&c, &ignored, err);
    buf_done(&ignored);
    return rc;
}

/* `lock` held, as it is given back.  A pause ends with the server. */
static void pause_for(struct notify *n, int64_t ms)
{
    const int64_t until = clock_mono_ms() + ms;

    while (!n->stopping && clock_mono_ms() < until)
        (void)wait_until(n, until);
}

/* `lock` held, as it is given back. */
static void tell(struct notify *n, const char *event)
{
    struct error err = {0};

    for (int tries = 1;; tries++) {
        struct told to = {.timeout_ms = n->to.timeout_ms};
        const int64_t pause_ms = n->to.pause_ms;
        int rc = told_copy((const char *const *)n->to.command, &to, &err);

        (void)pthread_mutex_unlock(&n->lock);
        if (rc == 0 && to.command != NULL)
            rc = run_program(n, &to, event, &err);
        told_done(&to);
        (void)pthread_mutex_lock(&n->lock);
        if (rc == 0)
            return;
        if (tries == TRIES || n->stopping)
            break;
        log_warn("notify: %s; it will be tried again", err.text);
        pause_for(n, pause_ms * tries);
    }
    log_error("notify: nobody could be told of %s: %s", event, err.text);
}

static void *run(void *arg)
{
    struct notify *n = arg;

    (void)pthread_mutex_lock(&n->lock);
    for (;;) {
        char *event;

        while (n->count == 0 && !n->stopping)
            (void)pthread_cond_wait(&n->changed, &n->lock);
        if (n->count == 0)
            break;
        event = n->waiting[n->first];
        n->first = (n->first + 1) % WAITING_MAX;
        n->count--;
        tell(n, event);
        free(event);
    }
    n->ended = true;
    (void)pthread_cond_broadcast(&n->changed);
    (void)pthread_mutex_unlock(&n->lock);
    return NULL;
}

static char *write_event(const char *event, const struct notify_field *fields,
                         size_t count)
{
    struct buf text;
    struct jsonw w;
    char *line = NULL;

    buf_init(&text, EVENT_MAX);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "event", event);
    jsonw_time(&w, "at", clock_now_ms());
    for (size_t i = 0; i < count; i++)
        if (fields[i].text != NULL)
            jsonw_text(&w, fields[i].name, fields[i].text);
    jsonw_end_object(&w);
    buf_char(&text, '\n');
    if (!buf_failed(&text))
        line = text_dup(buf_text(&text));
    buf_done(&text);
    return line;
}

/* `lock` held. */
static bool put(struct notify *n, char *event)
{
    if (event == NULL || n->count == WAITING_MAX || n->stopping)
        return false;
    /* Now, not with the daemon: threads come after it is confined. */
    if (!n->begun && pthread_create(&n->thread, NULL, run, n) != 0)
        return false;
    n->begun = true;
    n->waiting[(n->first + n->count++) % WAITING_MAX] = event;
    (void)pthread_cond_broadcast(&n->changed);
    return true;
}

void notify_tell(struct notify *n, const char *event,
                 const struct notify_field *fields, size_t count)
{
    char *line = NULL;
    bool taken = true;

    (void)pthread_mutex_lock(&n->lock);
    if (n->to.command != NULL) {
        line = write_event(event, fields, count);
        taken = put(n, line);
    }
    (void)pthread_mutex_unlock(&n->lock);
    if (taken)
        return;
    log_error("notify: nobody is told of %s: no room for it", event);
    free(line);
}

void notify_free(struct notify *n)
{
    const int64_t until = clock_mono_ms() + LAST_MS;

    if (n == NULL)
        return;
    (void)pthread_mutex_lock(&n->lock);
    n->stopping = true;
    (void)pthread_cond_broadcast(&n->changed);
    while (n->begun && !n->ended && wait_until(n, until))
        ;
    (void)pthread_mutex_unlock(&n->lock);
    atomic_store(&n->cancel.requested, true);
    if (n->begun)
        (void)pthread_join(n->thread, NULL);
    told_done(&n->to);
    (void)pthread_cond_destroy(&n->changed);
    (void)pthread_mutex_destroy(&n->lock);
    free(n);
}
