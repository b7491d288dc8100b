/* SPDX-License-Identifier: Apache-2.0
 *
 * The client: what is the same for every request to one address, and the
 * connections that are kept. */
#include "http/http.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "http/internal.h"

enum {
    CONNECT_TIMEOUT_MS = 10 * 1000,
    STALL_TIMEOUT_MS = 60 * 1000,
    IDLE_DEFAULT = 4,
    IDLE_MAX = 64,
};

/* Invariants under `lock`: idle[0 … idle_count) are handles that nobody
 * uses, idle_count <= max_idle.  All other fields never change. */
struct http_client {
    char *address;
    char *base;                    /* what URLs begin with */
    char *socket_path;             /* unix:// only */
    struct curl_slist *connect_to; /* both with tls.server_name only */
    char *host_header;
    char *ca_file, *ca_dir, *cert_file, *key_file;
    char *proxy;
    bool skip_verify;
    int64_t connect_timeout_ms, stall_timeout_ms;
    pthread_mutex_t lock;
    unsigned idle_count, max_idle;
    CURL *idle[IDLE_MAX];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_result = CURLE_FAILED_INIT;

/* A peer that goes away while TLS writes to it would otherwise end the
 * process; libcurl cannot guard against that in a program with threads. */
static void init_once(void)
{
    struct sigaction now;

    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        (void)signal(SIGPIPE, SIG_IGN);
    /* Tokens and secrets pass through its buffers. */
    global_result =
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, secret_heap_free,
                             secret_heap_realloc, strdup, calloc);
}

static int dup_into(char **dst, const char *src, struct error *err)
{
    if (src == NULL || src[0] == '\0')
        return 0;
    *dst = text_dup(src);
    return *dst != NULL ? 0 : error_memory(err);
}

static int dup_readable(char **dst, const char *path, const char *what,
                        struct error *err)
{
    if (dup_into(dst, path, err) != 0)
        return -1;
    if (*dst != NULL && access(*dst, R_OK) != 0)
        return error_errno(err, ERR_INVALID, "%s %s", what, *dst);
    return 0;
}

static int use_socket(struct http_client *c, struct error *err)
{
    const char *path = c->address + strlen("unix://");

    if (path[0] != '/')
        return error_set(err, ERR_INVALID,
                         "address %s: a socket is named by an absolute path",
                         c->address);
    c->socket_path = text_dup(path);
    c->base = text_dup("http://localhost");
    return c->socket_path != NULL && c->base != NULL ? 0 : error_memory(err);
}

/* libcurl takes the name to verify from the URL, so the URL gets that name
 * and CONNECT_TO the real host, which the Host header goes on naming. */
static int use_server_name(struct http_client *c, const char *name,
                           const char *host, const char *port,
                           struct error *err)
{
    char *target = text_format("::%s:%s", host, port);

    free(c->base);
    c->base = text_format("https://%s:%s", name, port);
    c->host_header = text_format("Host: %s:%s", host, port);
    if (target != NULL)
        c->connect_to = curl_slist_append(NULL, target);
    free(target);
    if (c->base == NULL || c->connect_to == NULL || c->host_header == NULL)
        return error_memory(err);
    return 0;
}

/* Whether the URL has a part that an address has no business having. */
static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

static int check_url(struct http_client *c, CURLU *url, struct error *err)
{
    if (!text_starts(c->address, "http://") &&
        !text_starts(c->address, "https://"))
        return error_set(err, ERR_INVALID,
                         "address %s: it begins with http://, https:// or "
                         "unix://",
                         c->address);
    if (curl_url_set(url, CURLUPART_URL, c->address, CURLU_PATH_AS_IS) !=
        CURLUE_OK)
        return error_set(err, ERR_INVALID, "address %s is not a URL",
                         c->address);
    if (has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
        return error_set(err, ERR_INVALID,
                         "address %s: it may not have a query or fragment",
                         c->address);
    return 0;
}

static int use_url(struct http_client *c, const char *server_name,
                   struct error *err)
{
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL;
    int rc = -1;

    if (url == NULL) {
        (void)error_memory(err);
        goto done;
    }
    if (check_url(c, url, err) != 0)
        goto done;
    if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
            CURLUE_OK) {
        (void)error_set(err, ERR_INVALID, "address %s has no host", c->address);
        goto done;
    }
    if (dup_into(&c->base, c->address, err) != 0)
        goto done;
    if (server_name != NULL && server_name[0] != '\0' &&
        text_starts(c->address, "https://") &&
        use_server_name(c, server_name, host, port, err) != 0)
        goto done;
    rc = 0;
done:
    curl_free(port);
    curl_free(host);
    curl_url_cleanup(url);
    return rc;
}

static int use_address(struct http_client *c, const struct http_options *o,
                       struct error *err)
{
    size_t len;

    if (o->address == NULL || o->address[0] == '\0')
        return error_set(err, ERR_INVALID, "no address");
    if (!text_is_token(o->address))
        return error_set(err, ERR_INVALID, "the address is not a URL");
    /* Before anything that would print it. */
    if (strchr(o->address, '@') != NULL)
        return error_set(err, ERR_INVALID,
                         "an address may not carry a user or a password");
    c->address = text_dup(o->address);
    if (c->address == NULL)
        return error_memory(err);
    len = strlen(c->address);
    while (len > 0 && c->address[len - 1] == '/')
        c->address[--len] = '\0';
    if (text_starts(c->address, "unix://"))
        return use_socket(c, err);
    return use_url(c, o->tls.server_name, err);
}

static int use_tls(struct http_client *c, const struct http_tls *tls,
                   struct error *err)
{
    if (dup_readable(&c->ca_file, tls->ca_file, "CA file", err) != 0 ||
        dup_readable(&c->ca_dir, tls->ca_dir, "CA directory", err) != 0 ||
        dup_readable(&c->cert_file, tls->cert_file, "client certificate",
                     err) != 0 ||
        dup_readable(&c->key_file, tls->key_file, "client key", err) != 0)
        return -1;
    if ((c->cert_file == NULL) != (c->key_file == NULL))
        return error_set(err, ERR_INVALID,
                         "a client certificate and its key go together: "
                         "only one of them is given");
    c->skip_verify = tls->skip_verify;
    return 0;
}

int http_client_new(const struct http_options *o, struct http_client **out,
                    struct error *err)
{
    struct http_client *c;
    int rc = -1;

    assert(o != NULL && out != NULL);
    (void)pthread_once(&once, init_once);
    if (global_result != CURLE_OK)
        return error_set(err, ERR_INTERNAL, "libcurl does not start: %s",
                         curl_easy_strerror(global_result));
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_memory(err);
    (void)pthread_mutex_init(&c->lock, NULL);
    if (use_address(c, o, err) != 0 || use_tls(c, &o->tls, err) != 0 ||
        dup_into(&c->proxy, o->proxy, err) != 0)
        goto done;
    c->connect_timeout_ms =
        o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    c->stall_timeout_ms =
        o->stall_timeout_ms > 0 ? o->stall_timeout_ms : STALL_TIMEOUT_MS;
    c->max_idle = o->max_idle > 0 ? o->max_idle : IDLE_DEFAULT;
    if (c->max_idle > IDLE_MAX)
        c->max_idle = IDLE_MAX;
    *out = c;
    rc = 0;
done:
    if (rc != 0)
        http_client_free(c);
    return rc;
}

void http_client_free(struct http_client *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < c->idle_count; i++)
        curl_easy_cleanup(c->idle[i]);
    (void)pthread_mutex_destroy(&c->lock);
    free(c->proxy);
    free(c->key_file);
    free(c->cert_file);
    free(c->ca_dir);
    free(c->ca_file);
    free(c->host_header);
    curl_slist_free_all(c->connect_to);
    free(c->socket_path);
    free(c->base);
    free(c->address);
    free(c);
}

const char *http_client_address(const struct http_client *c)
{
    return c->address;
}

char *http_url(const struct http_client *c, const char *path, const char *query)
{
    if (query == NULL || query[0] == '\0')
        return text_format("%s%s", c->base, path);
    return text_format("%s%s?%s", c->base, path, query);
}

const char *http_host_header(const struct http_client *c)
{
    return c->host_header;
}

int64_t http_stall_ms(const struct http_client *c)
{
    return c->stall_timeout_ms;
}

static void set_tls(const struct http_client *c, CURL *curl)
{
    /* One given place replaces the system's certificates, all of them. */
    if (c->ca_file != NULL || c->ca_dir != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, c->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, c->ca_dir);
    }
    if (c->cert_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_SSLCERT, c->cert_file);
        curl_easy_setopt(curl, CURLOPT_SSLKEY, c->key_file);
    }
    if (c->skip_verify) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

CURL *http_borrow(struct http_client *c)
{
    CURL *curl = NULL;

    (void)pthread_mutex_lock(&c->lock);
    if (c->idle_count > 0)
        curl = c->idle[--c->idle_count];
    (void)pthread_mutex_unlock(&c->lock);
    if (curl == NULL)
        curl = curl_easy_init();
    if (curl == NULL)
        return NULL;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "assay/" ASSAY_VERSION);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 64 * 1024L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)c->connect_timeout_ms);
    /* "" and not NULL: NULL would let the environment choose. */
    curl_easy_setopt(curl, CURLOPT_PROXY,
                     c->proxy != NULL && c->socket_path == NULL ? c->proxy
                                                                : "");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
    if (c->socket_path != NULL)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, c->socket_path);
    if (c->connect_to != NULL)
        curl_easy_setopt(curl, CURLOPT_CONNECT_TO, c->connect_to);
    set_tls(c, curl);
    return curl;
}

void http_give_back(struct http_client *c, CURL *curl)
{
    /* Keeps the connection and forgets all that it was told. */
    curl_easy_reset(curl);
    (void)pthread_mutex_lock(&c->lock);
    if (c->idle_count < c->max_idle) {
        c->idle[c->idle_count++] = curl;
        curl = NULL;
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (curl != NULL)
        curl_easy_cleanup(curl);
}
