/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings, what is below `transient`. */
#include "config/schema.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])
#define HOUR_MS (INT64_C(3600) * 1000)

static const char *const drivers[] = {"process", "terraform", "command",
                                      "existing", NULL};
static const char *const isolations[] = {"required", "off", NULL};

/* The sections within are unnamed structs. */
#define TRANSIENT(member) offsetof(struct config_transient, member)
#define WITHIN(section, member) (TRANSIENT(section.member) - TRANSIENT(section))
#define SIZE_OF(section) sizeof(((struct config_transient *)NULL)->section)

static const struct schema_field terraform_fields[] = {
    {.name = "dir", .type = SCHEMA_TEXT, .offset = WITHIN(terraform, dir)},
    {.name = "binary",
     .type = SCHEMA_TEXT,
     .offset = WITHIN(terraform, binary)},
    {.name = "vars", .type = SCHEMA_PAIRS, .offset = WITHIN(terraform, vars)},
    {.name = "env", .type = SCHEMA_PAIRS, .offset = WITHIN(terraform, env)},
    {.name = "timeout",
     .type = SCHEMA_DURATION,
     .offset = WITHIN(terraform, timeout_ms),
     .min = 1000,
     .max = 24 * HOUR_MS,
     .preset = "30m"},
};
static const struct schema_section terraform = {FIELDS(terraform_fields),
                                                SIZE_OF(terraform)};

static const struct schema_field command_fields[] = {
    {.name = "up", .type = SCHEMA_TEXTS, .offset = WITHIN(command, up)},
    {.name = "down", .type = SCHEMA_TEXTS, .offset = WITHIN(command, down)},
    {.name = "status", .type = SCHEMA_TEXTS, .offset = WITHIN(command, status)},
    {.name = "egress_probe",
     .type = SCHEMA_TEXTS,
     .offset = WITHIN(command, egress_probe)},
    {.name = "timeout",
     .type = SCHEMA_DURATION,
     .offset = WITHIN(command, timeout_ms),
     .min = 1000,
     .max = 24 * HOUR_MS,
     .preset = "10m"},
};
static const struct schema_section command = {FIELDS(command_fields),
                                              SIZE_OF(command)};

static const struct schema_field existing_fields[] = {
    {.name = "address",
     .type = SCHEMA_TEXT,
     .offset = WITHIN(existing, address)},
    {.name = "ca_cert_file",
     .type = SCHEMA_TEXT,
     .offset = WITHIN(existing, ca_cert_file)},
    {.name = "token_file",
     .type = SCHEMA_TEXT,
     .offset = WITHIN(existing, token_file)},
    {.name = "key_files",
     .type = SCHEMA_TEXTS,
     .offset = WITHIN(existing, key_files)},
};
static const struct schema_section existing = {FIELDS(existing_fields),
                                               SIZE_OF(existing)};

static const struct schema_field transient_fields[] = {
    {.name = "driver",
     .type = SCHEMA_CHOICE,
     .offset = TRANSIENT(driver),
     .choices = drivers,
     .preset = "process"},
    {.name = "server", .type = SCHEMA_TEXT, .offset = TRANSIENT(server)},
    {.name = "isolation",
     .type = SCHEMA_CHOICE,
     .offset = TRANSIENT(isolation),
     .choices = isolations,
     .preset = "required"},
    {.name = "egress_blocked",
     .type = SCHEMA_BOOL,
     .offset = TRANSIENT(egress_blocked),
     .preset = "false"},
    {.name = "auth",
     .type = SCHEMA_OBJECT,
     .offset = TRANSIENT(auth),
     .section = &schema_auth},
    {.name = "allow_generate_root",
     .type = SCHEMA_BOOL,
     .offset = TRANSIENT(allow_generate_root),
     .preset = "false"},
    {.name = "terraform",
     .type = SCHEMA_OBJECT,
     .offset = TRANSIENT(terraform),
     .section = &terraform},
    {.name = "command",
     .type = SCHEMA_OBJECT,
     .offset = TRANSIENT(command),
     .section = &command},
    {.name = "existing",
     .type = SCHEMA_OBJECT,
     .offset = TRANSIENT(existing),
     .section = &existing},
};
const struct schema_section schema_transient = {
    FIELDS(transient_fields), sizeof(struct config_transient)};
