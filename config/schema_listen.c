/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings, what is below `listen`. */
#include "config/schema.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])
#define LISTEN(member) offsetof(struct config_listen, member)

static const char *const tls_versions[] = {"tls12", "tls13", NULL};

/* Names as in Vault's listener, where it has them. */
static const struct schema_field listen_fields[] = {
    {.name = "address", .type = SCHEMA_TEXT, .offset = LISTEN(address)},
    {.name = "tls_cert_file",
     .type = SCHEMA_TEXT,
     .offset = LISTEN(tls_cert_file)},
    {.name = "tls_key_file",
     .type = SCHEMA_TEXT,
     .offset = LISTEN(tls_key_file)},
    {.name = "tls_min_version",
     .type = SCHEMA_CHOICE,
     .offset = LISTEN(tls_min_version),
     .choices = tls_versions,
     .preset = "tls12"},
    {.name = "tls_client_ca_file",
     .type = SCHEMA_TEXT,
     .offset = LISTEN(tls_client_ca_file)},
    {.name = "tls_require_client_cert",
     .type = SCHEMA_BOOL,
     .offset = LISTEN(tls_require_client_cert),
     .preset = "false"},
    {.name = "tls_disable",
     .type = SCHEMA_BOOL,
     .offset = LISTEN(tls_disable),
     .preset = "false"},
    {.name = "socket_mode", .type = SCHEMA_TEXT, .offset = LISTEN(socket_mode)},
    {.name = "socket_user", .type = SCHEMA_TEXT, .offset = LISTEN(socket_user)},
    {.name = "socket_group",
     .type = SCHEMA_TEXT,
     .offset = LISTEN(socket_group)},
    {.name = "x_forwarded_for_authorized_addrs",
     .type = SCHEMA_TEXTS,
     .offset = LISTEN(forwarded_addrs)},
    {.name = "x_forwarded_for_hop_skips",
     .type = SCHEMA_COUNT,
     .offset = LISTEN(forwarded_hop_skips),
     .min = 0,
     .max = 32,
     .preset = "0"},
    {.name = "x_forwarded_for_reject_not_authorized",
     .type = SCHEMA_BOOL,
     .offset = LISTEN(forwarded_reject_others),
     .preset = "true"},
    {.name = "x_forwarded_for_reject_not_present",
     .type = SCHEMA_BOOL,
     .offset = LISTEN(forwarded_reject_absent),
     .preset = "true"},
};
const struct schema_section schema_listen = {FIELDS(listen_fields),
                                             sizeof(struct config_listen)};
