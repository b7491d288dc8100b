/* SPDX-License-Identifier: Apache-2.0 */
#include "base/program.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hide.h"
#include "base/process.h"
#include "base/secret.h"
#include "base/text.h"

enum { CHUNK = 4096, SLICE_MS = 50, LAST_WORDS = 300, TAIL = 2048 };

struct running {
    const struct program *p;
    char *path;
    char *own_env[4]; /* PATH HOME LANG TMPDIR */
    char *given_env[PROGRAM_ENV_MAX];
    const char *env[PROGRAM_ENV_MAX + 16];
    size_t env_count;
    int in, out, log; /* ours of the pipes; the log */
    off_t log_start;
    pid_t pid;
    struct buf line;
};

/* Each name once: of two, some programs take the first and some the last. */
static bool is_given(const struct running *r, const char *name, size_t len)
{
    const struct program_pairs *given = &r->p->env;

    for (size_t i = 0; i < given->count; i++) {
        if (strlen(given->items[i].name) == len &&
            memcmp(given->items[i].name, name, len) == 0)
            return true;
    }
    return false;
}

static bool add_env(struct running *r, const char *entry)
{
    if (entry == NULL || r->env_count + 1 >= sizeof r->env / sizeof r->env[0])
        return false;
    r->env[r->env_count++] = entry;
    return true;
}

static bool inherit(struct running *r, size_t at, const char *name,
                    const char *value)
{
    if (value == NULL || is_given(r, name, strlen(name)))
        return true;
    r->own_env[at] = text_format("%s=%s", name, value);
    return add_env(r, r->own_env[at]);
}

static const char *or_else(const char *value, const char *otherwise)
{
    return value != NULL ? value : otherwise;
}

static bool add_given(struct running *r)
{
    const struct program_pairs *given = &r->p->env;

    if (given->count > PROGRAM_ENV_MAX)
        return false;
    for (size_t i = 0; i < given->count; i++) {
        struct buf entry;

        buf_init_secret(&entry, PROGRAM_LINE_MAX);
        buf_printf(&entry, "%s=%s", given->items[i].name,
                   given->items[i].value);
        if (!buf_failed(&entry))
            r->given_env[i] = secret_dup(entry.data);
        buf_done(&entry);
        if (!add_env(r, r->given_env[i]))
            return false;
    }
    return true;
}

static int make_env(struct running *r, struct error *err)
{
    const char *const *fixed = r->p->fixed_env;
    bool ok = add_given(r);

    for (size_t i = 0; ok && fixed != NULL && fixed[i] != NULL; i++)
        ok = is_given(r, fixed[i], strcspn(fixed[i], "=")) ||
             add_env(r, fixed[i]);
    ok = ok &&
         inherit(r, 0, "PATH", or_else(getenv("PATH"), "/usr/bin:/bin")) &&
         inherit(r, 1, "HOME", or_else(getenv("HOME"), "/")) &&
         inherit(r, 2, "LANG", or_else(getenv("LANG"), "C.UTF-8")) &&
         inherit(r, 3, "TMPDIR", r->p->temp_dir);
    return ok ? 0
              : error_set(err, ERR_TOO_LARGE,
                          "the environment of %s is too large", r->path);
}

static int open_log(struct running *r, struct error *err)
{
    r->log =
        open(r->p->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (r->log < 0)
        return error_errno(err, ERR_IO, "cannot open %s", r->p->log_path);
    r->log_start = lseek(r->log, 0, SEEK_END);
    return 0;
}

/* The pipe holds it all before anybody reads: a request is small. */
static int give_input(struct running *r, int *theirs, struct error *err)
{
    int fds[2];
    size_t len;

    *theirs = -1;
    if (r->p->input == NULL)
        return 0;
    len = strlen(r->p->input);
    assert(len < CHUNK);
    if (pipe2(fds, O_CLOEXEC) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot make a pipe");
    *theirs = fds[0];
    r->in = fds[1];
    return file_write_all(r->in, r->p->input, len, "a pipe", err);
}

static void shut(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int start(struct running *r, struct error *err)
{
    struct process_options o = {.program = r->path,
                                .argv = r->p->argv,
                                .env = r->env,
                                .dir = r->p->dir,
                                .new_group = true};
    int in = -1;
    int out[2] = {-1, -1};
    int rc = -1;

    if (open_log(r, err) != 0 || give_input(r, &in, err) != 0)
        goto done;
    if (pipe2(out, O_CLOEXEC | O_NONBLOCK) != 0) {
        error_errno(err, ERR_INTERNAL, "cannot make a pipe");
        goto done;
    }
    /* The program expects to wait when it writes. */
    (void)fcntl(out[1], F_SETFL, 0);
    r->out = out[0];
    o.stdin_fd = in;
    o.stdout_fd = out[1];
    o.stderr_fd = r->log;
    rc = process_start(&o, &r->pid, err);
    if (rc == 0 && r->p->pid_path != NULL)
        program_note_pid(r->p->pid_path, r->pid);
done:
    shut(&in);
    shut(&out[1]);
    shut(&r->in);
    return rc;
}

static void hand_lines(struct running *r, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != '\n') {
            buf_char(&r->line, data[i]);
            continue;
        }
        if (!buf_failed(&r->line))
            r->p->line(r->p->ctx, buf_text(&r->line));
        buf_done(&r->line);
        buf_init_secret(&r->line, PROGRAM_LINE_MAX);
    }
}

/* All that is in the pipe now.  1: there may be more; 0: it is closed. */
static int drain(struct running *r, struct buf *out, struct error *err)
{
    char chunk[CHUNK];
    ssize_t n;
    int rc = -1;

    while ((n = read(r->out, chunk, sizeof chunk)) > 0) {
        if (r->p->line != NULL)
            hand_lines(r, chunk, (size_t)n);
        if (out != NULL) {
            buf_add(out, chunk, (size_t)n);
            if (buf_check(out, "its output", err) != 0)
                goto done;
        }
    }
    rc = n == 0 || (errno != EAGAIN && errno != EINTR) ? 0 : 1;
done:
    secret_wipe(chunk, sizeof chunk);
    return rc;
}

static int too_late(struct running *r, int64_t deadline, struct error *err)
{
    if (cancelled(r->p->cancel))
        return error_set(err, ERR_CANCELLED, "cancelled");
    if (clock_mono_ms() >= deadline)
        return error_set(err, ERR_UNAVAILABLE, "it did not end within %lld s",
                         (long long)(r->p->timeout_ms / 1000));
    return 0;
}

/* As a person at a terminal would, to all of it: once politely, then for
 * good. */
static void put_down(struct running *r)
{
    int status = 0;

    (void)kill(-r->pid, SIGINT);
    if (process_wait(r->pid, r->p->grace_ms, &status) == 0)
        process_kill(r->pid, true);
    else
        (void)kill(-r->pid, SIGKILL);
    r->pid = 0;
}

/* Until it ends.  0 and its wait status, or -1 with it put down. */
static int attend(struct running *r, struct buf *out, int *status,
                  struct error *err)
{
    int64_t deadline = clock_mono_ms() + r->p->timeout_ms;
    bool open = true;
    int got = 0;

    while (got == 0) {
        struct pollfd p = {.fd = r->out, .events = POLLIN};

        if (open)
            (void)poll(&p, 1, SLICE_MS);
        got = process_wait(r->pid, open ? 0 : SLICE_MS, status);
        if (open) {
            int more = drain(r, out, err);

            if (more < 0)
                goto fail;
            open = more > 0;
        }
        if (got == 0 && too_late(r, deadline, err) != 0)
            goto fail;
    }
    r->pid = 0;
    if (got < 0)
        return error_set(err, ERR_INTERNAL, "it was reaped by somebody else");
    return 0;
fail:
    if (got == 0)
        put_down(r);
    r->pid = 0;
    return -1;
}

/* What it has written on standard error since it started, the end of it. */
static void read_tail(const struct running *r, char *tail, size_t size)
{
    int fd = open(r->p->log_path, O_RDONLY | O_CLOEXEC);
    off_t room = (off_t)size - 1;
    off_t end, from;
    ssize_t n = 0;

    tail[0] = '\0';
    if (fd < 0)
        return;
    end = lseek(fd, 0, SEEK_END);
    from = end - room > r->log_start ? end - room : r->log_start;
    if (end > from)
        n = pread(fd, tail, (size_t)(end - from), from);
    (void)close(fd);
    tail[n > 0 ? n : 0] = '\0';
}

/* White space and frames around a text become one blank each. */
static void flatten(const char *from, char *out, size_t size)
{
    size_t len = 0;

    for (; *from != '\0' && len + 1 < size; from++) {
        unsigned char c = (unsigned char)*from;

        if (c > 0x20 && c < 0x7f)
            out[len++] = (char)c;
        else if (len > 0 && out[len - 1] != ' ')
            out[len++] = ' ';
    }
    while (len > 0 && out[len - 1] == ' ')
        len--;
    out[len] = '\0';
}

/* What it said at last: from "Error: " on, else its last line. */
static void last_words(const struct running *r, char *out, size_t size)
{
    char tail[TAIL];
    char *error = NULL;
    char *text, *line;

    read_tail(r, tail, sizeof tail);
    hide_values(r->p->hidden, 2, tail);
    for (text = tail; (text = strstr(text, "Error: ")) != NULL; text++)
        error = text + strlen("Error: ");
    text = text_trim(tail);
    line = strrchr(text, '\n');
    flatten(error != NULL ? error : line == NULL ? text : line + 1, out, size);
    secret_wipe(tail, sizeof tail);
}

static int judge(const struct running *r, int status, struct error *err)
{
    char words[LAST_WORDS];

    if (WIFEXITED(status) && r->p->exit_code != NULL) {
        *r->p->exit_code = WEXITSTATUS(status);
        return 0;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    last_words(r, words, sizeof words);
    if (WIFEXITED(status))
        return error_set(err, ERR_INTERNAL, "it ended with exit code %d%s%s",
                         WEXITSTATUS(status), words[0] == '\0' ? "" : ": ",
                         words);
    return error_set(err, ERR_INTERNAL, "it was ended by signal %d",
                     WTERMSIG(status));
}

int program_run(const struct program *p, struct buf *out, struct error *err)
{
    struct running r = {.p = p, .in = -1, .out = -1, .log = -1};
    int status = 0;
    int rc = -1;

    assert(p->argv != NULL && p->argv[0] != NULL && p->log_path != NULL);
    buf_init_secret(&r.line, PROGRAM_LINE_MAX);
    r.path = file_find_program(p->argv[0]);
    if (r.path == NULL) {
        error_set(err, ERR_NOT_FOUND, "there is no such program");
        goto done;
    }
    if (make_env(&r, err) != 0 || start(&r, err) != 0 ||
        attend(&r, out, &status, err) != 0 || judge(&r, status, err) != 0)
        goto done;
    rc = 0;
done:
    if (rc != 0)
        error_prefix(err, "%s", p->argv[0]);
    if (p->pid_path != NULL)
        (void)unlink(p->pid_path);
    shut(&r.in);
    shut(&r.out);
    shut(&r.log);
    for (size_t i = 0; i < sizeof r.own_env / sizeof r.own_env[0]; i++)
        free(r.own_env[i]);
    for (size_t i = 0; i < PROGRAM_ENV_MAX; i++)
        secret_free(r.given_env[i]);
    buf_done(&r.line);
    free(r.path);
    return rc;
}
