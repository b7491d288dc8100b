/* SPDX-License-Identifier: Apache-2.0
 *
 * One message is one sandbox: its words, a NUL behind each, and three
 * descriptors.  One message comes back. */
#include "transient/launcher.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/process.h"
#include "base/text.h"
#include "transient/helper.h"
#include "transient/sandbox.h"

/* Of one message. */
enum {
    FDS = 3,
    WORDS_MAX = 2 + HELPER_EXTRAS_MAX,
    MESSAGE_MAX = 64 * 1024,
    FIRST_WORDS = 5, /* assay __sandbox <dir> <server> isolated */
};

struct answer {
    int rc;
    pid_t pid; /* also when rc is -1: to be waited for */
    struct error err;
};

/* A message and room for its descriptors. */
struct message {
    char text[MESSAGE_MAX];
    size_t len;
    int fds[FDS];
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int[FDS]))];
};

/* `lock` is held while it is asked: one answer belongs to one message. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int to_launcher = -1;
static pid_t launcher;

int launcher_open(const char *dir, struct error *err)
{
    const char *const argv[] = {"assay", LAUNCHER_COMMAND, dir, NULL};
    struct process_options o = {.program = "/proc/self/exe",
                                .argv = argv,
                                .stdout_fd = -1,
                                .stderr_fd = -1,
                                .new_group = true};
    int ends[2];
    int rc;

    assert(to_launcher < 0);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot make a socket");
    o.stdin_fd = ends[1];
    rc = process_start(&o, &launcher, err);
    (void)close(ends[1]);
    if (rc == 0)
        to_launcher = ends[0];
    else
        (void)close(ends[0]);
    return rc;
}

bool launcher_is_open(void)
{
    return to_launcher >= 0;
}

void launcher_close(void)
{
    if (to_launcher < 0)
        return;
    (void)close(to_launcher);
    to_launcher = -1;
    process_kill(launcher, false);
}

static int send_message(int to, struct message *m)
{
    struct iovec text = {.iov_base = m->text, .iov_len = m->len};
    struct msghdr head = {.msg_iov = &text,
                          .msg_iovlen = 1,
                          .msg_control = m->control,
                          .msg_controllen = sizeof m->control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&head);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof m->fds);
    memcpy(CMSG_DATA(c), m->fds, sizeof m->fds);
    return sendmsg(to, &head, MSG_NOSIGNAL) == (ssize_t)m->len ? 0 : -1;
}

/* 1, 0 when nobody is there any more, -1 when it was no such message. */
static int receive_message(int from, struct message *m)
{
    struct iovec text = {.iov_base = m->text, .iov_len = sizeof m->text};
    struct msghdr head = {.msg_iov = &text,
                          .msg_iovlen = 1,
                          .msg_control = m->control,
                          .msg_controllen = sizeof m->control};
    struct cmsghdr *c;
    ssize_t n;

    do {
        n = recvmsg(from, &head, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return 0;
    m->len = (size_t)n;
    c = CMSG_FIRSTHDR(&head);
    if (c == NULL || c->cmsg_type != SCM_RIGHTS ||
        c->cmsg_len != CMSG_LEN(sizeof m->fds))
        return -1;
    memcpy(m->fds, CMSG_DATA(c), sizeof m->fds);
    return 1;
}

static bool pack(struct message *m, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t size = strlen(words[i]) + 1;

        if (i >= WORDS_MAX || size > sizeof m->text - m->len)
            return false;
        memcpy(m->text + m->len, words[i], size);
        m->len += size;
    }
    return true;
}

static int ask(struct message *m, struct answer *a, struct error *err)
{
    ssize_t n = -1;

    pthread_mutex_lock(&lock);
    if (send_message(to_launcher, m) == 0) {
        do {
            n = recv(to_launcher, a, sizeof *a, 0);
        } while (n < 0 && errno == EINTR);
    }
    pthread_mutex_unlock(&lock);
    if (n != (ssize_t)sizeof *a)
        return error_set(err, ERR_INTERNAL,
                         "the process that starts sandboxes is gone; restart "
                         "assay");
    return 0;
}

int launcher_start(const char *const *words, const int fds[3], pid_t *pid,
                   struct error *err)
{
    struct message *m = calloc(1, sizeof *m);
    struct answer a = {.rc = -1};
    int status;
    int rc = -1;

    if (m == NULL)
        return error_memory(err);
    memcpy(m->fds, fds, sizeof m->fds);
    if (!pack(m, words)) {
        error_set(err, ERR_TOO_LARGE, "too many files for a sandbox");
        goto done;
    }
    if (ask(m, &a, err) != 0)
        goto done;
    if (a.rc == 0) {
        *pid = a.pid;
        rc = 0;
    } else {
        if (a.pid > 0)
            (void)process_wait(a.pid, -1, &status);
        *err = a.err;
    }
done:
    free(m);
    return rc;
}

/* The sandbox removes that directory and binds what is in it. */
static bool is_below(const char *dir, const char *top)
{
    char real[PATH_MAX], real_top[PATH_MAX];
    size_t len;

    if (realpath(dir, real) == NULL || realpath(top, real_top) == NULL)
        return false;
    len = strlen(real_top);
    return strncmp(real, real_top, len) == 0 && real[len] == '/';
}

static int unpack(struct message *m, const char *argv[], struct error *err)
{
    char *at = m->text;
    char *end = m->text + m->len;
    size_t n = 0;

    if (m->len == 0 || end[-1] != '\0')
        return error_set(err, ERR_INVALID, "words without an end");
    for (; at < end; at += strlen(at) + 1) {
        if (n == WORDS_MAX)
            return error_set(err, ERR_INVALID, "too many words");
        /* dir and server, "isolated", then the others. */
        argv[(n < 2 ? 2 : 3) + n] = at;
        n++;
    }
    return n >= 2 ? 0 : error_set(err, ERR_INVALID, "too few words");
}

static void launch(struct message *m, const char *top, struct answer *a)
{
    const char *argv[FIRST_WORDS + WORDS_MAX] = {"assay", SANDBOX_COMMAND};
    const struct process_options o = {
        .program = "/proc/self/exe",
        .argv = argv,
        .dir = "/",
        .stdin_fd = m->fds[0],
        .stdout_fd = m->fds[1],
        .stderr_fd = m->fds[2],
        .new_group = true,
        .sibling = true,
    };

    argv[4] = "isolated";
    if (unpack(m, argv, &a->err) != 0)
        return;
    if (!is_below(argv[2], top)) {
        error_set(&a->err, ERR_INVALID,
                  "a sandbox is started below %s and nowhere else", top);
        return;
    }
    a->rc = process_start(&o, &a->pid, &a->err);
}

int launcher_main(int argc, char **argv)
{
    static struct message m;
    int got;

    if (argc != 2)
        return 2;
    while ((got = receive_message(STDIN_FILENO, &m)) != 0) {
        struct answer a = {.rc = -1};

        if (got > 0) {
            launch(&m, argv[1], &a);
            for (int i = 0; i < FDS; i++)
                (void)close(m.fds[i]);
        } else {
            error_set(&a.err, ERR_INVALID, "not a message");
        }
        if (send(STDIN_FILENO, &a, sizeof a, MSG_NOSIGNAL) != (ssize_t)sizeof a)
            break;
    }
    return 0;
}
