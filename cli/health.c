/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/flags.h"
#include "http/http.h"

enum { TIMEOUT_MS = 4000 };

char *health_url(const char *listen)
{
    size_t len = strcspn(listen, ",");
    char *first = NULL;
    const char *port = NULL;
    char *url = NULL;

    if (text_starts(listen, "http://") || text_starts(listen, "https://"))
        return text_dup(listen);
    if (text_starts(listen, "unix://"))
        return text_dup_len(listen, len);
    first = text_dup_len(listen, len);
    if (first == NULL)
        return NULL;
    port = strrchr(first, ':');
    if (port != NULL && text_starts(first, "0.0.0.0:"))
        url = text_format("http://127.0.0.1%s", port);
    else if (port != NULL && text_starts(first, "[::]:"))
        url = text_format("http://[::1]%s", port);
    else
        url = text_format("http://%s", first);
    free(first);
    return url;
}

static int ask(const char *url, const struct http_tls *tls, const char *path,
               struct error *err)
{
    const struct http_options options = {
        .address = url, .tls = *tls, .connect_timeout_ms = TIMEOUT_MS};
    const struct http_request request = {
        .method = "GET", .path = path, .timeout_ms = TIMEOUT_MS};
    struct http_client *client = NULL;
    struct http_response response;
    int rc = -1;

    http_response_init(&response);
    if (http_client_new(&options, &client, err) != 0 ||
        http_call(client, &request, &response, err) != 0)
        goto done;
    if (response.status != 200) {
        (void)error_set(err, ERR_UNAVAILABLE, "%s%s answered %d", url, path,
                        response.status);
        goto done;
    }
    rc = 0;
done:
    http_response_done(&response);
    http_client_free(client);
    return rc;
}

/* NULL for one that is empty, too. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

static const char *default_address(void)
{
    const char *address = variable("ASSAY_ADDRESS");

    if (address == NULL)
        address = variable("ASSAY_LISTEN");
    return address != NULL ? address : "127.0.0.1:8210";
}

/* Named as the variables and the flags of the vault program are. */
static int default_tls(struct http_tls *tls)
{
    const char *skip = variable("ASSAY_SKIP_VERIFY");

    *tls = (struct http_tls){
        .ca_file = variable("ASSAY_CACERT"),
        .ca_dir = variable("ASSAY_CAPATH"),
        .cert_file = variable("ASSAY_CLIENT_CERT"),
        .key_file = variable("ASSAY_CLIENT_KEY"),
        .server_name = variable("ASSAY_TLS_SERVER_NAME"),
    };
    if (skip == NULL || text_bool(skip, &tls->skip_verify))
        return 0;
    fprintf(stderr, "ASSAY_SKIP_VERIFY: expected true or false\n");
    return -1;
}

int cli_health(int argc, char **argv)
{
    const char *address = default_address();
    struct http_tls tls;
    bool live = false;
    const struct flag flags[] = {
        {"address", FLAG_TEXT, &address, "ADDR",
         "host:port, URL or unix:///path; $ASSAY_ADDRESS, $ASSAY_LISTEN or "
         "127.0.0.1:8210"},
        {"ca-cert", FLAG_TEXT, &tls.ca_file, "FILE",
         "whom to trust with https; $ASSAY_CACERT"},
        {"ca-path", FLAG_TEXT, &tls.ca_dir, "DIR",
         "the same, a directory; $ASSAY_CAPATH"},
        {"client-cert", FLAG_TEXT, &tls.cert_file, "FILE",
         "who we are, with -client-key; $ASSAY_CLIENT_CERT"},
        {"client-key", FLAG_TEXT, &tls.key_file, "FILE", "$ASSAY_CLIENT_KEY"},
        {"tls-server-name", FLAG_TEXT, &tls.server_name, "NAME",
         "what the certificate must say; $ASSAY_TLS_SERVER_NAME"},
        {"tls-skip-verify", FLAG_BOOL, &tls.skip_verify, NULL,
         "ask whoever answers; $ASSAY_SKIP_VERIFY"},
        {"live", FLAG_BOOL, &live, NULL,
         "ask whether it answers at all, not whether it is ready"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay health [-address=ADDR] [-ca-cert=FILE] [-live]",
        .about = "Exit 0 if the daemon there is ready, 1 if not.",
        .flags = flags};
    struct error err = {0};
    char *url = NULL;
    int count = 0;
    int rc;

    if (default_tls(&tls) != 0)
        return 2;
    rc = flags_command(&usage, argc, argv, &count);
    if (rc != 0)
        return rc > 0 ? 0 : 2;
    url = health_url(address);
    if (url == NULL)
        (void)error_memory(&err);
    else if (ask(url, &tls, live ? "/livez" : "/readyz", &err) == 0)
        puts("ok");
    if (err.kind != ERR_NONE)
        fprintf(stderr, "%s\n", err.text);
    free(url);
    return err.kind == ERR_NONE ? 0 : 1;
}
