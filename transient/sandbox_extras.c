/* SPDX-License-Identifier: Apache-2.0
 *
 * Why these limits:
 *
 * - RLIMIT_DATA is what works for a Go program: address space it reserves by
 *   the gigabyte, and the pages of its mapped database are the kernel's to
 *   take back.  Past the limit the runtime ends with "out of memory".
 * - nice and SCHED_BATCH decide within one cgroup only; idle I/O where the
 *   scheduler knows it (BFQ).  oom_score_adj is the helper's to set. */
#include "transient/sandbox_extras.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"

enum {
    NICE = 10, /* a tenth of the share of a neighbour */
    OPEN_FILES = 65536,
    THREADS = 4096,
    CHUNK = 16 * 1024,
    /* linux/ioprio.h, which old headers lack. */
    IOPRIO_IDLE = 3 << 13,
    IOPRIO_PROCESS = 1,
};

static int add_file(struct sandbox_extras *x, const char *path,
                    struct error *err)
{
    if (path[0] != '/' || strstr(path, "/../") != NULL || text_ends(path, "/"))
        return error_set(err, ERR_INVALID, "%s is not the path of a file",
                         path);
    if (x->files_count == SANDBOX_FILES_MAX)
        return error_set(err, ERR_INVALID, "more than %d files",
                         SANDBOX_FILES_MAX);
    x->files[x->files_count++] = (struct sandbox_file){.path = path, .fd = -1};
    return 0;
}

/* What follows "name:", or NULL. */
static const char *value_of(const char *word, const char *name)
{
    size_t len = strlen(name);

    return strncmp(word, name, len) == 0 && word[len] == ':' ? word + len + 1
                                                             : NULL;
}

static int parse_number(struct sandbox_extras *x, const char *word,
                        struct error *err)
{
    const struct {
        const char *name;
        uint64_t *number;
    } numbers[] = {
        {"memory", &x->memory},
        {"size", &x->size},
        {"seconds", &x->seconds},
    };
    size_t i;

    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *value = value_of(word, numbers[i].name);

        if (value != NULL && text_u64(value, numbers[i].number))
            return 0;
    }
    return error_set(err, ERR_INVALID, "the sandbox does not know \"%s\"",
                     word);
}

static int parse_way_in(struct sandbox_extras *x, const char *word,
                        struct error *err)
{
    const char *api = value_of(word, "api");
    const char *client = value_of(word, "client");
    uint64_t port = 0;

    if (api != NULL && text_u64(api, &port) && port > 0 && port <= 65535) {
        x->api_port = (unsigned)port;
        return 0;
    }
    if (client != NULL && inet_pton(AF_INET, client, &x->client) == 1)
        return 0;
    return parse_number(x, word, err);
}

static int parse(struct sandbox_extras *x, const char *word, struct error *err)
{
    const char *value = value_of(word, "file");

    if (value != NULL)
        return add_file(x, value, err);
    value = value_of(word, "license");
    if (value != NULL) {
        x->license = value;
        return add_file(x, value, err);
    }
    value = value_of(word, "endpoint");
    if (value != NULL) {
        x->has_endpoint = true;
        return transient_endpoint_parse(value, &x->endpoint, err);
    }
    return parse_way_in(x, word, err);
}

int sandbox_extras_parse(char **words, struct sandbox_extras *out,
                         struct error *err)
{
    memset(out, 0, sizeof *out);
    for (; *words != NULL; words++) {
        if (parse(out, *words, err) != 0)
            return -1;
    }
    return 0;
}

int sandbox_extras_open(struct sandbox_extras *x, struct error *err)
{
    unsigned i;

    for (i = 0; i < x->files_count; i++) {
        x->files[i].fd = open(x->files[i].path, O_RDONLY | O_CLOEXEC);
        if (x->files[i].fd < 0)
            return error_errno(err, ERR_IO, "cannot open %s", x->files[i].path);
    }
    return 0;
}

static int make_dirs_above(const char *path, struct error *err)
{
    char above[PATH_MAX];
    char *slash = above;

    if (!text_copy(above, sizeof above, path))
        return error_set(err, ERR_INVALID, "the path %s is too long", path);
    while ((slash = strchr(slash + 1, '/')) != NULL) {
        *slash = '\0';
        if (mkdir(above, 0755) != 0 && errno != EEXIST)
            return error_errno(err, ERR_PRECONDITION, "cannot make %s", above);
        *slash = '/';
    }
    return 0;
}

/* The chunk is on the stack of a process that is about to become another. */
static int copy_to(int from, int to, const char *path, struct error *err)
{
    char chunk[CHUNK];
    size_t total = 0;
    ssize_t n;

    while ((n = read(from, chunk, sizeof chunk)) > 0) {
        total += (size_t)n;
        if (total > LIMIT_SEAL_FILE)
            return error_set(err, ERR_TOO_LARGE, "%s is larger than %d bytes",
                             path, LIMIT_SEAL_FILE);
        if (file_write_all(to, chunk, (size_t)n, path, err) != 0)
            return -1;
    }
    return n == 0 ? 0 : error_errno(err, ERR_IO, "cannot read %s", path);
}

static int place(const struct sandbox_file *f, struct error *err)
{
    int rc;
    int fd;

    if (make_dirs_above(f->path, err) != 0)
        return -1;
    fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (fd < 0 && errno == EEXIST)
        return 0; /* named twice */
    if (fd < 0)
        return error_errno(err, ERR_PRECONDITION,
                           "cannot put %s into the sandbox", f->path);
    rc = copy_to(f->fd, fd, f->path, err);
    (void)close(fd);
    return rc;
}

int sandbox_extras_place(const struct sandbox_extras *x, struct error *err)
{
    unsigned i;

    for (i = 0; i < x->files_count; i++) {
        if (place(&x->files[i], err) != 0)
            return -1;
    }
    return 0;
}

static int limit(__rlimit_resource_t what, uint64_t most, const char *name,
                 struct error *err)
{
    struct rlimit now;

    if (getrlimit(what, &now) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot ask for a limit");
    if (now.rlim_max > most)
        now.rlim_max = most;
    now.rlim_cur = now.rlim_max;
    if (setrlimit(what, &now) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot limit the server's %s",
                           name);
    return 0;
}

int sandbox_extras_limit(const struct sandbox_extras *x, struct error *err)
{
    const struct sched_param batch = {.sched_priority = 0};

    (void)setpriority(PRIO_PROCESS, 0, NICE);
    (void)sched_setscheduler(0, SCHED_BATCH, &batch);
    (void)syscall(SYS_ioprio_set, IOPRIO_PROCESS, 0, IOPRIO_IDLE);
    if (limit(RLIMIT_NOFILE, OPEN_FILES, "open files", err) != 0 ||
        limit(RLIMIT_NPROC, THREADS, "threads", err) != 0)
        return -1;
    if (x->memory > 0 && limit(RLIMIT_DATA, x->memory, "memory", err) != 0)
        return -1;
    return x->size > 0 ? limit(RLIMIT_FSIZE, x->size, "file size", err) : 0;
}

char **sandbox_extras_env(struct sandbox_extras *x)
{
    static char path[] = "PATH=/usr/bin:/bin", home[] = "HOME=/";
    size_t n = 0;

    x->env[n++] = path;
    x->env[n++] = home;
    if (x->license != NULL) {
        (void)snprintf(x->variables[0], sizeof x->variables[0],
                       "VAULT_LICENSE_PATH=%s", x->license);
        x->env[n++] = x->variables[0];
    }
    /* Go's own limit, for its heap: what is left when stacks and whatever
     * else counts as data have their share. */
    if (x->memory > 0) {
        (void)snprintf(x->variables[1], sizeof x->variables[1],
                       "GOMEMLIMIT=%" PRIu64, x->memory / 4 * 3);
        x->env[n++] = x->variables[1];
    }
    x->env[n] = NULL;
    return x->env;
}
