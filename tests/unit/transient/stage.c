/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "transient/marked.h"
#include "transient/sandbox.h"

enum { SKIPPED = 77 };

char stage_base[64];

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
    static char data[STAGE_LONG];
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
    (void)snprintf(stage_base, sizeof stage_base, "%.*s/facts", len, dir);
    (void)rename(path, stage_base);
    (void)snprintf(path, sizeof path, "%.*s/listen", len, dir);
    if (access(path, F_OK) == 0)
        listen_inside(STAGE_PORT);
    for (;;)
        pause();
}

/* ---- outside ---- */

void stage_prepare(struct stage *s)
{
    const struct process_dir_server server = {.product = "vault"};
    struct error err;

    memset(s, 0, sizeof *s);
    assert_int_equal(process_dir_choose(stage_base, &s->dir, &err), 0);
    assert_int_equal(process_dir_make(&s->dir, &server, &err), 0);
}

void stage_start(struct stage *s, const char *const *words)
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

void stage_read_facts(struct stage *s)
{
    char *path = text_format("%s/data/facts", s->dir.path);
    struct error err;
    struct buf out;
    int code;

    buf_init(&out, STAGE_FACTS_MAX - 1);
    for (int i = 0; i < 2000 && !file_exists(path); i++) {
        if (helper_ended(&s->helper, &code, &err)) {
            if (code == SANDBOX_EXIT_NO_ISOLATION) {
                print_message("skipped: %s\n", err.text);
                exit(file_remove_tree(stage_base, &err) == 0 ? SKIPPED : 1);
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

void stage_end(struct stage *s)
{
    struct error err;

    assert_int_equal(helper_stop(&s->helper, false, &err), 0);
    assert_false(marked_any(s->dir.name));
    assert_false(file_exists(s->dir.path));
    process_dir_done(&s->dir);
}

void stage_put(const char *path, const char *text)
{
    struct error err;

    assert_int_equal(file_replace(path, text, strlen(text), 0600, &err), 0);
}

int stage_begin(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], SANDBOX_COMMAND) == 0)
        return sandbox_main(argc, argv);
    if (argc > 2 && strcmp(argv[1], "server") == 0)
        return probe(argv[2]);
    (void)snprintf(stage_base, sizeof stage_base, "/tmp/assay-extras-XXXXXX");
    return mkdtemp(stage_base) == NULL ? 1 : -1;
}

int stage_over(int failed)
{
    return file_remove_tree(stage_base, NULL) == 0 ? failed : failed + 1;
}
