/* SPDX-License-Identifier: Apache-2.0
 *
 * Walk a cluster and say what it cost.
 *
 *   inventory_tool ADDRESS TOKEN_FILE DIRECTORY [NAME=VALUE…]
 *
 * The inventory is DIRECTORY/inventory, its key made from DIRECTORY/key.pem.
 * NAME: concurrency, per_second, values.  On standard output: a JSON object;
 * on failure a sentence on standard error, and 1. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "proof/walk.h"
#include "vault/env.h"

enum { PATH_SIZE = 512 };

static uint64_t option(int argc, char **argv, const char *name)
{
    size_t len = strlen(name);
    uint64_t value = 0;

    for (int i = 4; i < argc; i++)
        if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
            (void)text_u64(argv[i] + len + 1, &value);
    return value;
}

/* The peak of resident memory: getrusage would count our parent's, too. */
static uint64_t peak_kib(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[128];
    uint64_t kib = 0;

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *number = line + strlen("VmHWM:");

        if (strncmp(line, "VmHWM:", strlen("VmHWM:")) == 0) {
            number += strspn(number, " \t");
            number[strcspn(number, " ")] = '\0';
            (void)text_u64(number, &kib);
        }
    }
    if (f != NULL)
        (void)fclose(f);
    return kib;
}

static void print(const struct walk_result *r, int64_t ms)
{
    struct rusage usage;
    struct jsonw w;
    struct buf out;

    (void)getrusage(RUSAGE_SELF, &usage);
    buf_init(&out, 64 * 1024);
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_u64(&w, "records", r->records);
    jsonw_u64(&w, "requests", r->requests);
    jsonw_u64(&w, "not_covered", r->not_covered);
    jsonw_i64(&w, "ms", ms);
    jsonw_u64(&w, "peak_kib", peak_kib());
    jsonw_i64(&w, "cpu_ms",
              (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                  (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
    jsonw_object(&w, "kinds");
    for (size_t i = 0; i < r->kind_count; i++)
        jsonw_u64(&w, r->kinds[i].name, r->kinds[i].count);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    puts(buf_text(&out));
    buf_done(&out);
}

static int walk(struct vault *v, struct signer *signer, char **argv, int argc,
                struct error *err)
{
    struct inventory_key key;
    struct walk_result result;
    char path[PATH_SIZE];
    struct walk_options o = {
        .vault = v,
        .path = path,
        .work_dir = argv[3],
        .key = &key,
        .concurrency = (unsigned)option(argc, argv, "concurrency"),
        .requests_per_second = (unsigned)option(argc, argv, "per_second"),
        .compare_values = option(argc, argv, "values") > 0,
    };
    int64_t from = clock_mono_ms();

    (void)snprintf(path, sizeof path, "%s/inventory", argv[3]);
    inventory_key_derive(signer, &key);
    if (walk_run(&o, &result, err) != 0)
        return -1;
    print(&result, clock_mono_ms() - from);
    return 0;
}

int main(int argc, char **argv)
{
    struct vault_options o = {.auth = {.method = VAULT_AUTH_TOKEN_FILE}};
    struct error err = {0};
    struct vault *v = NULL;
    struct signer *signer = NULL;
    char path[PATH_SIZE];
    int rc = -1;

    if (argc < 4) {
        fputs("usage: inventory_tool ADDRESS TOKEN_FILE DIRECTORY [N=V…]\n",
              stderr);
        return 2;
    }
    o.address = argv[1];
    o.auth.token_file = argv[2];
    (void)snprintf(path, sizeof path, "%s/key.pem", argv[3]);
    if (signer_open(path, &signer, &err) == 0 && vault_new(&o, &v, &err) == 0)
        rc = walk(v, signer, argv, argc, &err);
    if (rc != 0)
        fprintf(stderr, "%s\n", err.text);
    vault_free(v);
    signer_free(signer);
    return rc == 0 ? 0 : 1;
}
