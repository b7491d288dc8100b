/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, durably. */
#ifndef ASSAY_BASE_FILE_H
#define ASSAY_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* The whole file into `out` (its ceiling applies).  ERR_NOT_FOUND if there
 * is none. */
int file_read(const char *path, struct buf *out, struct error *err) MUST_USE;

/* Replace the content of `path` with `size` bytes of `data`, durably.
 *
 * Returns 0 once the new content would survive a power cut: the file and the
 * directory entry that names it have both reached the disk.  Returns -1 with
 * `err` filled in otherwise.  Whatever happens, a reader finds all of the old
 * content or all of the new, never a mix and never an empty file.
 *
 * The caller keeps `data`.  One writer per path at a time: the work is done
 * in a sibling named `<path>.part`, removed on failure, which a crash may
 * leave behind. */
int file_replace(const char *path, const void *data, size_t size, mode_t mode,
                 struct error *err) MUST_USE;

/* Write all `size` bytes, through short writes and EINTR. */
int file_write_all(int fd, const void *data, size_t size, const char *path,
                   struct error *err) MUST_USE;
/* A rename or unlink is durable only once the directory is. */
int file_sync_dir(const char *path, struct error *err) MUST_USE;
/* The same for the directory that holds `path`. */
int file_sync_parent(const char *path, struct error *err) MUST_USE;
/* Make the directory and its parents. 0 if it is there already. */
int file_make_dirs(const char *path, mode_t mode, struct error *err) MUST_USE;
/* Remove a directory and everything below it, without following links and
 * without leaving its file system.  0 if it does not exist. */
int file_remove_tree(const char *path, struct error *err) MUST_USE;
bool file_exists(const char *path);
/* An executable regular file. */
bool file_is_program(const char *path);
/* Look a program up in $PATH (or take a path with a slash as it is):
 * malloc'd absolute path, or NULL. */
char *file_find_program(const char *name);

#endif
