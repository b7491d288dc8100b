/* SPDX-License-Identifier: Apache-2.0
 *
 * The numbered SQL files of this folder, embedded at build time.  Only
 * store/migrate.c reads them.  A released file is never edited: a new number
 * is added to the list in CMakeLists.txt. */
#ifndef ASSAY_MIGRATIONS_MIGRATIONS_H
#define ASSAY_MIGRATIONS_MIGRATIONS_H

#include <stddef.h>

struct migration {
    int number;         /* ascending from 1 without gaps */
    const char *name;   /* the file's name */
    const char *sha256; /* of the file, hex */
    const char *sql;
};

extern const struct migration migrations_all[];
extern const size_t migrations_count;

#endif
