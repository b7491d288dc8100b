/* SPDX-License-Identifier: Apache-2.0
 *
 * The two processes of the sandbox command and what is between them.  Private
 * to transient/. */
#ifndef ASSAY_TRANSIENT_SANDBOX_CHILD_H
#define ASSAY_TRANSIENT_SANDBOX_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "transient/sandbox_extras.h"

/* What the child tells when it cannot become the server. */
struct sandbox_verdict {
    int code;
    char text[ERROR_TEXT_MAX];
};

struct sandbox_helper {
    const char *dir;    /* the private directory */
    const char *name;   /* its last segment */
    const char *server; /* the program */
    bool isolated;
    int alive[2];    /* helper -> child: one byte "go on"; closed by death */
    int told[2];     /* child -> helper: a verdict, or end-of-file by exec */
    int syslog;      /* what the server sends to its /dev/log; -1: none */
    int handover[2]; /* the listening socket: child -> relay; or -1 */
    pid_t relay;     /* or -1 */
    pid_t child;
    struct sandbox_extras extras;
};

/* In the child: become the server, or tell why not and end. */
__attribute__((noreturn)) void sandbox_child(struct sandbox_helper *h);

#endif
