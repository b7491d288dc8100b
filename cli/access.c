/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/access.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/break_glass.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/flags.h"
#include "config/config.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum { LINE_MAX_TEXT = 1024, TTL_DAYS_MAX = 3650 };

struct new_token {
    const char *name;
    const char *rights;
    const char *ttl;
    int64_t ttl_ms;
};

static int check(struct new_token *t)
{
    if (t->name == NULL || !config_is_break_glass_name(t->name)) {
        fputs("assay access new-token: -name says whose it is: up to 48 "
              "letters, digits, '-', '_', '.' and '@'\n",
              stderr);
        return -1;
    }
    if (!text_duration_ms(t->ttl, &t->ttl_ms) || t->ttl_ms < 60 * 1000 ||
        t->ttl_ms > TTL_DAYS_MAX * DAY_MS) {
        fprintf(stderr,
                "assay access new-token: -ttl: expected a duration such as "
                "90d, of %d days at most\n",
                TTL_DAYS_MAX);
        return -1;
    }
    return 0;
}

/* False for a right that there is not. */
static bool write_rights(struct jsonw *w, const char *rights)
{
    char *copy = text_dup(rights);
    char *rest = copy;
    char *item = NULL;
    bool good = copy != NULL;

    jsonw_array(w, "rights");
    while (good && (item = strsep(&rest, ",")) != NULL) {
        item = text_trim(item);
        good = break_glass_right(item) != 0;
        jsonw_text(w, NULL, item);
    }
    jsonw_end_array(w);
    free(copy);
    return good;
}

static int print_token(const struct new_token *t)
{
    char token[BREAK_GLASS_TOKEN_MAX];
    char sha256[DIGEST_SHA256_HEX];
    char expires[CLOCK_TEXT_MAX];
    struct buf line;
    struct jsonw w;
    int rc = -1;

    break_glass_make(token, sha256);
    clock_text(clock_now_ms() + t->ttl_ms, expires);
    buf_init(&line, LINE_MAX_TEXT);
    jsonw_init(&w, &line);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "name", t->name);
    jsonw_text(&w, "sha256", sha256);
    if (!write_rights(&w, t->rights)) {
        fputs("assay access new-token: -rights: expected some of read, "
              "operate, approve, restore\n",
              stderr);
        goto done;
    }
    jsonw_text(&w, "expires", expires);
    jsonw_end_object(&w);
    if (buf_failed(&line)) {
        fputs("assay access new-token: -name or -rights is too long\n", stderr);
        goto done;
    }
    fprintf(stderr,
            "The token, which is shown this once and belongs to %s, then what "
            "goes into\naccess.break_glass of the configuration:\n",
            t->name);
    printf("%s\n%s\n", token, buf_text(&line));
    if (fflush(stdout) != 0) {
        fprintf(stderr, "assay access new-token: nobody got it: %m\n");
        goto done;
    }
    rc = 0;
done:
    buf_done(&line);
    secret_wipe(token, sizeof(token));
    return rc;
}

int cli_access(int argc, char **argv)
{
    struct new_token t = {.rights = "read", .ttl = "90d"};
    const struct flag flags[] = {
        {"name", FLAG_TEXT, &t.name, "NAME", "whose it is; seen in the log"},
        {"rights", FLAG_TEXT, &t.rights, "RIGHT,…",
         "read, operate, approve, restore; read if not said"},
        {"ttl", FLAG_TEXT, &t.ttl, "DURATION", "until it expires: 90d"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay access new-token -name=NAME [-rights=RIGHT,…] "
                 "[-ttl=DURATION]",
        .about = "Make a break-glass token: it counts only while Vault is "
                 "down, sealed or without a\nleader.  Prints the token once, "
                 "and the line of the configuration that knows it by\nits "
                 "hash.  Asking for a restore and approving it are two rights "
                 "for two people.",
        .flags = flags};
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? 0 : 2;
    if (count != 1 || strcmp(argv[1], "new-token") != 0) {
        fputs("assay access: say what: new-token\n", stderr);
        return 2;
    }
    return check(&t) == 0 && print_token(&t) == 0 ? 0 : 2;
}
