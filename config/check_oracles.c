/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows from the settings of the oracles. */
#include <string.h>
#include <unistd.h>

#include "config/check.h"
#include "config/schema.h"

static bool is_configured(const struct config_oracle_terraform *t)
{
    return t->dir != NULL || t->state_file != NULL;
}

/* A directory may be checked out later, and a state written: only a
 * warning. */
static void check_there(struct config_report *report, const char *setting,
                        const char *path)
{
    if (path == NULL)
        return;
    if (path[0] != '/')
        report_error(report, "oracles.terraform.%s: expected an absolute path",
                     setting);
    else if (access(path, R_OK) != 0)
        report_warning(report, "oracles.terraform.%s: cannot read %s", setting,
                       path);
}

/* Given variables win over those that Assay sets. */
void config_check_terraform_env(const struct config_pairs *env,
                                const char *path, struct config_report *report)
{
    for (size_t i = 0; i < env->count; i++)
        if (strcmp(env->items[i].name, "TF_DATA_DIR") == 0)
            report_error(report,
                         "%s.env.TF_DATA_DIR: each run has a directory of its "
                         "own, leave it out",
                         path);
}

void config_check_oracles(const struct config *config,
                          struct config_report *report)
{
    const struct config_oracle_terraform *t = &config->oracles.terraform;

    check_there(report, "dir", t->dir);
    check_there(report, "state_file", t->state_file);
    config_check_terraform_env(&t->env, "oracles.terraform", report);
    if (config->validation.oracle == CONFIG_ORACLE_TERRAFORM &&
        !is_configured(t))
        report_error(report, "oracles.terraform: set `dir`, or at least "
                             "`state_file`, for validation.oracle is "
                             "terraform");
    if (t->dir == NULL && (t->binary != NULL || t->vars.count > 0))
        report_warning(report, "oracles.terraform: nothing is run without "
                               "`dir`");
}
