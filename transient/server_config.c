/* SPDX-License-Identifier: Apache-2.0
 *
 * Why each line is there:
 *
 * - performance_multiplier: at its default, a single node waits 5 to 10 s for
 *   its first election.
 * - the TCP listener: without it, unsealing fails with "cluster addresses not
 *   found".  Nobody outside the network namespace can reach it but through
 *   forward.c.
 * - the unix listener, where there is no such namespace: on TCP, another
 *   process of the machine could be quicker to listen, and be sent key shares.
 * - http_read_timeout, default_max_request_duration: an upload must arrive
 *   within them, by default 30 and 90 s.
 * - disable_mlock: there is no right to lock memory in there; OpenBao dropped
 *   the setting and warns about it. */
#include "transient/server_config.h"

#include <string.h>

static const char generate_root[] =
    "  disable_unauthed_generate_root_endpoints = false\n";
static const char listener_limits[] = "  http_read_timeout = \"24h\"\n";

static void write_listeners(const struct server_config *c, struct buf *out)
{
    bool asks = c->generate_root && strcmp(c->product, "openbao") == 0;

    if (c->own_socket)
        buf_printf(out,
                   "listener \"unix\" {\n"
                   "  address = \"%s/" SERVER_SOCKET "\"\n"
                   "%s%s"
                   "}\n",
                   c->dir, listener_limits, asks ? generate_root : "");
    buf_printf(out,
               "listener \"tcp\" {\n"
               "  address = \"127.0.0.1:%u\"\n"
               "  cluster_address = \"127.0.0.1:%u\"\n"
               "  tls_disable = true\n"
               "%s%s"
               "}\n",
               c->api_port, c->cluster_port, listener_limits,
               asks && !c->own_socket ? generate_root : "");
}

int server_config_write(const struct server_config *c, struct buf *out,
                        struct error *err)
{
    const char *p;

    for (p = c->dir; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\' || *p == '$' || *p == '%' ||
            (unsigned char)*p < 0x20)
            return error_set(err, ERR_INVALID,
                             "the directory %s cannot be written into a "
                             "server's configuration",
                             c->dir);
    }
    buf_printf(out,
               "storage \"raft\" {\n"
               "  path = \"%s/" SERVER_RAFT "\"\n"
               "  node_id = \"transient\"\n"
               "  performance_multiplier = 1\n"
               "}\n",
               c->dir);
    write_listeners(c, out);
    buf_printf(out,
               "api_addr = \"http://127.0.0.1:%u\"\n"
               "cluster_addr = \"https://127.0.0.1:%u\"\n"
               "default_max_request_duration = \"24h\"\n"
               "log_level = \"info\"\n",
               c->api_port, c->cluster_port);
    if (c->raw_storage)
        buf_str(out, "raw_storage_endpoint = true\n");
    if (strcmp(c->product, "vault") == 0)
        buf_str(out, "disable_mlock = true\n");
    return buf_check(out, "a server configuration", err);
}
