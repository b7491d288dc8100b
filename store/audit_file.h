/* SPDX-License-Identifier: Apache-2.0
 *
 * The record as a file of lines.  For store/ only; the caller locks. */
#ifndef ASSAY_STORE_AUDIT_FILE_H
#define ASSAY_STORE_AUDIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/audit.h"

struct audit_file {
    char *path; /* NULL: none is wanted */
    int fd;
    uint64_t seq; /* of the last line in it, or in the one before it */
};

/* `path` is copied; NULL: none. */
int audit_file_init(struct audit_file *f, const char *path,
                    struct error *err) MUST_USE;
void audit_file_done(struct audit_file *f);

/* Open it, made with mode 0600 if it is not there; nobody else may read it
 * afterwards.  A line that a crash cut short is removed.  `head` says where
 * the table is: a file that is empty goes on from there, one that ends with a
 * line of this chain from that line, one of another chain gets all of this
 * one. */
int audit_file_open(struct audit_file *f, const struct audit_head *head,
                    struct error *err) MUST_USE;
/* The same name again; what follows goes there. */
int audit_file_reopen(struct audit_file *f, struct error *err) MUST_USE;
/* Whole or not at all. */
int audit_file_append(struct audit_file *f, uint64_t seq, const char *line,
                      struct error *err) MUST_USE;

#endif
