/* SPDX-License-Identifier: Apache-2.0
 *
 * This program is its own helper ("__sandbox") and its own server ("server"):
 * in the sandbox it writes down what it sees.  77 where namespaces are
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "transient/helper.h"
#include "transient/marked.h"
#include "transient/process_dir.h"
#include "transient/sandbox.h"

enum { SKIPPED = 77, FACTS_MAX = 16 * 1024 };

static char base[64];

/* ---- the probe, inside ---- */

static void list_dir(FILE *f, const char *what, const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;

    (void)fprintf(f, "%s:", what);
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.')
            (void)fprintf(f, " %s", e->d_name);
    }
    (void)fprintf(f, "\n");
    if (d != NULL)
        closedir(d);
}

static void copy_lines(FILE *f, const char *path, const char *prefix)
{
    char line[512];
    FILE *in = fopen(path, "r");

    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        if (strncmp(line, prefix, strlen(prefix)) == 0)
            (void)fputs(line, f);
    }
    if (in != NULL)
        fclose(in);
}

static void try_to_write(FILE *f, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    (void)fprintf(f, "write %s: %s\n", path, fd >= 0 ? "yes" : strerror(errno));
}

/* More than any socket buffer holds. */
static int log_much(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char text[500] = "<14>audit";
    int sent = 0;

    if (fd < 0 || connect(fd, (struct sockaddr *)&un, sizeof un) != 0)
        return -1;
    while (sent < 5000 && send(fd, text, sizeof text, 0) > 0)
        sent++;
    (void)close(fd);
    return sent;
}

static int probe(const char *argument)
{
    char path[PATH_MAX];
    const char *dir = argument + strlen("-config=");
    int len = (int)(strrchr(dir, '/') - dir);
    FILE *f;

    (void)snprintf(path, sizeof path, "%.*s/facts.part", len, dir);
    f = fopen(path, "w");
    if (f == NULL)
        return 9;
    (void)fprintf(f, "pid: %d uid: %u\n", (int)getpid(), (unsigned)getuid());
    list_dir(f, "root", "/");
    list_dir(f, "fds", "/proc/self/fd");
    list_dir(f, "interfaces", "/proc/sys/net/ipv4/conf");
    copy_lines(f, "/proc/self/status", "Cap");
    copy_lines(f, "/proc/self/status", "NoNewPrivs");
    copy_lines(f, "/proc/self/status", "Seccomp:");
    (void)fprintf(f, "syslog: %d\n", log_much());
    mkdir("/var", 0755);
    mkdir("/var/log", 0755);
    try_to_write(f, "/var/log/audit.log");
    try_to_write(f, "/usr/lib/assay-was-here");
    try_to_write(f, "/proc/sys/kernel/core_pattern");
    (void)fprintf(f, "namespace: %s\n",
                  unshare(CLONE_NEWUSER) == 0 ? "yes" : "no");
    fclose(f);
    if (fork() == 0) {
        setsid();
        (void)signal(SIGTERM, SIG_IGN);
        for (;;)
            pause();
    }
    (void)snprintf(base, sizeof base, "%.*s/facts", len, dir);
    (void)rename(path, base);
    for (;;)
        pause();
}

/* ---- outside ---- */

struct stage {
    struct process_dir dir;
    struct helper helper;
    char facts[FACTS_MAX];
};

static void start(struct stage *s, bool isolated)
{
    const struct helper_options o = {
        .dir = s->dir.path,
        .server = "/proc/self/exe",
        .log_path = s->dir.log_path,
        .isolated = isolated,
    };
    struct helper_options with_path = o;
    char self[PATH_MAX];
    struct error err;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    assert_true(n > 0);
    self[n] = '\0';
    with_path.server = self;
    if (helper_start(&with_path, &s->helper, &err) != 0)
        fail_msg("%s", err.text);
}

static void prepare(struct stage *s)
{
    const struct process_dir_server vault = {.product = "vault"};
    struct error err;

    memset(s, 0, sizeof *s);
    assert_int_equal(process_dir_choose(base, &s->dir, &err), 0);
    assert_int_equal(process_dir_make(&s->dir, &vault, &err), 0);
}

static void read_facts(struct stage *s)
{
    char *path = text_format("%s/data/facts", s->dir.path);
    struct error err;
    struct buf out;
    int code;

    buf_init(&out, FACTS_MAX - 1);
    for (int i = 0; i < 500 && !file_exists(path); i++) {
        if (helper_ended(&s->helper, &code, &err)) {
            if (code == SANDBOX_EXIT_NO_ISOLATION) {
                print_message("skipped: %s\n", err.text);
                exit(file_remove_tree(base, &err) == 0 ? SKIPPED : 1);
            }
            fail_msg("%d: %s", code, err.text);
        }
        clock_sleep_ms(10);
    }
    assert_int_equal(file_read(path, &out, &err), 0);
    (void)text_copy(s->facts, sizeof s->facts, buf_text(&out));
    buf_done(&out);
    free(path);
}

static void wait_until_none(const char *name)
{
    for (int i = 0; i < 500 && marked_any(name); i++)
        clock_sleep_ms(10);
    assert_false(marked_any(name));
}

#define SEES(text) assert_non_null(strstr(s.facts, text))

static void test_inside_there_is_nothing(void **state)
{
    char root[128];
    struct stage s;
    struct error err;

    (void)state;
    prepare(&s);
    start(&s, true);
    read_facts(&s);
    SEES("pid: 1 uid: 0\n");
    SEES("fds: 0 1 2 3 4\n"); /* 3: facts, 4: the listing itself */
    SEES("interfaces: all default lo\n");
    /* CAP_DAC_OVERRIDE and nothing else, over files of its own. */
    SEES("CapInh:\t0000000000000002\n");
    SEES("CapPrm:\t0000000000000002\n");
    SEES("CapEff:\t0000000000000002\n");
    SEES("CapBnd:\t0000000000000002\n");
    SEES("CapAmb:\t0000000000000002\n");
    SEES("NoNewPrivs:\t1\n");
    SEES("Seccomp:\t2\n");
    SEES("write /var/log/audit.log: yes\n");
    /* Whoever is root outside meets the read-only file system first. */
    assert_null(strstr(s.facts, "write /usr/lib/assay-was-here: yes\n"));
    assert_null(strstr(s.facts, "write /proc/sys/kernel/core_pattern: yes"));
    SEES("syslog: 5000\n");
    SEES("namespace: no\n");
    (void)snprintf(root, sizeof root, " %s.server", s.dir.name);
    SEES(root);
    assert_null(strstr(s.facts, " home"));
    assert_null(strstr(s.facts, " etc"));
    assert_null(strstr(s.facts, " sbin"));
    assert_int_equal(helper_stop(&s.helper, false, &err), 0);
    assert_false(marked_any(s.dir.name));
    assert_false(file_exists(s.dir.path));
    process_dir_done(&s.dir);
}

static void test_stop_keeps_the_files_if_told(void **state)
{
    struct stage s;
    struct error err;

    (void)state;
    prepare(&s);
    start(&s, true);
    read_facts(&s);
    assert_int_equal(helper_stop(&s.helper, true, &err), 0);
    assert_false(marked_any(s.dir.name));
    assert_true(file_exists(s.dir.log_path));
    assert_int_equal(file_remove_tree(s.dir.path, &err), 0);
    process_dir_done(&s.dir);
}

static void test_all_dies_with_a_killed_helper(void **state)
{
    struct stage s;
    struct error err;
    int code = 0;

    (void)state;
    prepare(&s);
    start(&s, true);
    read_facts(&s);
    assert_true(marked_any(s.dir.name));
    assert_int_equal(kill(s.helper.pid, SIGKILL), 0);
    wait_until_none(s.dir.name);
    assert_true(helper_ended(&s.helper, &code, &err));
    assert_int_equal(code, SANDBOX_EXIT_BROKEN);
    assert_int_equal(file_remove_tree(s.dir.path, &err), 0);
    process_dir_done(&s.dir);
}

/* A signal ends the server: what the helper says. */
static int ended_by(int by, struct error *err)
{
    struct stage s;
    int code = 0;

    prepare(&s);
    start(&s, false); /* or its pid is another one here */
    read_facts(&s);
    char *pid = strstr(s.facts, "pid: ");
    int64_t number = 0;

    assert_non_null(pid);
    pid += strlen("pid: ");
    pid[strcspn(pid, " ")] = '\0';
    assert_true(text_i64(pid, &number));
    assert_int_equal(kill((pid_t)number, by), 0);
    for (int i = 0; i < 500 && !helper_ended(&s.helper, &code, err); i++)
        clock_sleep_ms(10);
    assert_false(marked_any(s.dir.name));
    assert_int_equal(file_remove_tree(s.dir.path, NULL), 0);
    process_dir_done(&s.dir);
    return code;
}

static void test_a_kill_is_no_end_of_its_own(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(ended_by(SIGKILL, &err), SANDBOX_EXIT_LIMIT);
    assert_non_null(strstr(err.text, "was killed"));
    /* One that sanitizers do not take for themselves. */
    assert_int_equal(ended_by(SIGABRT, &err), SANDBOX_EXIT_SERVER_DIED);
    assert_non_null(strstr(err.text, "ended by signal 6"));
}

static void test_open_takes_daemonised_children_along(void **state)
{
    struct stage s;
    struct error err;

    (void)state;
    prepare(&s);
    start(&s, false);
    read_facts(&s);
    assert_int_equal(helper_stop(&s.helper, false, &err), 0);
    assert_false(marked_any(s.dir.name));
    assert_false(file_exists(s.dir.path));
    process_dir_done(&s.dir);
}

static void test_marked_ones_are_killed_by_name(void **state)
{
    struct stage s;
    struct error err;
    int code = 0;

    (void)state;
    prepare(&s);
    start(&s, true);
    read_facts(&s);
    assert_int_equal(marked_kill_all(s.dir.name, 5000, &err), 0);
    clock_sleep_ms(50);
    assert_true(helper_ended(&s.helper, &code, &err));
    assert_int_equal(file_remove_tree(s.dir.path, &err), 0);
    process_dir_done(&s.dir);
}

static void test_a_server_that_cannot_run_is_told(void **state)
{
    struct helper_options o = {.server = "/etc/passwd", .isolated = true};
    struct stage s;
    struct error err;
    int code = 0;

    (void)state;
    prepare(&s);
    o.dir = s.dir.path;
    o.log_path = s.dir.log_path;
    assert_int_equal(helper_start(&o, &s.helper, &err), 0);
    for (int i = 0; i < 500 && !helper_ended(&s.helper, &code, &err); i++)
        clock_sleep_ms(10);
    assert_int_equal(code, SANDBOX_EXIT_NO_SERVER);
    assert_string_equal(err.text,
                        "cannot execute /etc/passwd: Permission denied");
    assert_int_equal(file_remove_tree(s.dir.path, &err), 0);
    process_dir_done(&s.dir);
}

static void test_only_our_directories_are_ours(void **state)
{
    (void)state;
    assert_true(
        process_dir_is_ours("/x/t-0123456789abcdef", "t-0123456789abcdef"));
    assert_false(
        process_dir_is_ours("/x/t-0123456789abcdef", "t-0123456789abcdee"));
    assert_false(process_dir_is_ours("/x/home", "home"));
    assert_false(process_dir_is_ours("/x/t-..", "t-.."));
    assert_false(process_dir_is_ours("", ""));
    assert_false(
        process_dir_is_ours("t-0123456789abcdef", "t-0123456789abcdef"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inside_there_is_nothing),
        cmocka_unit_test(test_stop_keeps_the_files_if_told),
        cmocka_unit_test(test_all_dies_with_a_killed_helper),
        cmocka_unit_test(test_a_kill_is_no_end_of_its_own),
        cmocka_unit_test(test_open_takes_daemonised_children_along),
        cmocka_unit_test(test_marked_ones_are_killed_by_name),
        cmocka_unit_test(test_a_server_that_cannot_run_is_told),
        cmocka_unit_test(test_only_our_directories_are_ours),
    };
    int failed;

    if (argc > 1 && strcmp(argv[1], SANDBOX_COMMAND) == 0)
        return sandbox_main(argc, argv);
    if (argc > 2 && strcmp(argv[1], "server") == 0)
        return probe(argv[2]);
    (void)snprintf(base, sizeof base, "/tmp/assay-sandbox-XXXXXX");
    if (mkdtemp(base) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
