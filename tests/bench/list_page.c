/* SPDX-License-Identifier: Apache-2.0
 *
 * What a page of the list costs, in virtual machine steps and in time, at the
 * beginning, at random depths and at the end of a million snapshots of which
 * many share their time.
 *
 *   bench_list_page [ROWS [DATABASE]]
 *
 * Exits with 1 when a page anywhere takes more than 1.1 times the steps of
 * the first. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "store/handle.h"
#include "store/query.h"
#include "store/snapshots.h"

enum { PAGE = 50, SAMPLES = 2000, TIES = 180000 };

#define FIRST_MS INT64_C(1700000000000)

/* The first TIES rows of each block share one time; the others have theirs.
 * The id's last digits count from 1, so that every depth has a known id. */
static const char fill_sql[] =
    "WITH RECURSIVE n (i) AS"
    " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
    " INSERT INTO snapshots (id, cluster, cluster_id, cluster_name, product,"
    " server_version, created_ms, size_bytes, sha256, raft_index, raft_term,"
    " entries, state_bytes, verdict)"
    " SELECT printf('018bcfe5-6800-7000-8000-%012x', i),"
    " CASE i % 4 WHEN 0 THEN 'other' ELSE 'main' END,"
    " '9a3d2f10-1111-2222-3333-444455556666', 'vault-cluster-1', 'openbao',"
    " '2.7.2', ?2 + CASE WHEN i % 250000 < ?3 THEN i / 250000 * 250000"
    "  ELSE i END,"
    " 63596,"
    " '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',"
    " i, 3, 120, 250000,"
    " CASE i % 3 WHEN 0 THEN 'valid' ELSE 'unvalidated' END FROM n";

static const char copies_sql[] =
    "INSERT INTO snapshot_copies (snapshot_id, storage, location, verified_ms)"
    " SELECT id, 'disk', cluster || '/2026/11/' || id || '.snap', created_ms"
    " FROM snapshots";

static int fill(struct store *s, int64_t rows, struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    if (store_write_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db, fill_sql, err) == 0) {
        query_int(&q, rows);
        query_int(&q, FIRST_MS);
        query_int(&q, TIES);
        rc = query_run(&q, err);
    }
    if (rc == 0)
        rc = db_exec(db, copies_sql, err);
    return store_write_end(s, rc, true, err);
}

struct cost {
    uint64_t steps;
    double microseconds;
};

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* One page after row number `row` (0: the first page). */
static int measure(struct store *s, const struct snapshots_filter *filter,
                   int64_t row, struct cost *out, struct error *err)
{
    struct snapshots_filter f = *filter;
    struct snapshot_list list;
    char after[ID_TEXT_MAX];
    double from;

    (void)snprintf(after, sizeof(after), "018bcfe5-6800-7000-8000-%012llx",
                   (unsigned long long)row);
    f.after = row > 0 ? after : NULL;
    f.limit = PAGE;
    from = now_us();
    if (snapshots_list(s, &f, &list, err) != 0)
        return -1;
    out->microseconds = now_us() - from;
    out->steps = store_last_steps();
    snapshot_list_done(&list);
    return 0;
}

static int by_time(const void *a, const void *b)
{
    double x = ((const struct cost *)a)->microseconds;
    double y = ((const struct cost *)b)->microseconds;

    return (x > y) - (x < y);
}

/* Pages at random depths: the median time, and the most steps. */
static int sample(struct store *s, const struct snapshots_filter *filter,
                  int64_t rows, struct cost *out, struct error *err)
{
    static struct cost costs[SAMPLES];
    uint64_t most = 0;

    for (size_t i = 0; i < SAMPLES; i++) {
        int64_t row = 1 + (int64_t)(random() % rows);

        if (measure(s, filter, row, &costs[i], err) != 0)
            return -1;
        if (costs[i].steps > most)
            most = costs[i].steps;
    }
    qsort(costs, SAMPLES, sizeof(costs[0]), by_time);
    out->microseconds = costs[SAMPLES / 2].microseconds;
    out->steps = most;
    return 0;
}

/* 0: as it should be, 1: a page costs too much, -1: error. */
static int report(struct store *s, const char *name,
                  const struct snapshots_filter *filter, int64_t rows,
                  struct error *err)
{
    struct cost first;
    struct cost deepest;
    struct cost anywhere;
    double worst;

    /* Once unmeasured, to open the connection and prepare the query. */
    if (measure(s, filter, 0, &first, err) != 0 ||
        measure(s, filter, 0, &first, err) != 0 ||
        measure(s, filter, 6 * PAGE, &deepest, err) != 0 ||
        sample(s, filter, rows, &anywhere, err) != 0)
        return -1;
    worst = (double)(deepest.steps > anywhere.steps ? deepest.steps
                                                    : anywhere.steps) /
            (double)first.steps;
    printf("%-24s %6llu %6.0f us  %6llu %6.0f us  %6llu %6.0f us  %.3f\n", name,
           (unsigned long long)first.steps, first.microseconds,
           (unsigned long long)deepest.steps, deepest.microseconds,
           (unsigned long long)anywhere.steps, anywhere.microseconds, worst);
    return worst <= 1.1 ? 0 : 1;
}

static int report_all(struct store *s, int64_t rows, struct error *err)
{
    const struct {
        const char *name;
        struct snapshots_filter filter;
    } cases[] = {
        {"all", {.verdict = -1}},
        {"verdict", {.verdict = STORE_VALID}},
        {"cluster", {.verdict = -1, .cluster = "main"}},
        {"cluster+verdict", {.verdict = STORE_VALID, .cluster = "main"}},
        {"since", {.verdict = -1, .since_ms = FIRST_MS - 1}},
    };
    int rc = 0;

    printf("%-24s %-17s  %-17s  %-17s  %s\n", "50 rows, steps and time",
           "first", "deepest", "random (most, p50)", "ratio");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int one = report(s, cases[i].name, &cases[i].filter, rows, err);

        if (one < 0)
            return -1;
        if (one > 0)
            rc = 1;
    }
    return rc;
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/assay-bench-XXXXXX";
    char own[64];
    const char *path = own;
    struct store *s = NULL;
    struct error err = {0};
    int64_t rows = 1000000;
    int rc = -1;

    if (argc > 1 && (!text_i64(argv[1], &rows) || rows < 20 * PAGE)) {
        (void)fprintf(stderr, "usage: bench_list_page [ROWS [DATABASE]]\n");
        return 2;
    }
    if (mkdtemp(dir) == NULL)
        return 2;
    (void)snprintf(own, sizeof(own), "%s/assay.db", dir);
    if (argc > 2)
        path = argv[2];
    if (store_open(path, &s, &err) == 0) {
        struct snapshots_filter all = {.verdict = -1};
        uint64_t there = 0;

        rc = snapshots_count(s, &all, &there, &err);
        if (rc == 0 && there == 0)
            rc = fill(s, rows, &err);
        if (rc == 0)
            rc = report_all(s, there != 0 ? (int64_t)there : rows, &err);
    }
    if (rc < 0)
        (void)fprintf(stderr, "bench_list_page: %s\n", err.text);
    store_close(s);
    if (file_remove_tree(dir, &err) != 0)
        (void)fprintf(stderr, "bench_list_page: %s\n", err.text);
    return rc < 0 ? 2 : rc;
}
