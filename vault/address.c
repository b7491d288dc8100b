/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

static bool split_scheme(const char *url, const char **scheme,
                         const char **port, const char **rest)
{
    static const struct {
        const char *prefix, *scheme, *port;
    } known[] = {
        {"http://", "http", "80"},
        {"https://", "https", "443"},
    };
    char start[16] = "";

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t len = strlen(known[i].prefix);

        if (strlen(url) < len)
            continue;
        memcpy(start, url, len);
        start[len] = '\0';
        if (text_equal_nocase(start, known[i].prefix)) {
            *scheme = known[i].scheme;
            *port = known[i].port;
            *rest = url + len;
            return true;
        }
    }
    return false;
}

static void lower(char *s)
{
    for (; *s != '\0'; s++) {
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s - 'A' + 'a');
    }
}

bool address_normal(const char *url, char out[VAULT_ADDRESS_MAX])
{
    const char *scheme, *port, *rest;
    char host[VAULT_ADDRESS_MAX];
    char *colon, *bracket;
    size_t len;
    int n;

    out[0] = '\0';
    if (text_starts(url, "unix://"))
        return text_copy(out, VAULT_ADDRESS_MAX, url) || (out[0] = '\0');
    if (!split_scheme(url, &scheme, &port, &rest))
        return false;
    len = strcspn(rest, "/?#");
    if (len == 0 || len >= sizeof host || memchr(rest, '@', len) != NULL)
        return false;
    memcpy(host, rest, len);
    host[len] = '\0';
    lower(host);
    bracket = strchr(host, ']'); /* the colons of IPv6 end before it */
    colon = strrchr(bracket != NULL ? bracket : host, ':');
    if (colon != NULL) {
        *colon = '\0';
        if (colon[1] != '\0')
            port = colon + 1;
    }
    n = snprintf(out, VAULT_ADDRESS_MAX, "%s://%s:%s", scheme, host, port);
    if (n < 0 || n >= VAULT_ADDRESS_MAX) {
        out[0] = '\0';
        return false;
    }
    return true;
}

bool address_same(const char *a, const char *b)
{
    char x[VAULT_ADDRESS_MAX], y[VAULT_ADDRESS_MAX];

    return address_normal(a, x) && address_normal(b, y) && strcmp(x, y) == 0;
}

bool address_same_scheme(const char *a, const char *b)
{
    char x[VAULT_ADDRESS_MAX], y[VAULT_ADDRESS_MAX];
    size_t len;

    if (!address_normal(a, x) || !address_normal(b, y))
        return false;
    len = strcspn(x, ":");
    return len == strcspn(y, ":") && memcmp(x, y, len) == 0;
}

bool address_is_loopback(const char *address)
{
    const char *host = strstr(address, "://");
    char url[VAULT_ADDRESS_MAX], normal[VAULT_ADDRESS_MAX];
    struct in_addr v4;
    struct in6_addr v6;
    char *end;

    if (!text_copy(url, sizeof url, "http://") ||
        !text_copy(url + 7, sizeof url - 7, host == NULL ? address : host + 3))
        return false;
    if (text_starts(address, "unix://") || !address_normal(url, normal))
        return false;
    end = strrchr(normal, ':');
    *end = '\0';
    if (normal[7] == '[' && end[-1] == ']') {
        end[-1] = '\0';
        return inet_pton(AF_INET6, normal + 8, &v6) == 1 &&
               IN6_IS_ADDR_LOOPBACK(&v6);
    }
    if (strcmp(normal + 7, "localhost") == 0)
        return true;
    return inet_pton(AF_INET, normal + 7, &v4) == 1 &&
           ntohl(v4.s_addr) >> 24 == 127;
}

char *address_encode_path(const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~/";
    struct buf out;
    char *text;

    buf_init(&out, 3 * strlen(path) + 1);
    for (const char *p = path; *p != '\0'; p++) {
        if (strchr(plain, *p) != NULL)
            buf_char(&out, *p);
        else
            buf_printf(&out, "%%%02X", (unsigned)(unsigned char)*p);
    }
    text = buf_take(&out);
    buf_done(&out);
    return text;
}
