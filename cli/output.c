/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/text.h"

int output_flush(struct buf *out, struct error *err)
{
    if (buf_check(out, "the output", err) != 0) {
        return -1;
    }
    if (fwrite(buf_text(out), 1, out->len, stdout) != out->len ||
        fflush(stdout) != 0) {
        return error_errno(err, ERR_IO, "standard output");
    }
    return 0;
}

void output_text(struct buf *out, const char *text, size_t len)
{
    bool utf8 = text_is_utf8(text, len);

    for (size_t n = 0; n < len; n++) {
        unsigned char c = (unsigned char)text[n];

        if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8)) {
            buf_printf(out, "\\x%02x", c);
        } else {
            buf_char(out, (char)c);
        }
    }
}
