/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings, what is below `hardening`. */
#include "config/schema.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const char *const confine[] = {"auto", "off", "required", NULL};

static const struct schema_field hardening_fields[] = {
    {.name = "seccomp",
     .type = SCHEMA_CHOICE,
     .offset = offsetof(struct config_hardening, seccomp),
     .choices = confine,
     .preset = "auto"},
    {.name = "landlock",
     .type = SCHEMA_CHOICE,
     .offset = offsetof(struct config_hardening, landlock),
     .choices = confine,
     .preset = "auto"},
    {.name = "write_paths",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_hardening, write_paths)},
};
const struct schema_section schema_hardening = {
    FIELDS(hardening_fields), sizeof(struct config_hardening)};
