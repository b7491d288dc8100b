/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_HANDLERS_HTML_H
#define ASSAY_HANDLERS_HTML_H

#include "base/buf.h"

/* Append text that came from anywhere, so that it is text and nothing else
 * between tags and inside quoted attributes: the five characters of HTML are
 * escaped; control bytes, and the characters that turn the direction of
 * writing (a path could read as another), are shown as what they are; bytes
 * that are not UTF-8 become U+FFFD. */
void html_text(struct buf *out, const char *text);

#endif
