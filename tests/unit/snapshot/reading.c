/* SPDX-License-Identifier: Apache-2.0 */
#include "reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int reading_all(const void *data, size_t len, size_t step,
                const struct snapshot_reader_options *options,
                struct snapshot_facts *facts, struct error *err)
{
    struct snapshot_reader *r = snapshot_reader_new(options);
    const uint8_t *at = data;
    int rc = 0;

    assert_non_null(r);
    while (rc == 0 && len > 0) {
        size_t piece = step == 0 || step > len ? len : step;
        /* A copy of its own size, so that a sanitizer sees reads past it. */
        uint8_t *copy = malloc(piece);

        assert_non_null(copy);
        memcpy(copy, at, piece);
        rc = snapshot_reader_push(r, copy, piece, err);
        free(copy);
        at += piece;
        len -= piece;
    }
    if (rc == 0) {
        rc = snapshot_reader_finish(r, facts, err);
    }
    snapshot_reader_free(r);
    return rc;
}

void reading_good(const struct buf *b, size_t step)
{
    struct snapshot_facts facts;
    struct error err = {0};

    if (reading_all(b->data, b->len, step, NULL, &facts, &err) != 0) {
        fail_msg("%s", err.text);
    }
    snapshot_facts_done(&facts);
}

void reading_bad(const struct buf *b, const char *sentence)
{
    static const size_t steps[] = {0, 1, 7, 511, 4096};

    for (size_t n = 0; n < sizeof(steps) / sizeof(steps[0]); n++) {
        struct snapshot_facts facts;
        struct error err = {0};

        assert_int_equal(
            reading_all(b->data, b->len, steps[n], NULL, &facts, &err), -1);
        assert_string_equal(err.text, sentence);
        assert_int_equal(err.kind, ERR_CORRUPT);
    }
}

void reading_build(const struct archive_options *options, const char *sentence)
{
    struct buf state;
    struct buf b;

    buf_init(&state, ARCHIVE_MAX);
    buf_init(&b, ARCHIVE_MAX);
    archive_entry(&state, "core/mounts", "one");
    archive_entry(&state, "sys/policy/default", "two");
    archive_build(&b, &state, options);
    if (sentence == NULL) {
        reading_good(&b, 0);
        reading_good(&b, 1);
    } else {
        reading_bad(&b, sentence);
    }
    buf_done(&state);
    buf_done(&b);
}
