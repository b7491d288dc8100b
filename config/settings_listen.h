/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of `listen` and `limits`, a part of config/settings.h. */
#ifndef ASSAY_CONFIG_SETTINGS_LISTEN_H
#define ASSAY_CONFIG_SETTINGS_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings_parts.h"

enum config_tls_version { CONFIG_TLS12 = 1, CONFIG_TLS13 };

/* Texts are NULL when not set. */
struct config_listen {
    char *address; /* host:port or unix:///path */
    char *tls_cert_file;
    char *tls_key_file;
    unsigned tls_min_version; /* enum config_tls_version */
    char *tls_client_ca_file;
    bool tls_require_client_cert;
    bool tls_disable;
    char *socket_mode;  /* octal */
    char *socket_user;  /* name or number */
    char *socket_group; /* the same */
    struct config_texts forwarded_addrs;
    uint64_t forwarded_hop_skips;
    bool forwarded_reject_others;
    bool forwarded_reject_absent;
};

struct config_limits {
    uint64_t connections; /* per address that is listened on */
    uint64_t connections_per_client;
    uint64_t long_polls;
    int64_t request_timeout_ms;
    int64_t idle_timeout_ms;
    int64_t send_timeout_ms;
    uint64_t requests_per_second; /* 0: no limit */
    uint64_t burst;
    uint64_t caller_requests_per_second; /* 0: no limit */
    uint64_t caller_burst;
};

#endif
