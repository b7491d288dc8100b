/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox whose helper and whose server are the test's own program: the
 * server writes down what it was given.  77 where namespaces are refused. */
#ifndef ASSAY_TESTS_TRANSIENT_STAGE_H
#define ASSAY_TESTS_TRANSIENT_STAGE_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "transient/helper.h"
#include "transient/process_dir.h"

enum {
    STAGE_FACTS_MAX = 16 * 1024,
    STAGE_LONG = 300 * 1000, /* what is sent through a way, and back */
    STAGE_PORT = 8300        /* where the server listens, if it is to */
};

struct stage {
    struct process_dir dir;
    struct helper helper;
    char facts[STAGE_FACTS_MAX];
};

/* Where all of it lies. */
extern char stage_base[64];

/* The beginning and the end of main(); the first is the exit code of what
 * this process is instead, -1 where it is the test. */
int stage_begin(int argc, char **argv);
int stage_over(int failed);

void stage_prepare(struct stage *s);
/* With these extras, NULL at the end. */
void stage_start(struct stage *s, const char *const *words);
/* Wait for what the server wrote down. */
void stage_read_facts(struct stage *s);
/* All of it is gone then. */
void stage_end(struct stage *s);
void stage_put(const char *path, const char *text);

/* In the facts of the stage `s`. */
#define SEES(text)                                                             \
    do {                                                                       \
        if (strstr(s.facts, text) == NULL)                                     \
            fail_msg("no \"%s\" in:\n%s", text, s.facts);                      \
    } while (0)

#endif
