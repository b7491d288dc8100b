/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings, what is below `transient`. */
#include "config/schema.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])
#define HOUR_MS (INT64_C(3600) * 1000)

static const char *const drivers[] = {"process", "terraform", "command",
                                      "existing", NULL};
static const char *const isolations[] = {"required", "off", NULL};

static const struct schema_field terraform_fields[] = {
    {.name = "dir",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_terraform, dir)},
    {.name = "binary",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_terraform, binary)},
    {.name = "vars",
     .type = SCHEMA_PAIRS,
     .offset = offsetof(struct config_terraform, vars)},
    {.name = "env",
     .type = SCHEMA_PAIRS,
     .offset = offsetof(struct config_terraform, env)},
    {.name = "timeout",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_terraform, timeout_ms),
     .min = 1000,
     .max = 24 * HOUR_MS,
     .preset = "30m"},
};
static const struct schema_section terraform = {
    FIELDS(terraform_fields), sizeof(struct config_terraform)};

static const struct schema_field command_fields[] = {
    {.name = "up",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_command, up)},
    {.name = "down",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_command, down)},
    {.name = "status",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_command, status)},
    {.name = "egress_probe",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_command, egress_probe)},
    {.name = "timeout",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_command, timeout_ms),
     .min = 1000,
     .max = 24 * HOUR_MS,
     .preset = "10m"},
};
static const struct schema_section command = {FIELDS(command_fields),
                                              sizeof(struct config_command)};

static const struct schema_field existing_fields[] = {
    {.name = "address",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_existing, address)},
    {.name = "ca_cert_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_existing, ca_cert_file)},
    {.name = "token_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_existing, token_file)},
    {.name = "key_files",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_existing, key_files)},
};
static const struct schema_section existing = {FIELDS(existing_fields),
                                               sizeof(struct config_existing)};

static const struct schema_field transient_fields[] = {
    {.name = "driver",
     .type = SCHEMA_CHOICE,
     .offset = offsetof(struct config_transient, driver),
     .choices = drivers,
     .preset = "process"},
    {.name = "server",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_transient, server)},
    {.name = "isolation",
     .type = SCHEMA_CHOICE,
     .offset = offsetof(struct config_transient, isolation),
     .choices = isolations,
     .preset = "required"},
    {.name = "seal_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_transient, seal_file)},
    {.name = "seal_files",
     .type = SCHEMA_TEXTS,
     .offset = offsetof(struct config_transient, seal_files)},
    {.name = "seal_endpoint",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_transient, seal_endpoint)},
    {.name = "audit_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_transient, audit_file)},
    {.name = "license_file",
     .type = SCHEMA_TEXT,
     .offset = offsetof(struct config_transient, license_file)},
    {.name = "memory_limit",
     .type = SCHEMA_SIZE,
     .offset = offsetof(struct config_transient, memory_limit),
     .min = 0,
     .max = INT64_MAX},
    {.name = "time_limit",
     .type = SCHEMA_DURATION,
     .offset = offsetof(struct config_transient, time_limit_ms),
     .min = 60 * 1000,
     .max = 7 * 24 * HOUR_MS,
     .preset = "1h"},
    {.name = "egress_blocked",
     .type = SCHEMA_BOOL,
     .offset = offsetof(struct config_transient, egress_blocked),
     .preset = "false"},
    {.name = "auth",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config_transient, auth),
     .section = &schema_auth},
    {.name = "allow_generate_root",
     .type = SCHEMA_BOOL,
     .offset = offsetof(struct config_transient, allow_generate_root),
     .preset = "false"},
    {.name = "terraform",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config_transient, terraform),
     .section = &terraform},
    {.name = "command",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config_transient, command),
     .section = &command},
    {.name = "existing",
     .type = SCHEMA_OBJECT,
     .offset = offsetof(struct config_transient, existing),
     .section = &existing},
};
const struct schema_section schema_transient = {
    FIELDS(transient_fields), sizeof(struct config_transient)};
