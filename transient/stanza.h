/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces of a server's configuration that an operator hands over: read far
 * enough to know that they are the stanzas they should be and nothing else -
 * a listener or a storage more would undo what the sandbox is for.  Private
 * to transient/. */
#ifndef ASSAY_TRANSIENT_STANZA_H
#define ASSAY_TRANSIENT_STANZA_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum { STANZA_LABEL_MAX = 64 };

struct stanza_rule {
    const char *kind; /* "seal" */
    size_t most;      /* stanzas in the text; one at least */
};

/* `text` is HCL: comments, and stanzas `kind "label" … { … }`.  The first
 * label of the first goes to `label`.  ERR_INVALID names the line and never
 * what is in it.  What HCL knows and this does not - here-documents, "${",
 * JSON - is refused. */
int stanza_check(const char *text, const struct stanza_rule *rule,
                 char label[STANZA_LABEL_MAX], struct error *err) MUST_USE;

/* The same for a file of at most LIMIT_STANZA_FILE bytes, whose text is
 * appended to `out`, a secret buffer.  The error names the file. */
int stanza_read(const char *path, const struct stanza_rule *rule,
                struct buf *out, char label[STANZA_LABEL_MAX],
                struct error *err) MUST_USE;

#endif
