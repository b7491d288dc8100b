/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows from the settings of the listeners: a token must not travel in
 * the clear without somebody having said so, and nothing that is set may be
 * without effect. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/net.h"
#include "base/text.h"
#include "config/check.h"
#include "config/schema.h"

enum {
    HOST_MAX = 256,
    MODE_MAX = 0777,
    SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1,
};

static const char unix_scheme[] = "unix://";

/* The host of host:port, without brackets.  False if it is neither. */
static bool split_address(const char *address, char *host, uint64_t *port)
{
    const char *colon = strrchr(address, ':');
    size_t len = 0;

    if (colon == NULL || !text_u64(colon + 1, port) || *port > 65535)
        return false;
    len = (size_t)(colon - address);
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    } else if (memchr(address, ':', len) != NULL) {
        return false; /* an IPv6 address needs its brackets */
    }
    if (len == 0 || len >= HOST_MAX)
        return false;
    memcpy(host, address, len);
    host[len] = '\0';
    return true;
}

static bool host_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (strcmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool config_is_loopback(const char *address)
{
    char host[HOST_MAX];
    uint64_t port = 0;

    return split_address(address, host, &port) && host_is_loopback(host);
}

bool config_is_socket(const char *address)
{
    return text_starts(address, unix_scheme);
}

bool config_socket_mode(const char *text, unsigned *out)
{
    unsigned mode = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '7' || mode > MODE_MAX)
            return false;
        mode = mode * 8 + (unsigned)(*text - '0');
    }
    if (mode > MODE_MAX)
        return false;
    *out = mode;
    return true;
}

/* One listener, while it is judged. */
struct judged {
    const struct config_listen *l;
    size_t n;
    struct config_report *report;
};

static void check_address(const struct judged *j)
{
    const char *address = j->l->address;
    char host[HOST_MAX];
    uint64_t port = 0;

    if (config_is_socket(address)) {
        address += strlen(unix_scheme);
        if (*address != '/' || strlen(address) > SOCKET_PATH_MAX)
            report_error(j->report,
                         "listen[%zu].address: expected unix:// and an "
                         "absolute path of at most %d bytes",
                         j->n, SOCKET_PATH_MAX);
    } else if (!split_address(address, host, &port)) {
        report_error(j->report,
                     "listen[%zu].address: expected host:port, such as "
                     "127.0.0.1:8210 or [::1]:8210, or unix:///path",
                     j->n);
    } else if (!host_is_loopback(host) && j->l->tls_cert_file == NULL &&
               !j->l->tls_disable) {
        report_error(j->report,
                     "listen[%zu].address: %s can be reached from elsewhere, "
                     "and tokens would travel in the clear; set "
                     "tls_cert_file and tls_key_file, or listen on 127.0.0.1 "
                     "behind a proxy that speaks TLS, or say "
                     "\"tls_disable\": true",
                     j->n, address);
    }
}

/* Files may be written later (by an agent, say), hence only a warning. */
static void check_file(const struct judged *j, const char *setting,
                       const char *path, bool is_secret)
{
    struct stat st;

    if (path == NULL)
        return;
    if (access(path, R_OK) != 0)
        report_warning(j->report, "listen[%zu].%s: cannot read %s: %m", j->n,
                       setting, path);
    else if (is_secret && stat(path, &st) == 0 && (st.st_mode & S_IROTH) != 0)
        report_warning(j->report,
                       "listen[%zu].%s: everybody on this machine can read %s",
                       j->n, setting, path);
}

static void check_tls(const struct judged *j)
{
    const struct config_listen *l = j->l;
    const bool on = l->tls_cert_file != NULL || l->tls_key_file != NULL;

    if ((l->tls_cert_file == NULL) != (l->tls_key_file == NULL))
        report_error(j->report,
                     "listen[%zu]: tls_cert_file and tls_key_file go together",
                     j->n);
    if (on && l->tls_disable)
        report_error(j->report,
                     "listen[%zu].tls_disable: true, and there is a "
                     "tls_cert_file: which one is meant?",
                     j->n);
    if (on && config_is_socket(l->address))
        report_error(j->report,
                     "listen[%zu].tls_cert_file: there is no TLS on a unix "
                     "socket",
                     j->n);
    if (!on && l->tls_client_ca_file != NULL)
        report_error(j->report,
                     "listen[%zu].tls_client_ca_file: needs tls_cert_file",
                     j->n);
    if (!on && l->tls_min_version == CONFIG_TLS13)
        report_error(j->report,
                     "listen[%zu].tls_min_version: needs tls_cert_file", j->n);
    if (l->tls_require_client_cert && l->tls_client_ca_file == NULL)
        report_error(j->report,
                     "listen[%zu].tls_require_client_cert: needs "
                     "tls_client_ca_file",
                     j->n);
    check_file(j, "tls_cert_file", l->tls_cert_file, false);
    check_file(j, "tls_key_file", l->tls_key_file, true);
    check_file(j, "tls_client_ca_file", l->tls_client_ca_file, false);
}

static void check_socket(const struct judged *j)
{
    const struct config_listen *l = j->l;
    unsigned mode = 0;

    if (!config_is_socket(l->address) &&
        (l->socket_mode != NULL || l->socket_user != NULL ||
         l->socket_group != NULL))
        report_error(j->report,
                     "listen[%zu]: socket_mode, socket_user and socket_group "
                     "are for unix:///path",
                     j->n);
    if (l->socket_mode != NULL && !config_socket_mode(l->socket_mode, &mode))
        report_error(j->report,
                     "listen[%zu].socket_mode: expected octal digits, such as "
                     "\"0660\"",
                     j->n);
}

static void check_forwarded(const struct judged *j)
{
    const struct config_texts *addrs = &j->l->forwarded_addrs;
    struct net net;

    for (size_t i = 0; i < addrs->count; i++)
        if (!net_parse(addrs->items[i], &net))
            report_error(j->report,
                         "listen[%zu].x_forwarded_for_authorized_addrs[%zu]: "
                         "expected an address or a network, such as "
                         "10.0.0.0/8",
                         j->n, i);
    if (addrs->count > 64)
        report_error(j->report,
                     "listen[%zu].x_forwarded_for_authorized_addrs: at most 64",
                     j->n);
    if (addrs->count > 0 && config_is_socket(j->l->address))
        report_error(j->report,
                     "listen[%zu].x_forwarded_for_authorized_addrs: whoever "
                     "connects to a unix socket has no address",
                     j->n);
    if (addrs->count == 0 && j->l->forwarded_hop_skips > 0)
        report_error(j->report,
                     "listen[%zu].x_forwarded_for_hop_skips: needs "
                     "x_forwarded_for_authorized_addrs",
                     j->n);
}

void config_check_listen(struct config *config, struct config_report *report)
{
    const struct config_limits *limits = &config->limits;

    if (config->listen_count == 0 &&
        config_set_listen(config, "127.0.0.1:8210") != 0)
        report_error(report, "listen: out of memory");
    if (config->listen_count > 8)
        report_error(report, "listen: at most 8 addresses");
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct judged j = {&config->listen[i], i, report};

        if (j.l->address == NULL) {
            report_error(report, "listen[%zu].address: missing", i);
            continue;
        }
        check_address(&j);
        check_tls(&j);
        check_socket(&j);
        check_forwarded(&j);
    }
    if (limits->connections_per_client > limits->connections)
        report_warning(report, "limits.connections_per_client: more than "
                               "limits.connections, one client can take all");
}
