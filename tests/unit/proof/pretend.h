/* SPDX-License-Identifier: Apache-2.0
 *
 * A script in Terraform's place, for what has nothing to do with a provider:
 * which commands are run, where, with which environment and files.  The real
 * one is run by tests/system. */
#ifndef ASSAY_TESTS_PRETEND_H
#define ASSAY_TESTS_PRETEND_H

#include "proof/tfcopy.h"

struct pretend {
    char dir[64];
    char *module; /* the operator's directory */
    char *work;   /* where a copy goes; not made yet */
    char *binary;
    char *seen; /* what the script writes its arguments and environment to */
    struct tfsettings settings;
};

/* `script` is what comes after "case $1 in": "init) exit 1;;".  What it does
 * not name ends with 0 and says nothing. */
void pretend_init(struct pretend *p, const char *script);
void pretend_done(struct pretend *p);
/* After each test: the directory of one that failed goes too. */
int pretend_tear_down(void **state);
/* `<module>/<name>` */
void pretend_put(const struct pretend *p, const char *name, const char *text);
/* The text of a file; malloc'd, or NULL without one. */
char *pretend_read(const char *path);
/* All that was run: "init -input=false\n…"; malloc'd. */
char *pretend_seen(const struct pretend *p);

#endif
