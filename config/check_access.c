/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be meant by `access`. */
#include "config/check_access.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/mount.h"
#include "config/schema.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum { TOKENS_MAX = 32, NAME_MAX_TEXT = 48 };

bool config_is_break_glass_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= NAME_MAX_TEXT &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-_.@") == len;
}

static bool is_sha256(const char *text)
{
    uint8_t digest[32];

    return text != NULL && strlen(text) == 64 &&
           text_unhex(text, digest, sizeof(digest)) &&
           strspn(text, "0123456789abcdef") == 64;
}

static void check_expiry(const struct config_break_glass *b, size_t i,
                         struct config_report *report)
{
    int64_t at = 0;

    if (b->expires == NULL || !text_rfc3339_ms(b->expires, &at))
        report_error(report,
                     "access.break_glass[%zu].expires: expected a day and "
                     "time, such as 2030-01-31T00:00:00Z",
                     i);
    else if (at <= clock_now_ms())
        report_warning(report,
                       "access.break_glass[%zu].expires: \"%s\" has expired", i,
                       b->name != NULL ? b->name : "");
    else if (at - clock_now_ms() > 400 * DAY_MS)
        report_warning(report,
                       "access.break_glass[%zu].expires: more than a year "
                       "away; a new token now and then is better",
                       i);
}

static void check_break_glass(const struct config_access *access,
                              struct config_report *report)
{
    if (access->break_glass_count > TOKENS_MAX)
        report_error(report, "access.break_glass: at most %d tokens",
                     TOKENS_MAX);
    for (size_t i = 0; i < access->break_glass_count; i++) {
        const struct config_break_glass *b = &access->break_glass[i];

        if (b->name == NULL || !config_is_break_glass_name(b->name))
            report_error(report,
                         "access.break_glass[%zu].name: expected 1 to %d "
                         "letters, digits, '-', '_', '.' and '@'",
                         i, NAME_MAX_TEXT);
        if (!is_sha256(b->sha256))
            report_error(report,
                         "access.break_glass[%zu].sha256: expected 64 "
                         "lower-case hex digits (`assay access new-token` "
                         "makes a token and this)",
                         i);
        if (b->rights.count == 0)
            report_error(report, "access.break_glass[%zu].rights: at least one",
                         i);
        check_expiry(b, i, report);
        for (size_t n = 0; n < i; n++)
            if (b->name != NULL && access->break_glass[n].name != NULL &&
                strcmp(b->name, access->break_glass[n].name) == 0)
                report_error(report,
                             "access.break_glass[%zu].name: %s is there "
                             "twice; two people are two names",
                             i, b->name);
    }
}

void config_check_access(struct config_access *access,
                         struct config_report *report)
{
    if (access->mount != NULL)
        config_trim_slashes(access->mount);
    if (access->mount == NULL || !config_mount_is_good(access->mount))
        report_error(report, "access.mount: expected a path of letters, "
                             "digits, '-' and '_', such as \"assay\"");
    if (access->namespace != NULL)
        config_trim_slashes(access->namespace);
    check_break_glass(access, report);
}
