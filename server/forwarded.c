/* SPDX-License-Identifier: Apache-2.0 */
#include "server/forwarded.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int forwarded_init(struct forwarded *f, const struct server_forwarded *options,
                   struct error *err)
{
    *f = (struct forwarded){.options = options};
    if (options->trusted_count > FORWARDED_NETS_MAX)
        return error_set(err, ERR_INVALID,
                         "x_forwarded_for_authorized_addrs: at most %d",
                         FORWARDED_NETS_MAX);
    for (size_t i = 0; i < options->trusted_count; i++)
        if (!net_parse(options->trusted[i], &f->nets[i]))
            return error_set(err, ERR_INVALID,
                             "x_forwarded_for_authorized_addrs: \"%s\" is "
                             "neither an address nor a network",
                             options->trusted[i]);
    f->count = options->trusted_count;
    return 0;
}

static bool is_trusted(const struct forwarded *f, const char *from)
{
    struct net address;

    if (!net_parse_address(from, &address))
        return false;
    for (size_t i = 0; i < f->count; i++)
        if (net_holds(&f->nets[i], &address))
            return true;
    return false;
}

/* The n-th entry from the end of `values`, which is cut up; NULL if there are
 * not so many. */
static char *from_the_end(char *values, uint64_t n)
{
    for (;;) {
        char *comma = strrchr(values, ',');

        if (n == 0)
            return text_trim(comma != NULL ? comma + 1 : values);
        if (comma == NULL)
            return NULL;
        *comma = '\0';
        n--;
    }
}

static int take(const struct forwarded *f, char *values, char *from,
                struct error *err)
{
    const char *entry = from_the_end(values, f->options->hop_skips);
    struct net address;

    if (entry == NULL)
        return error_set(err, ERR_INVALID,
                         "malformed x-forwarded-for configuration or request: "
                         "%llu hops to skip are more than the header has",
                         (unsigned long long)f->options->hop_skips);
    if (!net_parse_address(entry, &address))
        return error_set(err, ERR_INVALID,
                         "x-forwarded-for: the entry that counts is no "
                         "address");
    net_text(&address, from);
    return 0;
}

int forwarded_resolve(const struct forwarded *f, const char *values,
                      char from[FORWARDED_FROM_MAX], struct error *err)
{
    char *copy;
    int rc;

    if (f->count == 0)
        return 0;
    if (values == NULL && f->options->reject_absent)
        return error_set(err, ERR_INVALID,
                         "missing x-forwarded-for header and configured to "
                         "reject when not present");
    if (values == NULL)
        return 0;
    if (!is_trusted(f, from))
        return f->options->reject_untrusted
                   ? error_set(err, ERR_INVALID,
                               "client address not authorized for "
                               "x-forwarded-for and configured to reject "
                               "connection")
                   : 0;
    copy = text_dup(values);
    if (copy == NULL)
        return error_memory(err);
    rc = take(f, copy, from, err);
    free(copy);
    return rc;
}
