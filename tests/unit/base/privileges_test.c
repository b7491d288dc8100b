/* SPDX-License-Identifier: Apache-2.0
 *
 * What is given up is given up for good: each change of the user has a child
 * of its own, and takes root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/privileges.h"
#include "base/process.h"
#include "base/secret.h"
#include "base/text.h"
#include "tests/support/child.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { LOCKING = 0 }; /* sanitizers make mlock do nothing */
#else
enum { LOCKING = 1 };
#endif

enum { GROUPS_MAX = 64, CAP_BIND = 1 << 10, CAP_LOCK = 1 << 14 };

static void in_child(void (*act)(void))
{
    if (geteuid() != 0) {
        print_message("only root can become somebody else: skipped\n");
        skip();
    }
    assert_int_equal(child_run(act), 0);
}

/* A set of rights in /proc/self/status: "CapPrm:\t" and 16 digits. */
static uint64_t status_of(const char *name)
{
    char line[256];
    uint8_t bytes[8];
    uint64_t set = 0;
    bool found = false;
    FILE *f = fopen("/proc/self/status", "r");

    CHILD_CHECK(f != NULL);
    while (!found && fgets(line, sizeof line, f) != NULL)
        found = text_starts(line, name);
    (void)fclose(f);
    CHILD_CHECK(found);
    CHILD_CHECK(
        text_unhex(text_trim(line + strlen(name)), bytes, sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; i++)
        set = set << 8 | bytes[i];
    return set;
}

static void become_nobody(void)
{
    struct privileges_user who;
    struct error err = {0};

    CHILD_CHECK(privileges_find("nobody", NULL, &who, &err) == 0);
    if (privileges_become(&who, &err) != 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
}

static void end_rights(void)
{
    struct error err = {0};

    CHILD_CHECK(privileges_end(&err) == 0);
}

static void check_groups(const struct passwd *nobody)
{
    gid_t expected[GROUPS_MAX], is[GROUPS_MAX];
    int count = GROUPS_MAX;
    int found = getgroups(GROUPS_MAX, is);

    CHILD_CHECK(getgrouplist(nobody->pw_name, nobody->pw_gid, expected,
                             &count) == found);
    for (int i = 0; i < found; i++) {
        bool known = false;

        for (int k = 0; k < count; k++)
            known = known || is[i] == expected[k];
        CHILD_CHECK(known);
    }
}

static void change_for_good(void)
{
    const struct passwd *nobody = getpwnam("nobody");
    uid_t uid[3];
    gid_t gid[3];

    become_nobody();
    CHILD_CHECK(getresuid(&uid[0], &uid[1], &uid[2]) == 0);
    CHILD_CHECK(getresgid(&gid[0], &gid[1], &gid[2]) == 0);
    for (int i = 0; i < 3; i++)
        CHILD_CHECK(uid[i] == nobody->pw_uid && gid[i] == nobody->pw_gid);
    check_groups(nobody);
    CHILD_CHECK(strcmp(getenv("HOME"), nobody->pw_dir) == 0);
    CHILD_CHECK(setuid(0) == -1 && seteuid(0) == -1);
    CHILD_CHECK(setgroups(0, NULL) == -1);
    CHILD_CHECK(chown("/", nobody->pw_uid, nobody->pw_gid) == -1);
    CHILD_CHECK(open("/etc/shadow", O_RDONLY | O_CLOEXEC) == -1);
    CHILD_CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    CHILD_CHECK(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 0);
}

static void there_is_no_way_back(void **state)
{
    (void)state;
    in_child(change_for_good);
}

static void take_a_group(void)
{
    struct privileges_user who;
    struct error err = {0};

    CHILD_CHECK(privileges_find("nobody", "daemon", &who, &err) == 0);
    CHILD_CHECK(privileges_become(&who, &err) == 0);
    CHILD_CHECK(getegid() == getgrnam("daemon")->gr_gid);
    CHILD_CHECK(geteuid() == getpwnam("nobody")->pw_uid);
}

static void the_group_may_be_another(void **state)
{
    (void)state;
    in_child(take_a_group);
}

static void run_script(const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    const struct process_options o = {.program = "/bin/sh",
                                      .argv = argv,
                                      .env = env,
                                      .stdin_fd = -1,
                                      .stdout_fd = -1,
                                      .stderr_fd = -1};
    struct error err = {0};
    int status = 0;
    pid_t pid = 0;

    CHILD_CHECK(process_start(&o, &pid, &err) == 0);
    CHILD_CHECK(process_wait(pid, -1, &status) == 1);
    CHILD_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void lose_rights(void)
{
    static const char no_rights[] =
        "! grep -E '^Cap(Inh|Prm|Eff|Amb):' /proc/self/status | "
        "grep -v '\t0*$'";
    const bool may_lower_bound = (status_of("CapEff:\t") & 1 << 8) != 0;
    const bool had_bind = (status_of("CapPrm:\t") & CAP_BIND) != 0;

    become_nobody();
    CHILD_CHECK(status_of("CapPrm:\t") == (had_bind ? CAP_BIND : 0));
    CHILD_CHECK(status_of("CapEff:\t") == (had_bind ? CAP_BIND : 0));
    CHILD_CHECK(status_of("CapInh:\t") == 0 && status_of("CapAmb:\t") == 0);
    CHILD_CHECK(!may_lower_bound || status_of("CapBnd:\t") == 0);
    run_script(no_rights);
    end_rights();
    CHILD_CHECK(status_of("CapPrm:\t") == 0 && status_of("CapEff:\t") == 0);
    CHILD_CHECK(status_of("CapInh:\t") == 0 && status_of("CapAmb:\t") == 0);
    run_script(no_rights);
    CHILD_CHECK(setuid(0) == -1);
}

static void one_right_is_left_then_none(void **state)
{
    (void)state;
    in_child(lose_rights);
}

/* Bound to a port below 1024 that nobody has; 0 when that is not let. */
static int bind_low(void)
{
    for (uint16_t port = 1023; port > 512; port--) {
        struct sockaddr_in in = {.sin_family = AF_INET,
                                 .sin_port = htons(port)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int rc, why;

        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        rc = bind(fd, (const struct sockaddr *)&in, sizeof in);
        why = errno;
        (void)close(fd);
        if (rc == 0)
            return port;
        errno = why;
        if (why != EADDRINUSE)
            return 0;
    }
    return 0;
}

/* Everybody may bind ports from this one on. */
static uint64_t unprivileged_from(void)
{
    char text[32];
    uint64_t from = 1024;
    FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");

    if (f != NULL && fgets(text, sizeof text, f) != NULL)
        CHILD_CHECK(text_u64(text_trim(text), &from));
    if (f != NULL)
        (void)fclose(f);
    return from;
}

static void bind_between(void)
{
    const bool had_bind = (status_of("CapPrm:\t") & CAP_BIND) != 0;

    if (!had_bind || unprivileged_from() < 1024) {
        (void)fprintf(stderr, "ports below 1024 are not looked at here\n");
        return;
    }
    become_nobody();
    CHILD_CHECK(bind_low() != 0);
    end_rights();
    CHILD_CHECK(bind_low() == 0 && errno == EACCES);
}

static void low_ports_are_bound_in_between(void **state)
{
    (void)state;
    in_child(bind_between);
}

/* Where fs.suid_dumpable is 0 the change itself would do it. */
static bool hardened_afterwards;
void __real_secret_harden_process(void);
void __wrap_secret_harden_process(void);

void __wrap_secret_harden_process(void)
{
    hardened_afterwards = geteuid() != 0;
    __real_secret_harden_process();
}

static void stay_hardened(void)
{
    struct rlimit core;
    int number = 0;

    CHILD_CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
    become_nobody();
    end_rights();
    CHILD_CHECK(hardened_afterwards);
    CHILD_CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    CHILD_CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur <= 1);
    CHILD_CHECK(prctl(PR_GET_PDEATHSIG, &number) == 0 && number == SIGKILL);
}

static void is_hardened_as_before(void **state)
{
    (void)state;
    in_child(stay_hardened);
}

/* Root's right to lock as much as it likes counts for the arena. */
static void lock_secrets(void)
{
    const struct rlimit none = {0, 0};
    const bool may_lock = (status_of("CapEff:\t") & CAP_LOCK) != 0;

    CHILD_CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    become_nobody();
    CHILD_CHECK(!LOCKING || !may_lock || secret_memory_is_locked());
}

static void secrets_are_locked_as_root_may(void **state)
{
    (void)state;
    in_child(lock_secrets);
}

static void nothing_ends_that_has_not_begun(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(privileges_end(&err), 0);
}

static void finds_by_name_and_number(void **state)
{
    struct privileges_user by_name, by_number;
    struct error err = {0};
    char number[32];

    (void)state;
    assert_int_equal(privileges_find("nobody", NULL, &by_name, &err), 0);
    assert_string_equal(by_name.name, "nobody");
    assert_int_equal(by_name.gid, getpwnam("nobody")->pw_gid);
    assert_string_equal(by_name.home, getpwnam("nobody")->pw_dir);
    (void)snprintf(number, sizeof number, "%u", (unsigned)by_name.uid);
    assert_int_equal(privileges_find(number, "0", &by_number, &err), 0);
    assert_string_equal(by_number.name, "nobody");
    assert_int_equal(by_number.uid, by_name.uid);
    assert_int_equal(by_number.gid, 0);
}

static void assert_refused(const char *user, const char *group, const char *why)
{
    struct privileges_user who;
    struct error err = {0};

    assert_int_equal(privileges_find(user, group, &who, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, why));
}

static void refuses_root_and_strangers(void **state)
{
    (void)state;
    assert_refused("root", NULL, "user: root is root");
    assert_refused("0", NULL, "user: 0 is root");
    assert_refused("no-such-user", NULL, "user: no user no-such-user here");
    assert_refused("4123456789", NULL, "user: no user 4123456789 here");
    assert_refused("nobody", "no-such-group",
                   "group: no group no-such-group here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_no_way_back),
        cmocka_unit_test(the_group_may_be_another),
        cmocka_unit_test(one_right_is_left_then_none),
        cmocka_unit_test(low_ports_are_bound_in_between),
        cmocka_unit_test(is_hardened_as_before),
        cmocka_unit_test(secrets_are_locked_as_root_may),
        cmocka_unit_test(nothing_ends_that_has_not_begun),
        cmocka_unit_test(finds_by_name_and_number),
        cmocka_unit_test(refuses_root_and_strangers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
