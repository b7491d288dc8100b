/* SPDX-License-Identifier: Apache-2.0
 *
 * What is below `transient`, judged. */
#include <unistd.h>

#include "config/schema.h"

static bool uses_other_drivers(const struct config_transient *t)
{
    return t->terraform.dir != NULL || t->command.up.count > 0 ||
           t->existing.address != NULL;
}

/* The chosen one must be there; those that a request may choose as well. */
static void check_drivers(const struct config_transient *t,
                          struct config_report *report)
{
    unsigned driver = t->driver;

    if (driver == CONFIG_DRIVER_TERRAFORM && t->terraform.dir == NULL)
        report_error(report, "transient.terraform.dir: missing, and the "
                             "driver is \"terraform\"");
    if (driver == CONFIG_DRIVER_COMMAND && t->command.up.count == 0)
        report_error(report, "transient.command.up: missing, and the driver "
                             "is \"command\"");
    if (driver == CONFIG_DRIVER_EXISTING && t->existing.address == NULL)
        report_error(report, "transient.existing.address: missing, and the "
                             "driver is \"existing\"");
    if (t->command.up.count > 0 && t->command.down.count == 0)
        report_error(report, "transient.command.down: missing; what is raised "
                             "must be destroyed");
    if (t->existing.address != NULL && t->existing.token_file == NULL)
        report_error(report, "transient.existing.token_file: missing");
    if (uses_other_drivers(t) && !t->egress_blocked)
        report_warning(report,
                       "transient.egress_blocked: not asserted: validations "
                       "with the drivers terraform, command and existing end "
                       "inconclusive, because a restored copy acts on "
                       "production systems that it can reach");
}

/* Nothing else is looked at here: the file may come later. */
static void check_files(const struct config_transient *t,
                        struct config_report *report)
{
    const char *dir = t->terraform.dir;
    const char *token = t->existing.token_file;

    if (dir != NULL && access(dir, R_OK | X_OK) != 0)
        report_warning(report, "transient.terraform.dir: cannot read %s: %m",
                       dir);
    if (token != NULL && access(token, R_OK) != 0)
        report_warning(report,
                       "transient.existing.token_file: cannot read "
                       "%s: %m",
                       token);
}

void config_check_transient(struct config_transient *t, const char *const *env,
                            struct config_report *report)
{
    if (t->isolation == CONFIG_ISOLATION_OFF)
        report_warning(report,
                       "transient.isolation: off: a transient server holds "
                       "production secrets and can reach what they open");
    if (t->allow_generate_root)
        report_warning(report,
                       "transient.allow_generate_root: where the login to a "
                       "restored copy fails, a root token is made in it");
    config_check_auth(&t->auth, "transient.auth", env, report);
    check_drivers(t, report);
    check_files(t, report);
}
