/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rights.h"

#include "base/text.h"

static bool looks(const struct route *r)
{
    return r->verb == VERB_READ || r->verb == VERB_LIST;
}

unsigned rights_of_route(const struct route *r)
{
    const bool sudo = (r->flags & ROUTE_SUDO) != 0;

    if (text_starts(r->pattern, "audit"))
        return ACCESS_RIGHT_AUDIT;
    if (looks(r))
        return sudo ? 0 : ACCESS_RIGHT_READ;
    if (r->verb != VERB_WRITE)
        return 0;
    if (text_ends(r->pattern, "/approve") || text_ends(r->pattern, "/reject"))
        return ACCESS_RIGHT_APPROVE;
    if (!sudo)
        return ACCESS_RIGHT_OPERATE;
    if (text_starts(r->pattern, "recoveries"))
        return ACCESS_RIGHT_RECOVER;
    return text_starts(r->pattern, "restores") ? ACCESS_RIGHT_RESTORE : 0;
}

void rights_set_break_glass(const struct config *config,
                            struct break_glass_box *box)
{
    struct break_glass tokens[BREAK_GLASS_TOKENS_MAX];
    size_t count = 0;

    /* config_load allows no more, and nothing that is not good. */
    for (size_t i = 0;
         i < config->access.break_glass_count && count < BREAK_GLASS_TOKENS_MAX;
         i++) {
        const struct config_break_glass *from = &config->access.break_glass[i];
        struct break_glass *to = &tokens[count];

        *to = (struct break_glass){.rights = 0};
        if (!text_copy(to->name, sizeof(to->name), from->name) ||
            !text_copy(to->sha256, sizeof(to->sha256), from->sha256) ||
            !text_rfc3339_ms(from->expires, &to->expires_ms))
            continue;
        for (size_t n = 0; n < from->rights.count; n++)
            to->rights |= break_glass_right(from->rights.items[n]);
        count++;
    }
    break_glass_box_set(box, tokens, count);
}
