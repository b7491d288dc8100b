/* SPDX-License-Identifier: Apache-2.0 */
#include "base/command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

enum { VARIABLES = 3 };

static int make_environment(char *env[VARIABLES], struct error *err)
{
    static const char *const names[VARIABLES] = {"PATH", "HOME", "LANG"};
    size_t n = 0;

    for (size_t i = 0; i < VARIABLES; i++) {
        const char *value = getenv(names[i]);

        if (value == NULL)
            continue;
        env[n] = text_format("%s=%s", names[i], value);
        if (env[n++] == NULL)
            return error_memory(err);
    }
    return 0;
}

/* A file that has no name, from its beginning. */
static int give_input(const char *input, int *fd, struct error *err)
{
    if (input == NULL)
        return 0;
    *fd = memfd_create("input", MFD_CLOEXEC);
    if (*fd < 0)
        return error_errno(err, ERR_IO, "cannot make a file in memory");
    if (file_write_all(*fd, input, strlen(input), "a file in memory", err) != 0)
        return -1;
    if (lseek(*fd, 0, SEEK_SET) != 0)
        return error_errno(err, ERR_IO, "cannot rewind a file in memory");
    return 0;
}

int command_run(const struct command *c, struct buf *out, struct error *err)
{
    const char *name = c->argv[0];
    char *program =
        strchr(name, '/') != NULL ? text_dup(name) : file_find_program(name);
    char *env[VARIABLES + 1] = {NULL};
    struct process_options o = {.program = program,
                                .argv = c->argv,
                                .env = (const char *const *)env,
                                .stdin_fd = -1,
                                .stdout_fd = -1,
                                .stderr_fd = -1,
                                .cancel = c->cancel};
    int rc = -1;

    if (program == NULL)
        error_set(err, ERR_NOT_FOUND, "%s is not on the PATH", name);
    else if (make_environment(env, err) == 0 &&
             give_input(c->input, &o.stdin_fd, err) == 0)
        rc = process_run(&o, c->timeout_ms, out, err);
    if (o.stdin_fd >= 0)
        (void)close(o.stdin_fd);
    for (size_t i = 0; i < VARIABLES; i++)
        free(env[i]);
    free(program);
    return rc;
}
