/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/driver_dir.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"

int driver_dir_choose(const char *base, struct driver_dir *out,
                      struct error *err)
{
    uint8_t random[DRIVER_DIR_RANDOM];
    struct driver_dir d = {.path = NULL};
    char *real;

    if (file_make_dirs(base, 0700, err) != 0)
        return -1;
    real = realpath(base, NULL);
    if (real == NULL)
        return error_errno(err, ERR_IO, "cannot use the directory %s", base);
    digest_random(random, sizeof random);
    memcpy(d.name, DRIVER_DIR_PREFIX, sizeof DRIVER_DIR_PREFIX);
    text_hex(random, sizeof random, d.name + strlen(DRIVER_DIR_PREFIX));
    d.path = text_format("%s/%s", real, d.name);
    free(real);
    if (d.path == NULL)
        return error_memory(err);
    *out = d;
    return 0;
}

static bool is_ours(const char *path, const char *name)
{
    uint8_t random[DRIVER_DIR_RANDOM];
    const char *slash = strrchr(path, '/');

    return path[0] == '/' && slash != NULL && strcmp(slash + 1, name) == 0 &&
           text_starts(name, DRIVER_DIR_PREFIX) &&
           text_unhex(name + strlen(DRIVER_DIR_PREFIX), random, sizeof random);
}

int driver_dir_recall(const struct json *leftovers, struct driver_dir *out,
                      struct error *err)
{
    const char *name = json_get_text(leftovers, "name", "");
    const char *path = json_get_text(leftovers, "dir", "");
    struct driver_dir d = {.path = NULL};

    if (!is_ours(path, name))
        return error_set(err, ERR_INVALID,
                         "the leftovers of a transient cluster do not name "
                         "its directory");
    (void)text_copy(d.name, sizeof d.name, name);
    d.path = text_dup(path);
    if (d.path == NULL)
        return error_memory(err);
    d.made = file_exists(path);
    *out = d;
    return 0;
}

void driver_dir_leftovers(const struct driver_dir *d, struct jsonw *w)
{
    jsonw_text(w, "name", d->name);
    jsonw_text(w, "dir", d->path);
}

int driver_dir_make(struct driver_dir *d, struct error *err)
{
    if (mkdir(d->path, 0700) != 0)
        return error_errno(err, ERR_IO, "cannot make the directory %s",
                           d->path);
    d->made = true;
    return 0;
}

char *driver_dir_file(const struct driver_dir *d, const char *name)
{
    return text_format("%s/%s", d->path, name);
}

int driver_dir_remove(const struct driver_dir *d, struct error *err)
{
    if (file_remove_tree(d->path, err) != 0)
        return -1;
    if (file_exists(d->path))
        return error_set(err, ERR_IO, "the directory %s cannot be removed",
                         d->path);
    return 0;
}

void driver_dir_done(struct driver_dir *d)
{
    free(d->path);
    memset(d, 0, sizeof *d);
}
