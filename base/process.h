/* SPDX-License-Identifier: Apache-2.0
 *
 * Child processes.  Started with posix_spawn-like care: no shell, every
 * descriptor but the named ones closed, signals reset, an explicit
 * environment.  Safe in a process with threads. */
#ifndef ASSAY_BASE_PROCESS_H
#define ASSAY_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/stream.h"

struct process_options {
    const char *program;     /* absolute path */
    const char *const *argv; /* NULL-terminated, argv[0] included */
    const char *const *env;  /* NULL-terminated; NULL: empty environment */
    const char *dir;         /* NULL: where we are */
    int stdin_fd;            /* -1: /dev/null */
    int stdout_fd;           /* -1: /dev/null */
    int stderr_fd;           /* -1: /dev/null */
    bool new_group;          /* leads its own process group */
    /* A child of our parent, who waits for it; by a process without threads.
     * When it became no program, *pid says who is to be waited for (0: nobody)
     * on -1 too. */
    bool sibling;
    /* Looked at by process_run alone; may be NULL. */
    const struct cancel *cancel;
};

/* 0 and the child's pid, or -1 when it could not be started (exec errors
 * included). */
int process_start(const struct process_options *o, pid_t *pid,
                  struct error *err) MUST_USE;
/* Wait up to `timeout_ms` (-1: for ever).  1: it ended and *status is its
 * wait status; 0: still running; -1: no such child. */
int process_wait(pid_t pid, int64_t timeout_ms, int *status);
/* SIGKILL to the process (and its group when it leads one), then reaped. */
void process_kill(pid_t pid, bool group);
/* Run to the end, collect standard output up to out->max bytes, kill after
 * `timeout_ms`.  0 when it exited with 0; ERR_CANCELLED soon after that was
 * asked for.  Into a secret buffer, no copy of the output stays behind. */
int process_run(const struct process_options *o, int64_t timeout_ms,
                struct buf *out, struct error *err) MUST_USE;

#endif
