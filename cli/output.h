/* SPDX-License-Identifier: Apache-2.0
 *
 * What commands print on standard output. */
#ifndef ASSAY_CLI_OUTPUT_H
#define ASSAY_CLI_OUTPUT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Bytes as text that cannot move a terminal's cursor, appended. */
void output_text(struct buf *out, const char *text, size_t len);
/* All of it to standard output.  -1 (ERR_IO) when that does not take it. */
int output_flush(struct buf *out, struct error *err) MUST_USE;

#endif
