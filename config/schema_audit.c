/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings, what is below `audit`. */
#include "config/schema.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const struct schema_field audit_fields[] = {
    {.name = "file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_audit, file)},
    {.name = "reserve",
     .type = SCHEMA_SIZE,
     .offset = offsetof(struct config_audit, reserve_bytes),
     .min = 0,
     .max = INT64_C(1) << 40,
     .preset = "8MiB"},
    {.name = "heads_every",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_audit, heads_ms),
     .min = 1000,
     .max = INT64_C(24) * 3600 * 1000,
     .preset = "5m"},
};
const struct schema_section schema_audit = {FIELDS(audit_fields),
                                            sizeof(struct config_audit)};
