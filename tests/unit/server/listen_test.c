/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/listen.h"

static void reports_the_real_port(void **state)
{
    struct listener first;
    struct listener second;
    struct error err = {0};

    (void)state;
    assert_int_equal(listen_open("127.0.0.1:0", NULL, &first, &err), 0);
    assert_int_equal(strncmp(first.address, "127.0.0.1:", 10), 0);
    assert_string_not_equal(first.address, "127.0.0.1:0");
    assert_int_equal(listen_open(first.address, NULL, &second, &err), -1);
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.text, first.address));
    listen_close(&first);
    listen_close(&first);
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:65536",
        "::1:8210",
        "127.0.0.1:-1",
        "300.0.0.1:80",
        "unix://",
        "unix://relative/path",
        ("unix:///tmp/01234567890123456789012345678901234567890123456789012345"
         "6789012345678901234567890123456789012345678901234567890123456789"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct listener listener;
        struct error err = {0};

        assert_int_equal(listen_open(bad[i], NULL, &listener, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

static char dir[] = "/tmp/assay-listen-XXXXXX";
static char path[64];
static char address[80];

static int make_dir(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/socket", dir);
    (void)snprintf(address, sizeof(address), "unix://%s", path);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

static bool can_connect(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    bool can;

    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    can = connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0;
    (void)close(fd);
    return can;
}

static void a_socket_in_the_file_system(void **state)
{
    const struct server_socket open = {.mode = 0666};
    struct listener first;
    struct listener second;
    struct error err = {0};
    struct stat st;

    (void)state;
    assert_int_equal(listen_open(address, NULL, &first, &err), 0);
    assert_string_equal(first.address, address);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFSOCK | 0600);
    assert_true(can_connect());
    /* Somebody listens: it is left alone. */
    assert_int_equal(listen_open(address, NULL, &second, &err), -1);
    assert_non_null(strstr(err.text, "somebody else does"));
    assert_true(can_connect());
    listen_close(&first);
    assert_int_equal(access(path, F_OK), -1);
    listen_close(&first);

    assert_int_equal(listen_open(address, &open, &first, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFSOCK | 0666);
    listen_close(&first);
}

static void what_was_left_behind_is_replaced(void **state)
{
    struct listener first;
    struct listener second;
    struct error err = {0};

    (void)state;
    assert_int_equal(listen_open(address, NULL, &first, &err), 0);
    /* As after a crash: the file stays, nobody listens. */
    (void)close(first.fd);
    assert_false(can_connect());
    assert_int_equal(listen_open(address, NULL, &second, &err), 0);
    assert_true(can_connect());
    listen_stop(&second);
    assert_int_equal(access(path, F_OK), -1);
    /* From then on the place is free, and somebody else's. */
    assert_int_equal(listen_open(address, NULL, &first, &err), 0);
    listen_close(&second);
    assert_true(can_connect());
    listen_close(&first);
}

static void what_is_no_socket_stays(void **state)
{
    struct listener listener;
    struct error err = {0};
    FILE *f = fopen(path, "w");

    (void)state;
    assert_non_null(f);
    (void)fclose(f);
    assert_int_equal(listen_open(address, NULL, &listener, &err), -1);
    assert_int_equal(err.kind, ERR_IO);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);
}

/* Of another kind, a system log's for instance: it cannot be asked whether
 * somebody listens. */
static void another_kind_of_socket_stays(void **state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct listener listener;
    struct error err = {0};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(listen_open(address, NULL, &listener, &err), -1);
    assert_int_equal(access(path, F_OK), 0);
    (void)close(fd);
    assert_int_equal(unlink(path), 0);
}

static void an_owner_that_cannot_be(void **state)
{
    const struct server_socket o = {
        .chown = true, .uid = (uid_t)-1, .gid = (gid_t)-1};
    struct listener listener;
    struct error err = {0};

    (void)state;
    /* Neither is to be changed: works for everybody. */
    assert_int_equal(listen_open(address, &o, &listener, &err), 0);
    listen_close(&listener);
    if (geteuid() == 0)
        return;
    const struct server_socket root = {.chown = true, .uid = 0, .gid = 0};

    assert_int_equal(listen_open(address, &root, &listener, &err), -1);
    assert_non_null(strstr(err.text, "a group of his own only"));
    assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_the_real_port),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(a_socket_in_the_file_system),
        cmocka_unit_test(what_was_left_behind_is_replaced),
        cmocka_unit_test(what_is_no_socket_stays),
        cmocka_unit_test(another_kind_of_socket_stays),
        cmocka_unit_test(an_owner_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
