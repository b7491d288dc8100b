/* SPDX-License-Identifier: Apache-2.0
 *
 * Flags as Go's flag package, and so the vault and bao programs, take them:
 * -name value, -name=value, and the same with two dashes; a bool is -name or
 * -name=false.  Unlike there, flags may also stand behind arguments; "--"
 * ends them. */
#ifndef ASSAY_CLI_FLAGS_H
#define ASSAY_CLI_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

enum flag_type {
    FLAG_BOOL,     /* bool */
    FLAG_TEXT,     /* const char *, into argv */
    FLAG_DURATION, /* int64_t, milliseconds */
    FLAG_TEXTS,    /* struct flag_texts: may be given again and again */
};

enum { FLAG_TEXTS_MAX = 32 };

/* Zeroed: none.  The texts are those of argv. */
struct flag_texts {
    const char *items[FLAG_TEXTS_MAX];
    size_t count;
};

/* A table ends with a flag without name. */
struct flag {
    const char *name;
    enum flag_type type;
    void *value;             /* where to put it; holds the default */
    const char *placeholder; /* "FILE"; NULL for a bool */
    const char *help;        /* one line */
};

/* Read argv[1] … argv[argc - 1].  What is no flag is moved to the front, in
 * order: argv[1] … argv[*count].  0; or 1 when -h, -help or --help was seen
 * (nothing else counts then); or -1, ERR_INVALID, a sentence that names the
 * flag and, for an unknown one, the nearest. */
int flags_parse(const struct flag *flags, int argc, char **argv, int *count,
                struct error *err) MUST_USE;

/* How a command is used. */
struct flags_usage {
    const char *usage; /* "assay snapshot diff [flags] A B" */
    const char *about; /* a paragraph or more; lines are kept */
    const struct flag *flags;
};

void flags_print_usage(const struct flags_usage *usage, FILE *out);

/* Both, as a command wants it: 0 go on; 1 help was printed, exit 0;
 * -1 a sentence was printed to standard error, exit 2. */
int flags_command(const struct flags_usage *usage, int argc, char **argv,
                  int *count) MUST_USE;

/* A command of a command; a table ends with one without name. */
struct flags_choice {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is its name */
};

/* Run the one that argv[1] names and return its exit code.  Else `usage` is
 * printed: 0 where help was asked for, 2 otherwise. */
int flags_choose(const struct flags_choice *choices, const char *usage,
                 int argc, char **argv) MUST_USE;

#endif
