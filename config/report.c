/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "config/schema.h"

static void report_add(struct config_report *r, bool warning, const char *fmt,
                       va_list ap) __attribute__((format(printf, 3, 0)));

static void report_add(struct config_report *r, bool warning, const char *fmt,
                       va_list ap)
{
    struct config_problem *p = NULL;

    if (warning)
        r->warnings++;
    else
        r->errors++;
    if (r->kept == CONFIG_PROBLEMS_MAX)
        return;
    p = &r->items[r->kept++];
    p->warning = warning;
    (void)vsnprintf(p->text, sizeof(p->text), fmt, ap);
}

void report_error(struct config_report *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report_add(r, false, fmt, ap);
    va_end(ap);
}

void report_warning(struct config_report *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report_add(r, true, fmt, ap);
    va_end(ap);
}
