/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/sandbox_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/confine.h"
#include "transient/forward.h"
#include "transient/relay.h"
#include "transient/sandbox.h"
#include "transient/sandbox_room.h"
#include "transient/server_config.h"

/* CLOSE_RANGE_CLOEXEC, which old headers lack. */
enum { CLOSE_ON_EXEC = 1U << 2 };

static int sub_path(const struct sandbox_helper *h, const char *name,
                    char out[PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s/%s", h->dir, name);

    return n > 0 && n < PATH_MAX ? 0 : -1;
}

__attribute__((noreturn)) static void
child_give_up(const struct sandbox_helper *h, int code, const char *text)
{
    struct sandbox_verdict v;
    ssize_t n;

    memset(&v, 0, sizeof v);
    v.code = code;
    (void)snprintf(v.text, sizeof v.text, "%s", text);
    n = write(h->told[1], &v, sizeof v);
    (void)n;
    _exit(code);
}

/* The helper may have died before the parent-death signal was asked for;
 * then its end of the pipe is closed. */
static bool helper_is_alive(const struct sandbox_helper *h)
{
    struct pollfd p = {.fd = h->alive[0], .events = POLLIN};

    return poll(&p, 1, 0) == 0;
}

static void child_wait_for_maps(const struct sandbox_helper *h)
{
    char byte;

    (void)close(h->alive[1]);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (read(h->alive[0], &byte, 1) != 1)
        _exit(SANDBOX_EXIT_BROKEN);
}

/* A syslog audit device keeps a server from becoming active unless somebody
 * takes what it says: the helper does, and drops it. */
static int child_offer_syslog(const struct sandbox_helper *h)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

    return bind(h->syslog, (struct sockaddr *)&un, sizeof un);
}

/* Standard input was the leash: the server must not hold it.  Its log goes
 * to standard error; to standard output go a banner, and audit devices with
 * `file_path = "stdout"`, perhaps raw. */
static int child_clean_fds(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0)
        return -1;
    return 0;
}

static void child_reset_signals(void)
{
    static const int handled[] = {SIGCHLD, SIGTERM, SIGINT,
                                  SIGHUP,  SIGPIPE, SIGXFSZ};
    sigset_t none;
    size_t i;

    for (i = 0; i < sizeof handled / sizeof handled[0]; i++)
        (void)signal(handled[i], SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

__attribute__((noreturn)) static void
child_exec(struct sandbox_helper *h, const char *program, const char *data)
{
    char config[PATH_MAX + 64];
    char name[PATH_MAX];
    char command[] = "server";
    char *argv[] = {name, command, config, NULL};
    char text[ERROR_TEXT_MAX];
    struct error err;

    (void)snprintf(name, sizeof name, "%s", program);
    (void)snprintf(config, sizeof config, "-config=%s/%s", data,
                   SANDBOX_CONFIG);
    /* Asked for again: a change of credentials clears it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (!helper_is_alive(h))
        _exit(SANDBOX_EXIT_BROKEN);
    child_reset_signals();
    (void)syscall(SYS_close_range, 3, ~0U, CLOSE_ON_EXEC);
    if (sandbox_extras_limit(&h->extras, &err) != 0)
        child_give_up(h, SANDBOX_EXIT_BROKEN, err.text);
    execve(program, argv, sandbox_extras_env(&h->extras));
    (void)snprintf(text, sizeof text, "cannot execute %s: %s", h->server,
                   strerror(errno));
    child_give_up(h, SANDBOX_EXIT_NO_SERVER, text);
}

static struct forward way_in(const struct sandbox_helper *h,
                             const char *socket_path)
{
    return (struct forward){.socket_path = socket_path,
                            .port = h->extras.api_port,
                            .from = h->extras.client};
}

/* Not the system's refusal, should it fail. */
static int child_arrange(void *ctx, struct error *err)
{
    struct sandbox_helper *h = ctx;
    const struct forward f = way_in(h, NULL);

    if (sandbox_extras_place(&h->extras, err) != 0 ||
        forward_prepare(&f, err) != 0 ||
        (h->extras.has_endpoint &&
         relay_offer(&h->extras.endpoint, h->handover[1], err) != 0))
        child_give_up(h, SANDBOX_EXIT_BROKEN, err->text);
    return 0;
}

static void child_forward(const struct sandbox_helper *h)
{
    char path[PATH_MAX];
    const struct forward f = way_in(h, path);
    struct error err;

    (void)snprintf(path, sizeof path, "/%s/" SERVER_SOCKET, h->name);
    if (h->extras.api_port != 0 && forward_start(&f, &err) != 0)
        child_give_up(h, SANDBOX_EXIT_BROKEN, err.text);
}

__attribute__((noreturn)) static void child_isolated(struct sandbox_helper *h)
{
    char root[PATH_MAX], data[PATH_MAX], program[NAME_MAX + 16];
    struct sandbox_room room = {.name = h->name,
                                .root = root,
                                .data = data,
                                .server = h->server,
                                .arrange = child_arrange,
                                .ctx = h};
    struct error err;

    child_wait_for_maps(h);
    if (sub_path(h, SANDBOX_ROOT, root) != 0 ||
        sub_path(h, SANDBOX_DATA, data) != 0 || child_clean_fds() != 0)
        child_give_up(h, SANDBOX_EXIT_BROKEN, "cannot prepare the sandbox");
    if (sandbox_room_enter(&room, &err) != 0)
        child_give_up(h, SANDBOX_EXIT_NO_ISOLATION, err.text);
    if (child_offer_syslog(h) != 0)
        child_give_up(h, SANDBOX_EXIT_BROKEN, "cannot offer a /dev/log");
    child_forward(h);
    /* What the namespaces do not keep from it.  Where there is no such thing,
     * they must do. */
    if (confine_calls(&err) != 0 && err.kind != ERR_PRECONDITION)
        child_give_up(h, SANDBOX_EXIT_BROKEN, err.text);
    (void)snprintf(program, sizeof program, "/%s.server", h->name);
    (void)snprintf(data, sizeof data, "/%s", h->name);
    child_exec(h, program, data);
}

__attribute__((noreturn)) static void child_open(struct sandbox_helper *h)
{
    char data[PATH_MAX];

    child_wait_for_maps(h);
    (void)setsid();
    if (sub_path(h, SANDBOX_DATA, data) != 0 || child_clean_fds() != 0)
        child_give_up(h, SANDBOX_EXIT_BROKEN, "cannot prepare the server");
    child_exec(h, h->server, data);
}

void sandbox_child(struct sandbox_helper *h)
{
    if (h->isolated)
        child_isolated(h);
    child_open(h);
}
