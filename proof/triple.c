/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/triple.h"

#include <stdlib.h>

struct triple_reader {
    struct side {
        struct inventory_reader *reader;       /* NULL: not asked */
        const struct inventory_record *record; /* NULL: at its end */
        bool taken; /* given away: to be replaced by the next */
    } sides[TRIPLE_SIDES];
};

const char *triple_side_text(enum triple_side side)
{
    static const char *const texts[] = {
        [TRIPLE_RESTORED] = "the restored copy",
        [TRIPLE_BASELINE] = "the baseline",
        [TRIPLE_PRIMARY] = "the primary",
    };

    return texts[side];
}

int triple_reader_open(const char *const paths[TRIPLE_SIDES],
                       struct triple_reader **out, struct error *err)
{
    struct triple_reader *r = calloc(1, sizeof *r);

    if (r == NULL)
        return error_memory(err);
    for (unsigned i = 0; i < TRIPLE_SIDES; i++) {
        if (paths[i] == NULL)
            continue;
        if (inventory_reader_open(paths[i], &r->sides[i].reader, err) != 0) {
            triple_reader_close(r);
            return error_prefix(err, "the inventory of %s",
                                triple_side_text((enum triple_side)i));
        }
        r->sides[i].taken = true;
    }
    *out = r;
    return 0;
}

const struct inventory_head *triple_reader_head(const struct triple_reader *r,
                                                enum triple_side side)
{
    const struct inventory_reader *reader = r->sides[side].reader;

    return reader == NULL ? NULL : inventory_reader_head(reader);
}

static int step(struct triple_reader *r, struct error *err)
{
    for (unsigned i = 0; i < TRIPLE_SIDES; i++) {
        struct side *s = &r->sides[i];
        int rc;

        if (!s->taken)
            continue;
        s->taken = false;
        rc = inventory_reader_next(s->reader, &s->record, err);
        if (rc < 0)
            return error_prefix(err, "the inventory of %s",
                                triple_side_text((enum triple_side)i));
        if (rc == 0)
            s->record = NULL;
    }
    return 0;
}

int triple_reader_next(struct triple_reader *r, struct triple *out,
                       struct error *err)
{
    const struct inventory_record *least = NULL;

    if (step(r, err) != 0)
        return -1;
    for (unsigned i = 0; i < TRIPLE_SIDES; i++) {
        const struct inventory_record *record = r->sides[i].record;

        if (record != NULL &&
            (least == NULL || inventory_order(record, least) < 0))
            least = record;
    }
    if (least == NULL)
        return 0;
    for (unsigned i = 0; i < TRIPLE_SIDES; i++) {
        struct side *s = &r->sides[i];

        s->taken = s->record != NULL && inventory_order(s->record, least) == 0;
        out->side[i] = s->taken ? s->record : NULL;
    }
    return 1;
}

void triple_reader_close(struct triple_reader *r)
{
    if (r == NULL)
        return;
    for (unsigned i = 0; i < TRIPLE_SIDES; i++)
        inventory_reader_close(r->sides[i].reader);
    free(r);
}
