/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "store/audit_line.h"
#include "tests/unit/store/fixture.h"

enum { SKIPPED = 77, SMALL_RESERVE = 256 * 1024 };

static char *in(const struct fixture *f, const char *name)
{
    static char path[2][160];
    static unsigned which;

    which = !which;
    (void)snprintf(path[which], sizeof(path[which]), "%s/%s", f->dir, name);
    return path[which];
}

static struct audit *open_audit(const struct fixture *f, const char *file)
{
    const struct audit_options options = {.store = f->store,
                                          .file = file,
                                          .reserve_dir = f->dir,
                                          .reserve_bytes = SMALL_RESERVE};
    struct error err = {0};
    struct audit *a = NULL;

    assert_ok(audit_open(&options, &a, &err), err);
    return a;
}

static void write_one(struct audit *a, enum audit_type type, const char *who,
                      const char *subject)
{
    const struct audit_entry entry = {.type = type,
                                      .operation = "write",
                                      .path = "assay/restores",
                                      .entity_id = who,
                                      .subject = subject};
    struct error err = {0};

    assert_ok(audit_write(a, &entry, &err), err);
}

static int walk_row(void *ctx, const struct audit_row *row, struct error *err)
{
    struct audit_walk *w = ctx;

    if (audit_walk_next(w, row->entry, strlen(row->entry), err) != 0)
        return -1;
    assert_int_equal(row->seq, w->last.seq);
    assert_string_equal(row->hash, w->last.hash);
    assert_string_equal(row->chain, w->last.chain);
    assert_int_equal(row->at_ms, w->last.at_ms);
    return 0;
}

/* The table's chain, which must be good. */
static struct audit_walk walk_table(struct store *s)
{
    struct audit_walk w = {0};
    struct error err = {0};

    assert_ok(audit_each(s, 0, walk_row, &w, &err), err);
    return w;
}

/* The lines of the file, which must be good and begin with entry `first`. */
static uint64_t walk_file(const char *path, uint64_t first)
{
    struct audit_walk w = {0};
    struct error err = {0};
    struct buf text;
    char *at = NULL;
    char *end = NULL;

    buf_init(&text, 1024 * 1024);
    assert_ok(file_read(path, &text, &err), err);
    at = text.data;
    for (; at != NULL && *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        assert_non_null(end);
        assert_ok(audit_walk_next(&w, at, (size_t)(end - at), &err), err);
    }
    buf_done(&text);
    if (w.begun)
        assert_int_equal(w.first.seq, first);
    return w.last.seq;
}

static void append_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static void table_and_file_say_the_same(void **state)
{
    struct fixture *f = *state;
    const char *path = in(f, "audit.log");
    struct audit *a = open_audit(f, path);
    struct audit_head head;
    struct error err = {0};
    struct stat st;

    assert_ok(audit_head(f->store, &head, &err), err);
    assert_int_equal(head.seq, 0);
    for (int i = 0; i < 5; i++)
        write_one(a, AUDIT_REQUEST, "e-1", NULL);
    assert_int_equal(walk_table(f->store).count, 5);
    assert_int_equal(walk_file(path, 1), 5);
    assert_ok(audit_head(f->store, &head, &err), err);
    assert_int_equal(head.seq, 5);
    assert_string_equal(head.hash, walk_table(f->store).last.hash);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    audit_close(a);
}

static void the_next_life_goes_on(void **state)
{
    struct fixture *f = *state;
    const char *path = in(f, "audit.log");
    struct audit *a = open_audit(f, path);

    write_one(a, AUDIT_REQUEST, "e-1", NULL);
    audit_close(a);
    fixture_reopen(f);
    a = open_audit(f, path);
    write_one(a, AUDIT_RESPONSE, "e-1", NULL);
    assert_int_equal(walk_table(f->store).count, 2);
    assert_int_equal(walk_file(path, 1), 2);
    audit_close(a);
}

/* A crash: half a line in the file, or one too few, while the table has it. */
static void a_crash_between_the_two_is_made_good(void **state)
{
    struct fixture *f = *state;
    const char *path = in(f, "audit.log");
    struct audit *a = open_audit(f, path);
    struct stat st;

    write_one(a, AUDIT_REQUEST, "e-1", NULL);
    assert_int_equal(stat(path, &st), 0);
    write_one(a, AUDIT_REQUEST, "e-2", NULL);
    write_one(a, AUDIT_REQUEST, "e-3", NULL);
    audit_close(a);
    assert_int_equal(truncate(path, st.st_size + 20), 0);
    a = open_audit(f, path);
    assert_int_equal(walk_file(path, 1), 3);
    write_one(a, AUDIT_REQUEST, "e-4", NULL);
    assert_int_equal(walk_file(path, 1), 4);
    audit_close(a);
}

static void a_file_moved_away_is_followed_by_a_new_one(void **state)
{
    struct fixture *f = *state;
    const char *path = in(f, "audit.log");
    const char *old = in(f, "audit.log.1");
    struct audit *a = open_audit(f, path);
    struct error err = {0};

    write_one(a, AUDIT_REQUEST, "e-1", NULL);
    assert_int_equal(rename(path, old), 0);
    write_one(a, AUDIT_REQUEST, "e-1", NULL); /* still goes there */
    assert_ok(audit_reopen(a, &err), err);
    write_one(a, AUDIT_REQUEST, "e-1", NULL);
    assert_int_equal(walk_file(old, 1), 2);
    assert_int_equal(walk_file(path, 3), 3);
    audit_close(a);
    /* The same across lives: an empty file goes on from here. */
    assert_int_equal(rename(path, old), 0);
    a = open_audit(f, path);
    write_one(a, AUDIT_REQUEST, "e-1", NULL);
    assert_int_equal(walk_file(path, 4), 4);
    audit_close(a);
}

static void a_catalog_made_anew_begins_another_chain(void **state)
{
    struct fixture *f = *state;
    const char *path = in(f, "audit.log");
    struct audit *a = open_audit(f, path);
    struct audit_head first;
    struct audit_head second;
    struct error err = {0};
    struct buf text;

    write_one(a, AUDIT_REQUEST, "e-1", NULL);
    assert_ok(audit_head(f->store, &first, &err), err);
    audit_close(a);
    store_close(f->store);
    assert_int_equal(unlink(f->path), 0);
    f->store = NULL;
    assert_ok(store_open(f->path, &f->store, &err), err);
    a = open_audit(f, path);
    write_one(a, AUDIT_REQUEST, "e-1", NULL);
    assert_ok(audit_head(f->store, &second, &err), err);
    assert_int_equal(second.seq, 1);
    assert_string_not_equal(first.chain, second.chain);
    buf_init(&text, 64 * 1024);
    assert_ok(file_read(path, &text, &err), err);
    assert_non_null(strstr(buf_text(&text), first.chain));
    assert_non_null(strstr(buf_text(&text), second.chain));
    buf_done(&text);
    audit_close(a);
}

static void somebody_elses_lines_are_left_alone(void **state)
{
    struct fixture *f = *state;
    const char *path = in(f, "audit.log");
    struct audit *a = open_audit(f, path);
    struct error err = {0};
    struct buf text;

    write_one(a, AUDIT_REQUEST, "e-1", NULL);
    audit_close(a);
    append_text(path, "scribbled\n");
    a = open_audit(f, path);
    write_one(a, AUDIT_REQUEST, "e-1", NULL);
    buf_init(&text, 64 * 1024);
    assert_ok(file_read(path, &text, &err), err);
    assert_non_null(strstr(buf_text(&text), "\nscribbled\n{"));
    buf_done(&text);
    audit_close(a);
}

static void what_cannot_be_a_file_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct audit_options there = {.store = f->store, .file = f->dir};
    const struct audit_options nowhere = {.store = f->store,
                                          .file = in(f, "no/audit.log")};
    const char *fifo = in(f, "fifo");
    struct audit *a = NULL;
    struct error err = {0};

    assert_refused(audit_open(&there, &a, &err), err, ERR_IO);
    assert_refused(audit_open(&nowhere, &a, &err), err, ERR_IO);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const struct audit_options pipe = {.store = f->store, .file = fifo};
    assert_refused(audit_open(&pipe, &a, &err), err, ERR_IO);
}

static void others_cannot_read_it(void **state)
{
    struct fixture *f = *state;
    const char *path = in(f, "audit.log");
    struct audit *a = NULL;
    struct stat st;
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

    (void)close(fd);
    a = open_audit(f, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    audit_close(a);
}

static uint64_t list_from(struct fixture *f, const struct audit_filter *filter,
                          size_t *count, bool *more)
{
    struct audit_list list = {0};
    struct error err = {0};
    uint64_t last = 0;

    assert_ok(audit_list(f->store, filter, &list, &err), err);
    *count = list.count;
    *more = list.more;
    for (size_t i = 0; i < list.count; i++) {
        assert_true(last == 0 || list.items[i].seq < last);
        last = list.items[i].seq;
        assert_non_null(strstr(list.items[i].entry, "\"prev\""));
    }
    audit_list_done(&list);
    return last;
}

static void lists_have_pages_and_filters(void **state)
{
    struct fixture *f = *state;
    struct audit *a = open_audit(f, NULL);
    struct audit_filter all = {.limit = 4};
    size_t count = 0;
    size_t total = 0;
    bool more = true;

    for (int i = 0; i < 10; i++)
        write_one(a, i % 2 == 0 ? AUDIT_REQUEST : AUDIT_REFUSED,
                  i < 3 ? "e-1" : "e-2", i == 7 ? "run-7" : NULL);
    while (more) {
        all.before = list_from(f, &all, &count, &more);
        total += count;
    }
    assert_int_equal(total, 10);
    assert_int_equal(all.before, 1);
    (void)list_from(f, &(struct audit_filter){.entity_id = "e-1"}, &count,
                    &more);
    assert_int_equal(count, 3);
    (void)list_from(f, &(struct audit_filter){.type = "refused"}, &count,
                    &more);
    assert_int_equal(count, 5);
    assert_int_equal(
        list_from(f, &(struct audit_filter){.subject = "run-7"}, &count, &more),
        8);
    assert_int_equal(count, 1);
    (void)list_from(f, &(struct audit_filter){.since_ms = 1}, &count, &more);
    assert_int_equal(count, 10);
    (void)list_from(f, &(struct audit_filter){.since_ms = INT64_MAX}, &count,
                    &more);
    assert_int_equal(count, 0);
    audit_close(a);
}

/* A page costs what it shows, however deep it is and whoever else is there. */
static void a_deep_page_costs_no_more(void **state)
{
    struct fixture *f = *state;
    struct audit *a = open_audit(f, NULL);
    uint64_t first;
    size_t count = 0;
    bool more = false;

    for (int i = 0; i < 300; i++)
        write_one(a, AUDIT_REQUEST, i % 3 == 0 ? "e-1" : "e-2", NULL);
    (void)list_from(f, &(struct audit_filter){.limit = 5}, &count, &more);
    first = store_last_steps();
    (void)list_from(f, &(struct audit_filter){.limit = 5, .before = 20}, &count,
                    &more);
    assert_true(store_last_steps() <= first + 10);
    (void)list_from(
        f, &(struct audit_filter){.limit = 5, .before = 20, .entity_id = "e-1"},
        &count, &more);
    assert_int_equal(count, 5);
    assert_true(store_last_steps() <= 2 * first);
    audit_close(a);
}

static void one_entry_by_its_number(void **state)
{
    struct fixture *f = *state;
    struct audit *a = open_audit(f, NULL);
    struct error err = {0};
    char *line = NULL;

    write_one(a, AUDIT_RUN, "e-1", NULL);
    assert_ok(audit_get(f->store, 1, &line, &err), err);
    assert_non_null(strstr(line, "\"type\":\"run\""));
    free(line);
    assert_refused(audit_get(f->store, 2, &line, &err), err, ERR_NOT_FOUND);
    audit_close(a);
}

/* The file has the order of the table, whoever writes. */

struct writer {
    struct audit *audit;
    int rc;
    struct error err;
};

static void *write_many(void *arg)
{
    struct writer *w = arg;

    for (int i = 0; w->rc == 0 && i < 25; i++) {
        const struct audit_entry entry = {.type = i % 2 == 0 ? AUDIT_REQUEST
                                                             : AUDIT_RESPONSE,
                                          .operation = "write",
                                          .path = "assay/restores",
                                          .entity_id = "e",
                                          .subject = "s"};

        w->rc = audit_write(w->audit, &entry, &w->err);
    }
    return NULL;
}

static void many_write_at_once(void **state)
{
    struct fixture *f = *state;
    const char *path = in(f, "audit.log");
    struct audit *a = open_audit(f, path);
    struct writer writers[4] = {{.rc = 0}};
    pthread_t threads[4];
    struct error err = {0};

    for (size_t i = 0; i < 4; i++) {
        writers[i].audit = a;
        assert_int_equal(
            pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < 20; i++)
        assert_ok(audit_reopen(a, &err), err);
    for (size_t i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 4; i++)
        assert_ok(writers[i].rc, writers[i].err);
    assert_int_equal(walk_table(f->store).count, 100);
    assert_int_equal(walk_file(path, 1), 100);
    audit_close(a);
}

/* Disks that are full.  All of it in a child with a small disk of its own. */

static int in_child(int (*act)(const struct fixture *f),
                    const struct fixture *f)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0)
        _exit(act(f));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool make_small_disk(const char *path, const char *size)
{
    return mkdir(path, 0700) == 0 &&
           unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", path, "tmpfs", 0, size) == 0;
}

/* Whatever is left of the disk. */
static void fill(const char *path)
{
    static char block[64 * 1024];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    size_t size = sizeof(block);

    while (size > 0)
        if (write(fd, block, size) <= 0)
            size /= 2;
    (void)close(fd);
}

static int write_in_child(struct audit *a, enum audit_type type, bool urgent,
                          struct error *err)
{
    const struct audit_entry entry = {.type = type,
                                      .operation = "write",
                                      .path = "assay/backups",
                                      .urgent = urgent};

    return audit_write(a, &entry, err);
}

static int count_rows(void *ctx, const struct audit_row *row, struct error *err)
{
    unsigned *refused = ctx;

    (void)err;
    if (strcmp(row->type, "refused") == 0 &&
        strstr(row->entry, "the disk is full") != NULL)
        ++*refused;
    return 0;
}

static int use_up_the_disk(const struct fixture *f)
{
    char dir[128];
    char db[160];
    char log[160];
    char filler[160];
    char reserve[160];
    struct audit_walk w = {0};
    struct error err = {0};
    struct store *s = NULL;
    struct audit *a = NULL;
    unsigned refused = 0;

    (void)snprintf(dir, sizeof(dir), "%s/small", f->dir);
    (void)snprintf(db, sizeof(db), "%s/assay.db", dir);
    (void)snprintf(log, sizeof(log), "%s/audit.log", dir);
    (void)snprintf(filler, sizeof(filler), "%s/filler", dir);
    (void)snprintf(reserve, sizeof(reserve), "%s/audit.reserve", dir);
    if (!make_small_disk(dir, "size=2m"))
        return SKIPPED;
    if (store_open(db, &s, &err) != 0)
        return 1;
    const struct audit_options options = {.store = s,
                                          .file = log,
                                          .reserve_dir = dir,
                                          .reserve_bytes = SMALL_RESERVE};
    if (audit_open(&options, &a, &err) != 0 || !file_exists(reserve))
        return 2;
    if (write_in_child(a, AUDIT_REQUEST, false, &err) != 0)
        return 3;
    fill(filler);
    /* Sooner or later nothing fits any more: that one is refused. */
    for (int i = 0; write_in_child(a, AUDIT_REQUEST, false, &err) == 0; i++)
        if (i > 5000)
            return 4;
    if (err.kind != ERR_IO || file_exists(reserve))
        return 5;
    /* What is under way comes to its end in the record, and what gives space
     * back may begin. */
    if (write_in_child(a, AUDIT_RESPONSE, false, &err) != 0 ||
        write_in_child(a, AUDIT_RUN, false, &err) != 0 ||
        write_in_child(a, AUDIT_REQUEST, true, &err) != 0)
        return 6;
    /* Not so anything else, though there would be room for the entry. */
    if (write_in_child(a, AUDIT_REQUEST, false, &err) == 0)
        return 7;
    /* And that it was so is on record, once for a while. */
    if (audit_each(s, 0, count_rows, &refused, &err) != 0 || refused != 1)
        return 8;
    if (unlink(filler) != 0 ||
        write_in_child(a, AUDIT_REQUEST, false, &err) != 0 ||
        !file_exists(reserve))
        return 9;
    if (audit_each(s, 0, walk_row, &w, &err) != 0 ||
        walk_file(log, 1) != w.last.seq)
        return 10;
    audit_close(a);
    store_close(s);
    return 0;
}

static void a_full_disk_is_on_record_and_survived(void **state)
{
    int code = in_child(use_up_the_disk, *state);

    if (code == SKIPPED)
        skip();
    assert_int_equal(code, 0);
}

/* The file lies elsewhere, on a disk that is full: nothing is done that the
 * file would not show, and it shows all of it later. */
static int use_up_the_files_disk(const struct fixture *f)
{
    char dir[128];
    char log[160];
    char filler[160];
    struct audit_head before;
    struct audit_head after;
    struct audit_walk w = {0};
    struct error err = {0};
    struct store *s = NULL;
    struct audit *a = NULL;

    (void)snprintf(dir, sizeof(dir), "%s/small", f->dir);
    (void)snprintf(log, sizeof(log), "%s/audit.log", dir);
    (void)snprintf(filler, sizeof(filler), "%s/filler", dir);
    if (!make_small_disk(dir, "size=1m"))
        return SKIPPED;
    if (store_open(f->path, &s, &err) != 0)
        return 1;
    const struct audit_options options = {.store = s, .file = log};
    if (audit_open(&options, &a, &err) != 0)
        return 2;
    fill(filler);
    for (int i = 0; write_in_child(a, AUDIT_REQUEST, false, &err) == 0; i++)
        if (i > 5000)
            return 3;
    if (err.kind != ERR_IO || strstr(err.text, log) == NULL)
        return 4;
    /* The table has the one that was refused (store/audit.h). */
    if (audit_head(s, &before, &err) != 0 ||
        write_in_child(a, AUDIT_REQUEST, false, &err) == 0 ||
        audit_head(s, &after, &err) != 0 || after.seq != before.seq + 1)
        return 8;
    if (write_in_child(a, AUDIT_RESPONSE, false, &err) == 0)
        return 5;
    if (unlink(filler) != 0 ||
        write_in_child(a, AUDIT_REQUEST, false, &err) != 0)
        return 6;
    if (audit_each(s, 0, walk_row, &w, &err) != 0 ||
        walk_file(log, 1) != w.last.seq)
        return 7;
    audit_close(a);
    store_close(s);
    return 0;
}

static void a_full_disk_of_the_file_refuses_too(void **state)
{
    struct fixture *f = *state;
    int code;

    store_close(f->store);
    f->store = NULL;
    code = in_child(use_up_the_files_disk, f);
    if (code == SKIPPED)
        skip();
    assert_int_equal(code, 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(table_and_file_say_the_same),
        TEST(the_next_life_goes_on),
        TEST(a_crash_between_the_two_is_made_good),
        TEST(a_file_moved_away_is_followed_by_a_new_one),
        TEST(a_catalog_made_anew_begins_another_chain),
        TEST(somebody_elses_lines_are_left_alone),
        TEST(what_cannot_be_a_file_is_refused),
        TEST(others_cannot_read_it),
        TEST(lists_have_pages_and_filters),
        TEST(a_deep_page_costs_no_more),
        TEST(one_entry_by_its_number),
        TEST(many_write_at_once),
        TEST(a_full_disk_is_on_record_and_survived),
        TEST(a_full_disk_of_the_file_refuses_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
