/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/helper.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "transient/launcher.h"
#include "transient/sandbox.h"

enum { STOP_TIMEOUT_MS = 15 * 1000 };

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* A confined daemon cannot make a sandbox itself. */
static int have_launched(const struct helper_options *o, const int fds[3],
                         pid_t *pid, struct error *err)
{
    const char *words[2 + HELPER_EXTRAS_MAX + 1] = {o->dir, o->server};

    for (size_t i = 0; o->extras != NULL && o->extras[i] != NULL; i++) {
        assert(i < HELPER_EXTRAS_MAX);
        words[2 + i] = o->extras[i];
    }
    return launcher_start(words, fds, pid, err);
}

static int spawn(const struct helper_options *o, const int fds[3], pid_t *pid,
                 struct error *err)
{
    const char *argv[5 + HELPER_EXTRAS_MAX + 1] = {
        "assay", SANDBOX_COMMAND, o->dir, o->server,
        o->isolated ? "isolated" : "open"};
    size_t i;
    const struct process_options p = {
        .program = o->program != NULL ? o->program : "/proc/self/exe",
        .argv = argv,
        .dir = "/",
        .stdin_fd = fds[0],
        .stdout_fd = fds[1],
        .stderr_fd = fds[2],
        .new_group = true,
    };

    if (o->isolated && o->program == NULL && launcher_is_open())
        return have_launched(o, fds, pid, err);
    for (i = 0; o->extras != NULL && o->extras[i] != NULL; i++) {
        assert(i < HELPER_EXTRAS_MAX);
        argv[5 + i] = o->extras[i];
    }
    return process_start(&p, pid, err);
}

int helper_start(const struct helper_options *o, struct helper *out,
                 struct error *err)
{
    int leash[2] = {-1, -1};
    int told[2] = {-1, -1};
    int log = -1;
    int rc = -1;

    log = open(o->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) {
        error_errno(err, ERR_IO, "cannot open %s", o->log_path);
        goto done;
    }
    if (pipe2(leash, O_CLOEXEC) != 0 || pipe2(told, O_CLOEXEC) != 0) {
        error_errno(err, ERR_INTERNAL, "cannot make a pipe");
        goto done;
    }
    if (spawn(o, (const int[3]){leash[0], told[1], log}, &out->pid, err) != 0)
        goto done;
    out->leash = leash[1];
    out->told = told[0];
    leash[1] = -1;
    told[0] = -1;
    rc = 0;
done:
    close_fd(&log);
    close_fd(&leash[0]);
    close_fd(&leash[1]);
    close_fd(&told[0]);
    close_fd(&told[1]);
    return rc;
}

/* It has ended, so its sentence is in the pipe, complete. */
static int hear(struct helper *h, int status, struct error *err)
{
    char text[ERROR_TEXT_MAX];
    ssize_t n = read(h->told, text, sizeof text - 1);

    text[n > 0 ? n : 0] = '\0';
    close_fd(&h->leash);
    close_fd(&h->told);
    h->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == SANDBOX_EXIT_DONE)
        return SANDBOX_EXIT_DONE;
    if (n > 0)
        error_set(err, ERR_INTERNAL, "%s", text);
    else
        error_set(err, ERR_INTERNAL,
                  "the sandbox of the transient server ended unexpectedly "
                  "(wait status %d)",
                  status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : SANDBOX_EXIT_BROKEN;
}

bool helper_ended(struct helper *h, int *code, struct error *err)
{
    int status = 0;

    assert(h->pid > 0);
    if (process_wait(h->pid, 0, &status) == 0)
        return false;
    *code = hear(h, status, err);
    return true;
}

int helper_stop(struct helper *h, bool keep, struct error *err)
{
    const char byte = SANDBOX_STOP;
    int status = 0;
    int code;

    if (h->pid <= 0)
        return 0;
    if (keep && write(h->leash, &byte, 1) != 1) {
        /* It is dead already, or will take the directory along. */
    }
    close_fd(&h->leash);
    if (process_wait(h->pid, STOP_TIMEOUT_MS, &status) == 0) {
        process_kill(h->pid, false);
        close_fd(&h->told);
        h->pid = 0;
        return error_set(err, ERR_INTERNAL,
                         "the sandbox did not end when told to");
    }
    code = hear(h, status, err);
    return code == SANDBOX_EXIT_DONE || code == SANDBOX_EXIT_SERVER_DIED ||
                   code == SANDBOX_EXIT_LIMIT
               ? 0
               : -1;
}
