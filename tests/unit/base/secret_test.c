/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "freed.h"

static void wipes_when_given_back(void **state)
{
    char *a = secret_dup("hvs.secret");
    char *b = secret_dup("other");

    (void)state;
    assert_string_equal(a, "hvs.secret");
    secret_free(a);
    /* The arena is never unmapped: what was there can be looked at. */
    assert_int_equal(a[0], '\0');
    assert_int_equal(a[9], '\0');
    assert_string_equal(b, "other");
    secret_free(b);
    secret_free(NULL);
}

static void wipes_the_heap_too(void **state)
{
    char *a = malloc(sizeof FREED_MARK);

    (void)state;
    freed_reset();
    memcpy(a, FREED_MARK, sizeof FREED_MARK);
    a = secret_heap_realloc(a, 10); /* a smaller one is not looked for */
    assert_string_equal(a, FREED_MARK);
    a = secret_heap_realloc(a, 10000);
    assert_string_equal(a, FREED_MARK);
    secret_heap_free(a);
    secret_heap_free(secret_heap_realloc(NULL, 10));
    secret_heap_free(NULL);
    assert_int_equal(freed_marked(), 0);
}

static void says_when_it_is_full(void **state)
{
    char big[1000];
    char *all[1000];
    size_t n = 0;

    (void)state;
    memset(big, 'x', sizeof big);
    while (n < 1000 && (all[n] = secret_new(big, sizeof big)) != NULL)
        n++;
    assert_in_range(n, 100, 999);
    while (n > 0)
        secret_free(all[--n]);
    all[0] = secret_new(big, sizeof big);
    assert_non_null(all[0]);
    secret_free(all[0]);
    assert_null(secret_new(big, (size_t)1 << 40));
}

static void reads_the_first_line_of_a_file(void **state)
{
    char dir[] = "/tmp/assay-secret-XXXXXX";
    struct error err;
    char *path, *s;

    (void)state;
    assert_non_null(mkdtemp(dir));
    path = text_format("%s/s", dir);
    assert_int_equal(file_replace(path, " abc \r\nno", 9, 0600, &err), 0);
    assert_int_equal(secret_read_file(path, &s, &err), 0);
    assert_string_equal(s, "abc");
    secret_free(s);
    assert_int_equal(file_replace(path, "\nabc", 4, 0600, &err), 0);
    assert_int_equal(secret_read_file(path, &s, &err), -1);
    assert_null(strstr(err.text, "abc"));
    assert_int_equal(file_remove_tree(dir, &err), 0);
    assert_int_equal(secret_read_file(path, &s, &err), -1);
    free(path);
}

/* Sanitizers say that memory is locked, and do nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { LOCKING = 0 };
#else
enum { LOCKING = 1 };
#endif

/* Lower case, as the kernel writes it; *text moves behind it. */
static uintptr_t read_hex(const char **text)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit;
    uintptr_t n = 0;

    while (**text != '\0' && (digit = strchr(digits, **text)) != NULL) {
        n = n * 16 + (uintptr_t)(digit - digits);
        (*text)++;
    }
    return n;
}

/* The line of /proc/self/smaps that begins with `name`, of the mapping that
 * holds `p`. */
static bool smaps_line(const void *p, const char *name, char out[256])
{
    FILE *f = fopen("/proc/self/smaps", "r");
    bool inside = false, found = false;
    char line[256];

    assert_non_null(f);
    while (!found && fgets(line, sizeof line, f) != NULL) {
        const char *at = line;
        uintptr_t from = read_hex(&at);

        if (at != line && *at++ == '-') {
            inside = (uintptr_t)p >= from && (uintptr_t)p < read_hex(&at);
        } else if (inside && strncmp(line, name, strlen(name)) == 0) {
            memcpy(out, line, sizeof line);
            found = true;
        }
    }
    (void)fclose(f);
    return found;
}

static void is_locked_and_left_out_of_cores(void **state)
{
    char *s = secret_dup("hvs.secret");
    char flags[256];

    (void)state;
    assert_non_null(s);
    assert_true(smaps_line(s, "VmFlags:", flags));
    assert_non_null(strstr(flags, " dd"));
    if (LOCKING && secret_memory_is_locked())
        assert_non_null(strstr(flags, " lo"));
    else
        assert_null(strstr(flags, " lo"));
    secret_free(s);
}

/* What the child's wait status is after it has run `act`. */
static int in_child(void (*act)(void))
{
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* The first and the last slot, one step beyond. */
static void touch_before(void)
{
    volatile char *p = secret_dup("x");

    if (p == NULL)
        _exit(2);
    /* Nothing else is in the arena: it is the first slot. */
    p[-1] = 'y';
}

static void touch_behind(void)
{
    volatile char *p = secret_dup("x");

    if (p == NULL)
        _exit(2);
    p[4096 * 64] = 'y';
}

static void has_guards_at_both_ends(void **state)
{
    int before = in_child(touch_before);
    int behind = in_child(touch_behind);

    (void)state;
    /* A sanitizer ends the process itself. */
    assert_true(WIFSIGNALED(before) || WEXITSTATUS(before) == 1);
    assert_true(WIFSIGNALED(behind) || WEXITSTATUS(behind) == 1);
}

static void lock_nothing(void)
{
    const struct rlimit none = {0, 0};
    char *s;

    /* Whoever may lock anything is not limited. */
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
        (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0))
        _exit(2);
    if (LOCKING && secret_memory_is_locked())
        _exit(3);
    s = secret_dup("still works");
    if (s == NULL || strcmp(s, "still works") != 0)
        _exit(4);
}

/* The arena of this process must not be there yet. */
static void goes_on_when_nothing_may_be_locked(void **state)
{
    int status = in_child(lock_nothing);

    (void)state;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void crash_hardened(void)
{
    struct rlimit limit;

    secret_harden_process();
    if (prctl(PR_GET_DUMPABLE) != 0)
        _exit(2);
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur > 1 ||
        limit.rlim_max > 1)
        _exit(3);
    (void)signal(SIGABRT, SIG_DFL);
    (void)raise(SIGABRT);
}

static void leaves_no_core(void **state)
{
    int status = in_child(crash_hardened);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_false(WCOREDUMP(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_when_nothing_may_be_locked),
        cmocka_unit_test(has_guards_at_both_ends),
        cmocka_unit_test(leaves_no_core),
        cmocka_unit_test(is_locked_and_left_out_of_cores),
        cmocka_unit_test(wipes_when_given_back),
        cmocka_unit_test(wipes_the_heap_too),
        cmocka_unit_test(says_when_it_is_full),
        cmocka_unit_test(reads_the_first_line_of_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
