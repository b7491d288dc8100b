/* SPDX-License-Identifier: Apache-2.0
 *
 * A server inside a test program, which answers as a function of it says. */
#ifndef ASSAY_TESTS_ANSWERS_H
#define ASSAY_TESTS_ANSWERS_H

#include "base/buf.h"

struct answers;

/* Called by the server's own thread, one request at a time.  `target` is as
 * it was sent, with its query; the answer's body goes to `body`.  Returns the
 * status. */
typedef int (*answers_fn)(void *ctx, const char *method, const char *target,
                          struct buf *body);

/* Fails the test if it cannot be had. */
struct answers *answers_start(answers_fn fn, void *ctx);
const char *answers_address(const struct answers *a);
void answers_stop(struct answers *a);

#endif
