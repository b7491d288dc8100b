/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings, what is below `oracles`. */
#include "config/schema.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const struct schema_field terraform_fields[] = {
    {.name = "dir",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_oracle_terraform, dir)},
    {.name = "binary",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_oracle_terraform, binary)},
    {.name = "state_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_oracle_terraform, state_file)},
    {.name = "vars",
     .type = SCHEMA_PAIRS,
     .offset = offsetof(struct config_oracle_terraform, vars)},
    {.name = "env",
     .type = SCHEMA_PAIRS,
     .offset = offsetof(struct config_oracle_terraform, env)},
};
static const struct schema_section terraform = {
    FIELDS(terraform_fields), sizeof(struct config_oracle_terraform)};

static const struct schema_field oracle_fields[] = {
    {.name = "terraform",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config_oracles, terraform),
     .section = &terraform},
};
const struct schema_section schema_oracles = {FIELDS(oracle_fields),
                                              sizeof(struct config_oracles)};
