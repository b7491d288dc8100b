/* SPDX-License-Identifier: Apache-2.0 */
#include "base/module_copy.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"

enum { CHUNK = 64 * 1024, LEVELS = 2 };

struct walk {
    size_t files;
    uint64_t bytes;
};

static bool is_left_out(const char *name)
{
    static const char *const patterns[] = {
        ".",         "..",          ".terraform",          ".git",
        "*.tfstate", "*.tfstate.*", ".*.tfstate.lock.info"};

    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    }
    return false;
}

static int count(struct walk *w, uint64_t bytes, struct error *err)
{
    w->bytes += bytes;
    if (w->files > LIMIT_MODULE_FILES || w->bytes > LIMIT_MODULE_BYTES)
        return error_set(err, ERR_TOO_LARGE,
                         "the module directory holds more than %d files or "
                         "%d MiB: it is copied for each run, so keep it to "
                         "what the module needs",
                         LIMIT_MODULE_FILES, LIMIT_MODULE_BYTES >> 20);
    return 0;
}

static int pump(struct walk *w, int in, int out, const char *to,
                struct error *err)
{
    char *chunk = malloc(CHUNK);
    ssize_t n = 0;
    int rc = chunk == NULL ? error_memory(err) : 0;

    while (rc == 0 && (n = read(in, chunk, CHUNK)) > 0) {
        rc = count(w, (uint64_t)n, err);
        if (rc == 0)
            rc = file_write_all(out, chunk, (size_t)n, to, err);
    }
    if (rc == 0 && n < 0)
        rc = error_errno(err, ERR_IO, "cannot read the module's file for %s",
                         to);
    free(chunk);
    return rc;
}

static int copy_file(struct walk *w, const char *from, const char *to,
                     const struct stat *st, struct error *err)
{
    mode_t mode = (st->st_mode & S_IXUSR) != 0 ? 0700 : 0600;
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = -1;
    int rc = -1;

    if (in < 0) {
        error_errno(err, ERR_IO, "cannot read %s", from);
        goto done;
    }
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (out < 0) {
        error_errno(err, ERR_IO, "cannot write %s", to);
        goto done;
    }
    rc = pump(w, in, out, to, err);
done:
    if (in >= 0)
        (void)close(in);
    if (out >= 0)
        (void)close(out);
    return rc;
}

/* What is neither file nor directory is no part of a module. */
static int copy_dir(struct walk *w, const char *from, const char *to,
                    unsigned depth, struct error *err);

static int copy_entry(struct walk *w, const char *from, const char *to,
                      unsigned depth, struct error *err)
{
    struct stat st;

    if (stat(from, &st) != 0)
        return error_errno(err, ERR_IO, "cannot look at %s", from);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return 0;
    w->files++;
    if (count(w, 0, err) != 0)
        return -1;
    if (S_ISREG(st.st_mode))
        return copy_file(w, from, to, &st, err);
    return copy_dir(w, from, to, depth + 1, err);
}

static int copy_dir(struct walk *w, const char *from, const char *to,
                    unsigned depth, struct error *err)
{
    DIR *dir = NULL;
    struct dirent *entry;
    int rc = -1;

    if (depth > LIMIT_MODULE_DEPTH)
        return error_set(err, ERR_TOO_LARGE, "%s is too deep", from);
    if (mkdir(to, 0700) != 0)
        return error_errno(err, ERR_IO, "cannot make the directory %s", to);
    dir = opendir(from);
    if (dir == NULL)
        return error_errno(err, ERR_IO, "cannot read the directory %s", from);
    rc = 0;
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        char *in, *out;

        if (is_left_out(entry->d_name))
            continue;
        in = text_format("%s/%s", from, entry->d_name);
        out = text_format("%s/%s", to, entry->d_name);
        rc = in == NULL || out == NULL ? error_memory(err)
                                       : copy_entry(w, in, out, depth, err);
        free(in);
        free(out);
    }
    (void)closedir(dir);
    return rc;
}

/* Links in `to` to everything in `from` but `except`.  Comfort: what cannot
 * be linked will be missed by whoever needs it, and said by name. */
static void link_siblings(const char *from, const char *to, const char *except)
{
    DIR *dir = opendir(from);
    struct dirent *entry;
    size_t links = 0;

    if (dir == NULL)
        return;
    while (links < LIMIT_MODULE_FILES && (entry = readdir(dir)) != NULL) {
        char *in, *out;

        if (strcmp(entry->d_name, except) == 0 || is_left_out(entry->d_name))
            continue;
        in = text_format("%s/%s", from, entry->d_name);
        out = text_format("%s/%s", to, entry->d_name);
        if (in != NULL && out != NULL && symlink(in, out) == 0)
            links++;
        free(in);
        free(out);
    }
    (void)closedir(dir);
}

/* `real` is cut at its slashes, from the right, and put together again. */
static char *make_parents(char *real, const char *to, struct error *err)
{
    char *slash[LEVELS + 1] = {NULL};
    char *here = text_format("%s/tree", to);
    size_t levels = 0;

    while (levels <= LEVELS && (slash[levels] = strrchr(real, '/')) != NULL)
        *slash[levels++] = '\0';
    for (size_t i = levels; here != NULL && i-- > 0;) {
        const char *name = slash[i] + 1;
        char *next = text_format("%s/%s", here, name);

        if (file_make_dirs(here, 0700, err) != 0) {
            free(next);
            free(here);
            return NULL;
        }
        /* `real` ends just before `name` by now. */
        link_siblings(real[0] == '\0' ? "/" : real, here, name);
        *slash[i] = '/';
        free(here);
        here = next;
    }
    if (here == NULL)
        error_memory(err);
    return here;
}

int module_copy(const char *from, const char *to, char **module,
                struct error *err)
{
    struct walk w = {.files = 0};
    char *real = realpath(from, NULL);
    char *path = NULL;
    int rc = -1;

    assert(module != NULL);
    if (real == NULL)
        return error_errno(err, ERR_NOT_FOUND,
                           "there is no module directory %s", from);
    path = make_parents(real, to, err);
    if (path != NULL)
        rc = copy_dir(&w, real, path, 0, err);
    if (rc == 0) {
        *module = path;
        path = NULL;
    }
    free(path);
    free(real);
    return rc;
}
