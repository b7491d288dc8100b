/* SPDX-License-Identifier: Apache-2.0
 *
 * Landlock, as linux/landlock.h has it; what Debian's older headers lack is
 * spelled out.  Only what changes files is governed: which files a server
 * or program of somebody else reads and runs is not for us to know. */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same numbers everywhere. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };

/* ABI 1 (Linux 5.13) refuses to move any file into another directory. */
enum { ABI_LEAST = 2, ABI_TRUNCATE = 3 };

#define TRUNCATE_FILE (UINT64_C(1) << 14)
#define DEVICES (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE_FILE)
#define TREE                                                                   \
    (WRITE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |  \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |               \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |             \
     LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)

static const uint64_t rights[] = {
    [CONFINE_TREE] = TREE,
    [CONFINE_SOCKETS] =
        LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE,
    [CONFINE_WRITE] = WRITE,
};

/* This thread is the only one: the list of tasks holds ".", ".." and it. */
static bool is_alone(void)
{
    struct stat st;

    return stat("/proc/self/task", &st) == 0 && st.st_nlink <= 3;
}

static int allow(int ruleset, uint64_t handled, const struct confine_path *p,
                 struct error *err)
{
    struct landlock_path_beneath_attr rule = {.allowed_access =
                                                  rights[p->right] & handled};
    long rc;

    rule.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0 && p->optional)
        return 0;
    if (rule.parent_fd < 0)
        return error_errno(err, ERR_IO, "cannot open %s", p->path);
    rc = syscall(ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    if (rc != 0)
        error_errno(err, ERR_IO, "cannot let %s be written to", p->path);
    (void)close(rule.parent_fd);
    return rc == 0 ? 0 : -1;
}

static int open_ruleset(uint64_t *handled, struct error *err)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = TREE | DEVICES};
    long abi =
        syscall(CREATE_RULESET, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    int fd;

    if (abi < 0)
        return error_errno(err, ERR_PRECONDITION, "Landlock");
    if (abi < ABI_LEAST)
        return error_set(err, ERR_PRECONDITION,
                         "Landlock of Linux before 5.19 does not let files "
                         "be moved");
    if (abi < ABI_TRUNCATE)
        attr.handled_access_fs &= ~TRUNCATE_FILE;
    *handled = attr.handled_access_fs;
    fd = (int)syscall(CREATE_RULESET, &attr, sizeof attr, 0);
    if (fd < 0)
        return error_errno(err, ERR_PRECONDITION, "Landlock");
    return fd;
}

int confine_writing(const struct confine_path *paths, size_t count,
                    struct error *err)
{
    uint64_t handled = 0;
    int rc = -1;
    int fd;

    if (!is_alone())
        return error_set(err, ERR_INTERNAL,
                         "there are threads that Landlock would leave out");
    fd = open_ruleset(&handled, err);
    if (fd < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (allow(fd, handled, &paths[i], err) != 0)
            goto done;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(RESTRICT_SELF, fd, 0) != 0) {
        error_errno(err, ERR_PRECONDITION, "Landlock");
        goto done;
    }
    rc = 0;
done:
    (void)close(fd);
    return rc;
}
