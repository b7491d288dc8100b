/* SPDX-License-Identifier: Apache-2.0
 *
 * Walk two clusters at once and read both inventories side by side, as a
 * validation against its primary does.
 *
 *   bench_crosscheck DIRECTORY ADDRESS TOKEN_FILE ADDRESS TOKEN_FILE
 *
 * Prints: seconds, requests, records that are in both, records that differ,
 * the peak of resident memory in KiB. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "proof/walk.h"

struct side {
    struct vault *v;
    char path[512];
    struct walk_options o;
    struct walk_result result;
    struct error err;
    struct inventory_reader *reader;
    const struct inventory_record *record; /* NULL: no more */
    int rc;
};

static void *walk(void *ctx)
{
    struct side *s = ctx;

    s->rc = walk_run(&s->o, &s->result, &s->err);
    return NULL;
}

static int step(struct side *s)
{
    int rc = inventory_reader_next(s->reader, &s->record, &s->err);

    if (rc == 0)
        s->record = NULL;
    return rc < 0 ? -1 : 0;
}

static int compare(struct side *a, struct side *b, uint64_t *same,
                   uint64_t *other)
{
    if (inventory_reader_open(a->path, &a->reader, &a->err) != 0 ||
        inventory_reader_open(b->path, &b->reader, &b->err) != 0 ||
        step(a) != 0 || step(b) != 0)
        return -1;
    while (a->record != NULL || b->record != NULL) {
        int order = a->record == NULL   ? 1
                    : b->record == NULL ? -1
                                        : inventory_order(a->record, b->record);

        ++*(order == 0 ? same : other);
        if ((order <= 0 && step(a) != 0) || (order >= 0 && step(b) != 0))
            return -1;
    }
    return 0;
}

static int open_side(struct side *s, char **argv, const char *dir, int number,
                     const struct inventory_key *key)
{
    struct vault_options o = {
        .address = argv[0],
        .auth = {.method = VAULT_AUTH_TOKEN_FILE, .token_file = argv[1]}};

    (void)snprintf(s->path, sizeof s->path, "%s/inventory-%d", dir, number);
    if (vault_new(&o, &s->v, &s->err) != 0)
        return -1;
    s->o = (struct walk_options){
        .vault = s->v, .path = s->path, .work_dir = dir, .key = key};
    return 0;
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

static int crosscheck(struct side side[2])
{
    pthread_t thread[2];
    uint64_t same = 0, other = 0;
    int64_t from = clock_mono_ms();

    for (int i = 0; i < 2; i++)
        if (pthread_create(&thread[i], NULL, walk, &side[i]) != 0)
            return -1;
    for (int i = 0; i < 2; i++)
        (void)pthread_join(thread[i], NULL);
    if (side[0].rc != 0 || side[1].rc != 0 ||
        compare(&side[0], &side[1], &same, &other) != 0)
        return -1;
    printf(
        "%.3f %llu %llu %llu %llu\n", (double)(clock_mono_ms() - from) / 1000.0,
        (unsigned long long)(side[0].result.requests + side[1].result.requests),
        (unsigned long long)same, (unsigned long long)other,
        (unsigned long long)peak_kib());
    return 0;
}

int main(int argc, char **argv)
{
    struct inventory_key key = {.id = "bench"};
    struct side side[2] = {{.rc = -1}, {.rc = -1}};
    int rc = -1;

    if (argc != 6) {
        fputs("usage: bench_crosscheck DIRECTORY ADDRESS TOKEN_FILE ADDRESS "
              "TOKEN_FILE\n",
              stderr);
        return 2;
    }
    if (open_side(&side[0], argv + 2, argv[1], 0, &key) == 0 &&
        open_side(&side[1], argv + 4, argv[1], 1, &key) == 0)
        rc = crosscheck(side);
    for (int i = 0; i < 2; i++) {
        if (side[i].err.text[0] != '\0')
            fprintf(stderr, "%s: %s\n", side[i].path, side[i].err.text);
        inventory_reader_close(side[i].reader);
        vault_free(side[i].v);
    }
    return rc == 0 ? 0 : 1;
}
