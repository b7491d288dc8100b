/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings_oracles.h"

#include <stdlib.h>

#include "cli/settings.h"

int settings_oracles_init(const struct config *config,
                          struct settings_oracles *out, struct error *err)
{
    const struct config_oracle_terraform *t = &config->oracles.terraform;

    *out = (struct settings_oracles){.terraform = {
                                         .dir = t->dir,
                                         .binary = t->binary,
                                         .state_file = t->state_file,
                                     }};
    out->env = settings_pairs(&t->env, &out->terraform.env);
    out->vars = settings_pairs(&t->vars, &out->terraform.vars);
    return out->env == NULL || out->vars == NULL ? error_memory(err) : 0;
}

const struct tfsettings *
settings_oracles_terraform(const struct settings_oracles *o)
{
    return o->terraform.dir != NULL || o->terraform.state_file != NULL
               ? &o->terraform
               : NULL;
}

void settings_oracles_done(struct settings_oracles *o)
{
    free(o->env);
    free(o->vars);
}
