/* SPDX-License-Identifier: Apache-2.0
 *
 * Run one of the operator's programs to its end.
 *
 * Not process_run: what such a program leaves running is the point of it, so
 * nothing of its group is killed when it ends by itself, and its output ends
 * when it does, whoever else still holds the pipe.  One that is cancelled or
 * takes too long is asked to end (SIGINT, so that it can undo what it began)
 * and then killed with its whole group. */
#ifndef ASSAY_BASE_PROGRAM_H
#define ASSAY_BASE_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/stream.h"

enum {
    PROGRAM_OUTPUT_MAX = 1024 * 1024,
    PROGRAM_LINE_MAX = 64 * 1024,
    PROGRAM_ENV_MAX = 64,
};

/* Variables by name. */
struct program_pair {
    const char *name;
    const char *value; /* may be a secret */
};

struct program_pairs {
    const struct program_pair *items;
    size_t count;
};

struct program {
    const char *const *argv; /* argv[0] is looked up on PATH */
    const char *dir;         /* NULL: where we are */
    const char *input;       /* for its standard input; NULL: none */
    const char *log_path;    /* its standard error is added there */
    const char *pid_path;    /* says who runs, while it does; or NULL */
    /* TMPDIR, and what is added to the PATH, HOME and LANG of this program
     * itself; `env` wins. */
    const char *temp_dir;
    const char *const *fixed_env; /* "NAME=value", NULL-terminated, or NULL */
    struct program_pairs env;
    /* Values that are not repeated in an error text; members may be NULL. */
    const struct program_pairs *hidden[2];
    int64_t timeout_ms;
    int64_t grace_ms; /* between asking it to end and killing it */
    const struct cancel *cancel;
    /* Each line of its standard output, without the line break, as it comes;
     * lines that are too long are left out.  NULL: none. */
    void (*line)(void *ctx, const char *line);
    void *ctx;
    /* Where its exit code goes: whatever it is, it is then no failure.
     * NULL: only 0 will do. */
    int *exit_code;
};

/* 0: it ended with 0, and `out` (may be NULL) has its standard output.  -1:
 * ERR_NOT_FOUND no such program, ERR_TOO_LARGE it said too much (and was
 * killed), ERR_UNAVAILABLE it did not end in time, ERR_CANCELLED, ERR_INTERNAL
 * with the last thing it said on standard error. */
int program_run(const struct program *p, struct buf *out,
                struct error *err) MUST_USE;

/* After a crash of this process: one that it left running, if that one still
 * does, is asked to end and after `grace_ms` killed with its group.  It is
 * known by its number and the moment it started.  -1: it does not die. */
int program_end_stray(const char *pid_path, int64_t grace_ms,
                      struct error *err) MUST_USE;
/* Private to program*.c: write that file; what cannot be written is not. */
void program_note_pid(const char *pid_path, pid_t pid);

#endif
