/* SPDX-License-Identifier: Apache-2.0
 *
 * For a test that uses assay_test_freed: does what our code gives back to
 * the heap still hold FREED_MARK?  What a library frees by itself is not
 * seen. */
#ifndef ASSAY_TESTS_FREED_H
#define ASSAY_TESTS_FREED_H

/* Longer than what a token is. */
#define FREED_MARK                                                             \
    "hvs.marked-marked-marked-marked-marked-marked-marked-marked-marked-"      \
    "marked-marked-marked-marked-marked-marked-marked-marked-marked"

/* Blocks since freed_reset that held it when they were freed, or when they
 * were grown by realloc; and places that held it when they were wiped. */
unsigned freed_marked(void);
unsigned freed_wiped(void);
void freed_reset(void);

#endif
