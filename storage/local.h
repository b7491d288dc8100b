/* SPDX-License-Identifier: Apache-2.0
 *
 * The two halves of the local driver: the directory tree (local.c) and one
 * file being written (local_writer.c). */
#ifndef ASSAY_STORAGE_LOCAL_H
#define ASSAY_STORAGE_LOCAL_H

#include <stddef.h>

#include "base/error.h"

/* What an unfinished file is called: its path and this. */
#define LOCAL_PART ".part"

/* `path` is where the object shall appear; its directory exists. */
int local_writer_open(const char *path, void **writer,
                      struct error *err) MUST_USE;
/* The next three are those of struct storage_driver. */
int local_writer_write(void *writer, const void *data, size_t len,
                       struct error *err) MUST_USE;
int local_writer_commit(void *writer, struct error *err) MUST_USE;
void local_writer_abort(void *writer);

#endif
