/* SPDX-License-Identifier: Apache-2.0
 *
 * As sandbox_test.c: this program is its own helper and its own server, which
 * writes down what it was given.  77 where namespaces are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "transient/helper.h"
#include "transient/marked.h"
#include "transient/process_dir.h"
#include "transient/sandbox.h"
#include "transient/sandbox_extras.h"

enum { SKIPPED = 77, FACTS_MAX = 16 * 1024, LONG = 300 * 1000 };

static char base[64];

/* ---- the probe, inside ---- */

static void show_file(FILE *f, const char *path)
{
    char text[256] = "";
    FILE *in = fopen(path, "r");

    if (in != NULL && fgets(text, sizeof text, in) == NULL)
        text[0] = '\0';
    (void)fprintf(f, "%s: %s\n", path, in == NULL ? "none" : text);
    if (in != NULL)
        fclose(in);
}

static void show_limit(FILE *f, const char *name, __rlimit_resource_t what)
{
    struct rlimit limit;

    (void)getrlimit(what, &limit);
    (void)fprintf(f, "%s: %llu\n", name, (unsigned long long)limit.rlim_max);
}

/* Send much, end, count what comes back: the other side repeats it. */
static int talk(const char *host, const char *port)
{
    static char data[LONG];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET};
    struct addrinfo *a = NULL;
    int back = 0;
    ssize_t n;
    int fd;

    if (getaddrinfo(host, port, &hints, &a) != 0)
        return -1;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0)
        return -2;
    freeaddrinfo(a);
    if (fork() == 0) {
        for (size_t at = 0; at < sizeof data; at += (size_t)n) {
            n = send(fd, data + at, sizeof data - at, MSG_NOSIGNAL);
            if (n <= 0)
                break;
        }
        (void)shutdown(fd, SHUT_WR);
        _exit(0);
    }
    while ((n = recv(fd, data, sizeof data, 0)) > 0)
        back += (int)n;
    (void)close(fd);
    return back;
}

/* Tell every caller, in a process of his own, where he comes from, and repeat
 * what he says. */
__attribute__((noreturn)) static void listen_inside(unsigned port)
{
    static char chunk[4096];
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&in, sizeof in) != 0 ||
        listen(listener, 8) != 0)
        _exit(9);
    for (;;) {
        socklen_t len = sizeof in;
        int fd = accept(listener, (struct sockaddr *)&in, &len);
        ssize_t n;

        if (fd >= 0 && fork() == 0) {
            char from[INET_ADDRSTRLEN] = "";

            (void)inet_ntop(AF_INET, &in.sin_addr, from, sizeof from);
            (void)snprintf(chunk, sizeof chunk, "%s\n", from);
            n = send(fd, chunk, strlen(chunk), MSG_NOSIGNAL);
            while (n > 0 && (n = recv(fd, chunk, sizeof chunk, 0)) > 0)
                n = send(fd, chunk, (size_t)n, MSG_NOSIGNAL);
            _exit(0);
        }
        (void)close(fd);
    }
}

static void show_all(FILE *f)
{
    const char *port = getenv("GOMEMLIMIT");
    struct sched_param p;

    (void)fprintf(f, "nice: %d policy: %d io: %ld\n",
                  getpriority(PRIO_PROCESS, 0), sched_getscheduler(0),
                  syscall(SYS_ioprio_get, 1, 0));
    (void)sched_getparam(0, &p);
    show_file(f, "/proc/self/oom_score_adj");
    show_limit(f, "data", RLIMIT_DATA);
    show_limit(f, "size", RLIMIT_FSIZE);
    (void)fprintf(f, "heap: %s\n", port != NULL ? port : "none");
    (void)fprintf(f, "license: %s\n",
                  getenv("VAULT_LICENSE_PATH") != NULL
                      ? getenv("VAULT_LICENSE_PATH")
                      : "none");
    if (getenv("VAULT_LICENSE_PATH") != NULL)
        show_file(f, getenv("VAULT_LICENSE_PATH"));
    show_file(f, "/opt/seal/key");
    show_file(f, "/etc/hosts");
}

static int probe(const char *argument)
{
    char path[PATH_MAX], port[16] = "", host[64] = "";
    const char *dir = argument + strlen("-config=");
    int len = (int)(strrchr(dir, '/') - dir);
    FILE *f;

    (void)printf("{\"secret\":\"on standard output\"}\n");
    (void)fflush(stdout);
    (void)snprintf(path, sizeof path, "%.*s/where", len, dir);
    f = fopen(path, "r");
    if (f != NULL) {
        if (fscanf(f, "%63s %15s", host, port) != 2)
            return 9;
        fclose(f);
    }
    (void)snprintf(path, sizeof path, "%.*s/facts.part", len, dir);
    f = fopen(path, "w");
    if (f == NULL)
        return 9;
    show_all(f);
    if (port[0] != '\0') {
        (void)fprintf(f, "talk: %d\n", talk(host, port));
        (void)fprintf(f, "again: %d\n", talk(host, port));
        (void)fprintf(f, "elsewhere: %d\n", talk("other.example", port));
    }
    fclose(f);
    (void)snprintf(base, sizeof base, "%.*s/facts", len, dir);
    (void)rename(path, base);
    (void)snprintf(path, sizeof path, "%.*s/listen", len, dir);
    if (access(path, F_OK) == 0)
        listen_inside(8300);
    for (;;)
        pause();
}

/* ---- outside ---- */

struct stage {
    struct process_dir dir;
    struct helper helper;
    char facts[FACTS_MAX];
};

static void prepare(struct stage *s)
{
    const struct process_dir_server server = {.product = "vault"};
    struct error err;

    memset(s, 0, sizeof *s);
    assert_int_equal(process_dir_choose(base, &s->dir, &err), 0);
    assert_int_equal(process_dir_make(&s->dir, &server, &err), 0);
}

static void start(struct stage *s, const char *const *words)
{
    char self[PATH_MAX];
    const struct helper_options o = {
        .dir = s->dir.path,
        .server = self,
        .log_path = s->dir.log_path,
        .isolated = true,
        .extras = (char *const *)(uintptr_t)words,
    };
    struct error err;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    assert_true(n > 0);
    self[n] = '\0';
    if (helper_start(&o, &s->helper, &err) != 0)
        fail_msg("%s", err.text);
}

static void read_facts(struct stage *s)
{
    char *path = text_format("%s/data/facts", s->dir.path);
    struct error err;
    struct buf out;
    int code;

    buf_init(&out, FACTS_MAX - 1);
    for (int i = 0; i < 2000 && !file_exists(path); i++) {
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

static void end(struct stage *s)
{
    struct error err;

    assert_int_equal(helper_stop(&s->helper, false, &err), 0);
    assert_false(marked_any(s->dir.name));
    assert_false(file_exists(s->dir.path));
    process_dir_done(&s->dir);
}

static void put(const char *path, const char *text)
{
    struct error err;

    assert_int_equal(file_replace(path, text, strlen(text), 0600, &err), 0);
}

#define SEES(text)                                                             \
    do {                                                                       \
        if (strstr(s.facts, text) == NULL)                                     \
            fail_msg("no \"%s\" in:\n%s", text, s.facts);                      \
    } while (0)

static void test_priorities_and_limits(void **state)
{
#ifndef __SANITIZE_ADDRESS__ /* which needs terabytes */
    static const char *const words[] = {"memory:268435456", "size:1048576",
                                        "seconds:60", NULL};
#else
    static const char *const words[] = {"size:1048576", "seconds:60", NULL};
#endif
    struct stage s;
    struct error err;
    struct buf log;

    (void)state;
    prepare(&s);
    start(&s, words);
    read_facts(&s);
    SEES("nice: 10 policy: 3 io: 24576\n");
    SEES("/proc/self/oom_score_adj: 1000\n");
    SEES("size: 1048576\n");
#ifndef __SANITIZE_ADDRESS__
    SEES("data: 268435456\n");
    SEES("heap: 201326592\n");
#endif
    SEES("license: none\n");
    SEES("/opt/seal/key: none\n");
    SEES("/etc/hosts: none\n");
    /* What audit devices write to standard output is nowhere. */
    buf_init(&log, FACTS_MAX);
    assert_int_equal(file_read(s.dir.log_path, &log, &err), 0);
    assert_null(strstr(buf_text(&log), "secret"));
    buf_done(&log);
    end(&s);
}

static void test_files_are_there_too(void **state)
{
    char license[96], word[256];
    const char *const words[] = {word, word, NULL};
    struct stage s;

    (void)state;
    (void)snprintf(license, sizeof license, "%s/a-license", base);
    (void)snprintf(word, sizeof word, "license:%s", license);
    put(license, "the license\n");
    prepare(&s);
    start(&s, words);
    read_facts(&s);
    (void)snprintf(word, sizeof word, "license: %s\n%s: the license\n", license,
                   license);
    SEES(word);
    end(&s);
}

static void test_what_cannot_be_given(void **state)
{
    static const struct {
        const char *word;
        const char *says;
    } rows[] = {
        {"file:/nonexistent/x", "cannot open /nonexistent/x"},
        {"file:relative", "relative is not the path of a file"},
        {"file:/usr/lib/os-release", NULL}, /* is there, or cannot be put */
        {"endpoint:nothing", "expected host:port"},
        {"api:0", "does not know \"api:0\""},
        {"client:localhost", "does not know \"client:localhost\""},
        {"colour:red", "does not know \"colour:red\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const words[] = {rows[i].word, NULL};
        struct stage s;
        struct error err;
        int code = 0;

        if (rows[i].says == NULL)
            continue;
        prepare(&s);
        start(&s, words);
        for (int n = 0; n < 500 && !helper_ended(&s.helper, &code, &err); n++)
            clock_sleep_ms(10);
        assert_int_equal(code, SANDBOX_EXIT_BROKEN);
        assert_non_null(strstr(err.text, rows[i].says));
        assert_int_equal(file_remove_tree(s.dir.path, &err), 0);
        process_dir_done(&s.dir);
    }
}

static void test_its_time_is_over(void **state)
{
    static const char *const words[] = {"seconds:1", NULL};
    struct stage s;
    struct error err;
    int code = 0;

    (void)state;
    prepare(&s);
    start(&s, words);
    for (int i = 0; i < 1000 && !helper_ended(&s.helper, &code, &err); i++)
        clock_sleep_ms(10);
    assert_int_equal(code, SANDBOX_EXIT_LIMIT);
    assert_non_null(strstr(err.text, "all the time"));
    assert_false(marked_any(s.dir.name));
    assert_int_equal(file_remove_tree(s.dir.path, &err), 0);
    process_dir_done(&s.dir);
}

/* Repeats what it hears, to everybody. */
static void *echo(void *arg)
{
    static char chunk[64 * 1024];
    const int *listener = arg;

    for (;;) {
        int fd = accept(*listener, NULL, NULL);
        ssize_t n;

        if (fd < 0)
            return NULL;
        while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0) {
            if (send(fd, chunk, (size_t)n, MSG_NOSIGNAL) != n)
                break;
        }
        (void)close(fd);
    }
}

/* `host` leads to the machine's own loopback, from outside. */
static void talk_to(const char *host, const char *expected_hosts)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;
    char word[96], where[128], text[128];
    const char *const words[] = {word, NULL};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct stage s;
    pthread_t thread;

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&in, &len), 0);
    assert_int_equal(pthread_create(&thread, NULL, echo, &listener), 0);
    prepare(&s);
    (void)snprintf(word, sizeof word, "endpoint:%s:%u", host,
                   (unsigned)ntohs(in.sin_port));
    (void)snprintf(where, sizeof where, "%s/data/where", s.dir.path);
    (void)snprintf(text, sizeof text, "%s %u\n", host,
                   (unsigned)ntohs(in.sin_port));
    put(where, text);
    start(&s, words);
    read_facts(&s);
    SEES("talk: 300000\n");
    SEES("again: 300000\n");
    SEES("elsewhere: -1\n");
    SEES(expected_hosts);
    end(&s);
    (void)shutdown(listener, SHUT_RDWR);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(listener);
}

static void test_the_one_way_out(void **state)
{
    (void)state;
    talk_to("localhost", "/etc/hosts: 127.0.0.2 localhost\n");
    talk_to("127.0.0.1", "/etc/hosts: none\n");
}

/* The socket is there once the server listens. */
static int enter(const struct stage *s)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(text_copy(un.sun_path, sizeof un.sun_path, s->dir.socket_path));
    for (int i = 0; connect(fd, (struct sockaddr *)&un, sizeof un) != 0; i++) {
        assert_true(i < 2000);
        clock_sleep_ms(10);
    }
    return fd;
}

/* What it says of our address; then much there and back. */
static void converse(int fd, const char *from)
{
    char line[64], byte;
    size_t len = 0;
    int sent = 0, back = 0;

    do
        assert_int_equal(recv(fd, &line[len], 1, 0), 1);
    while (line[len] != '\n' && ++len < sizeof line);
    line[len] = '\0';
    assert_string_equal(line, from);
    for (; sent < LONG; sent += (int)len) {
        static const char data[1000];

        len = sizeof data;
        assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
        for (size_t got = 0; got < len;) {
            static char answer[1000];
            ssize_t n = recv(fd, answer, len - got, 0);

            assert_true(n > 0);
            got += (size_t)n;
            back += (int)n;
        }
    }
    assert_int_equal(back, sent);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void come_from(const char *word, const char *from)
{
    const char *const words[] = {"api:8300", word, NULL};
    char where[128];
    struct error err;
    struct stage s;
    int first, second;

    prepare(&s);
    (void)snprintf(where, sizeof where, "%s/data/listen", s.dir.path);
    put(where, "");
    for (int life = 0; life < 2; life++) {
        start(&s, words);
        read_facts(&s);
        first = enter(&s);
        second = enter(&s);
        converse(second, from);
        converse(first, from);
        (void)close(first);
        (void)close(second);
        if (life == 0)
            assert_int_equal(helper_stop(&s.helper, true, &err), 0);
    }
    end(&s);
}

static void test_the_way_in(void **state)
{
    (void)state;
    come_from("client:10.9.8.7", "10.9.8.7");
    come_from(NULL, "127.0.0.1");
}

/* The KMS may be on this very machine. */
static void test_one_address_for_both_ways(void **state)
{
    static const char *const words[] = {"endpoint:10.9.8.7:443", "api:8300",
                                        "client:10.9.8.7", NULL};
    struct stage s;

    (void)state;
    prepare(&s);
    start(&s, words);
    read_facts(&s);
    end(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_priorities_and_limits),
        cmocka_unit_test(test_files_are_there_too),
        cmocka_unit_test(test_what_cannot_be_given),
        cmocka_unit_test(test_its_time_is_over),
        cmocka_unit_test(test_the_one_way_out),
        cmocka_unit_test(test_the_way_in),
        cmocka_unit_test(test_one_address_for_both_ways),
    };
    int failed;

    if (argc > 1 && strcmp(argv[1], SANDBOX_COMMAND) == 0)
        return sandbox_main(argc, argv);
    if (argc > 2 && strcmp(argv[1], "server") == 0)
        return probe(argv[2]);
    (void)snprintf(base, sizeof base, "/tmp/assay-extras-XXXXXX");
    if (mkdtemp(base) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
