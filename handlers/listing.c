/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/listing.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"

int listing_limit(const struct request *request, size_t *out, struct error *err)
{
    const int64_t limit = request_int(request, "limit", LIMIT_PAGE_DEFAULT);

    if (limit < 1 || limit > LIMIT_PAGE)
        return error_set(err, ERR_INVALID, "limit: expected 1 to %d",
                         LIMIT_PAGE);
    *out = (size_t)limit;
    return 0;
}

int listing_since(const struct request *request, int64_t *out,
                  struct error *err)
{
    const char *text = request_text(request, "since", NULL);
    int64_t ago = 0;

    *out = 0;
    if (text == NULL || text_rfc3339_ms(text, out))
        return 0;
    if (!text_duration_ms(text, &ago))
        return error_set(err, ERR_INVALID,
                         "since: expected a time (2026-11-24T02:00:00Z) or a "
                         "duration (24h)");
    *out = clock_now_ms() - ago;
    return 0;
}
