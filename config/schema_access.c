/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings, what is below `access`. */
#include "config/schema.h"

#include <assert.h>

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const char *const rights[] = {"read", "operate", "approve", "restore",
                                     NULL};

static const struct schema_field break_glass_fields[] = {
    {.name = "name",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_break_glass, name)},
    {.name = "sha256",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_break_glass, sha256)},
    {.name = "rights",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_break_glass, rights),
     .choices = rights,
     .preset = "read"},
    {.name = "expires",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_break_glass, expires)},
};
static const struct schema_section break_glass = {
    FIELDS(break_glass_fields), sizeof(struct config_break_glass)};

static const struct schema_field access_fields[] = {
    {.name = "mount",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_access, mount),
     .preset = "assay"},
    {.name = "namespace",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_access, namespace)},
    {.name = "cache_ttl",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_access, cache_ttl_ms),
     .min = 0,
     .max = 60 * 1000,
     .preset = "5s"},
    {.name = "allow_root",
     .type = SCHEMA_BOOL,
     .offset = offsetof(struct config_access, allow_root),
     .preset = "false"},
    {.name = "break_glass",
     .type = SCHEMA_ARRAY,
     .offset = offsetof(struct config_access, break_glass),
     .section = &break_glass},
};
const struct schema_section schema_access = {FIELDS(access_fields),
                                             sizeof(struct config_access)};

/* schema_element and its kin rely on it. */
static_assert(offsetof(struct config_access, break_glass_count) ==
                  offsetof(struct config_access, break_glass) + sizeof(void *),
              "a count follows its pointer");
