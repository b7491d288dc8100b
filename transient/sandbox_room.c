/* SPDX-License-Identifier: Apache-2.0
 *
 * The libraries are bound, the programs are not: the server needs no other
 * program, and an audit device of the snapshot that writes below /usr/local
 * or /var must find a place where its directory can be made. */
#include "transient/sandbox_room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A ceiling for what audit devices write; memory, but only when used. */
#define ROOT_OPTIONS "mode=0755,size=256m,nr_inodes=16384"

static const char *const libraries[] = {
    "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32",
    "/lib",     "/lib32",     "/lib64",     "/libx32",
};

static const char *const devices[] = {
    "/dev/null",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
};

#define KEPT_RIGHT (1u << CAP_DAC_OVERRIDE)

/* Capabilities are a 64-bit set; the kernel says where its own end. */
enum { CAP_LAST_CAP_MAX = 63 };

/* linux/mount.h, which does not go together with sys/mount.h. */
struct mount_attributes {
    uint64_t attr_set;
    uint64_t attr_clr;
    uint64_t propagation;
    uint64_t userns_fd;
};

enum {
    ATTR_RDONLY = 0x1,
    ATTR_NOSUID = 0x2,
    ATTR_NODEV = 0x4,
};

/* The room's root, then `name`. */
static int inside(const struct sandbox_room *room, const char *name,
                  char out[PATH_MAX], struct error *err)
{
    int n = snprintf(out, PATH_MAX, "%s%s", room->root, name);

    if (n < 0 || n >= PATH_MAX)
        return error_set(err, ERR_INVALID, "the path %s%s is too long",
                         room->root, name);
    return 0;
}

static int make_dirs_for(const struct sandbox_room *room, const char *name,
                         struct error *err)
{
    char path[PATH_MAX];
    char *slash;

    if (inside(room, name, path, err) != 0)
        return -1;
    slash = path + strlen(room->root);
    while ((slash = strchr(slash + 1, '/')) != NULL) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return error_errno(err, ERR_PRECONDITION, "cannot make %s", path);
        *slash = '/';
    }
    return 0;
}

/* Before 5.12 there is no recursive form, and a remount must repeat the
 * flags that the outside set, or it is refused. */
static int restrict_old(const char *path)
{
    struct statvfs fs;
    unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID;

    if (statvfs(path, &fs) != 0)
        return -1;
    flags |= MS_NODEV;
    if ((fs.f_flag & ST_NOEXEC) != 0)
        flags |= MS_NOEXEC;
    return mount(NULL, path, NULL, flags, NULL);
}

static int restrict_mount(const char *path)
{
    struct mount_attributes a = {
        .attr_set = ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV,
    };

    if (syscall(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &a,
                sizeof a) == 0)
        return 0;
    return errno == ENOSYS ? restrict_old(path) : -1;
}

enum binding { BIND_DIR, BIND_FILE };

static int bind_at(const struct sandbox_room *room, const char *from,
                   const char *name, enum binding what, struct error *err)
{
    char to[PATH_MAX];
    int fd;

    if (make_dirs_for(room, name, err) != 0 || inside(room, name, to, err) != 0)
        return -1;
    if (what == BIND_DIR) {
        if (mkdir(to, 0755) != 0 && errno != EEXIST)
            return error_errno(err, ERR_PRECONDITION, "cannot make %s", to);
    } else {
        fd = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
        if (fd < 0)
            return error_errno(err, ERR_PRECONDITION, "cannot make %s", to);
        (void)close(fd);
    }
    if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) != 0)
        return error_errno(err, ERR_PRECONDITION, "cannot bind %s", from);
    return 0;
}

static int bind_read_only(const struct sandbox_room *room, const char *from,
                          const char *name, enum binding what,
                          struct error *err)
{
    char to[PATH_MAX];

    if (bind_at(room, from, name, what, err) != 0 ||
        inside(room, name, to, err) != 0)
        return -1;
    if (restrict_mount(to) != 0)
        return error_errno(err, ERR_PRECONDITION, "cannot make %s read-only",
                           from);
    return 0;
}

/* On most systems /lib is a link to usr/lib, on some a directory. */
static int bind_library(const struct sandbox_room *room, const char *name,
                        struct error *err)
{
    char target[PATH_MAX];
    char to[PATH_MAX];
    struct stat st;
    ssize_t n;

    if (lstat(name, &st) != 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return bind_read_only(room, name, name, BIND_DIR, err);
    if (!S_ISLNK(st.st_mode))
        return 0;
    n = readlink(name, target, sizeof target - 1);
    if (n < 0 || inside(room, name, to, err) != 0)
        return error_errno(err, ERR_PRECONDITION, "cannot read %s", name);
    target[n] = '\0';
    if (symlink(target, to) != 0)
        return error_errno(err, ERR_PRECONDITION, "cannot make %s", to);
    return 0;
}

/* Whoever is root outside may write to /proc/sys even without a capability,
 * so it is read-only; and nobody in here makes namespaces of their own. */
static int mount_proc(const struct sandbox_room *room, struct error *err)
{
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    char path[PATH_MAX];
    char limit[PATH_MAX];
    int fd;

    if (make_dirs_for(room, "/proc/", err) != 0 ||
        inside(room, "/proc", path, err) != 0 ||
        inside(room, "/proc/sys/user/max_user_namespaces", limit, err) != 0)
        return -1;
    if (mount("proc", path, "proc", flags, NULL) != 0)
        return error_errno(err, ERR_PRECONDITION, "cannot mount /proc");
    fd = open(limit, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t n = write(fd, "0", 1);

        (void)n;
        (void)close(fd);
    }
    if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags,
              NULL) != 0)
        return error_errno(err, ERR_PRECONDITION,
                           "cannot make /proc read-only");
    return 0;
}

static int furnish(const struct sandbox_room *room, struct error *err)
{
    char name[NAME_MAX];
    size_t i;

    for (i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        if (bind_library(room, libraries[i], err) != 0)
            return -1;
    }
    for (i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (bind_at(room, devices[i], devices[i], BIND_FILE, err) != 0)
            return -1;
    }
    if (mount_proc(room, err) != 0 || make_dirs_for(room, "/tmp/", err) != 0)
        return -1;
    (void)snprintf(name, sizeof name, "/%s", room->name);
    if (bind_at(room, room->data, name, BIND_DIR, err) != 0)
        return -1;
    (void)snprintf(name, sizeof name, "/%s.server", room->name);
    return bind_read_only(room, room->server, name, BIND_FILE, err);
}

static int make_root(const struct sandbox_room *room, struct error *err)
{
    /* Nothing we mount may travel back to the outside. */
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return error_errno(err, ERR_PRECONDITION,
                           "cannot make the mounts private");
    if (mount("transient", room->root, "tmpfs", MS_NOSUID | MS_NODEV,
              ROOT_OPTIONS) != 0)
        return error_errno(err, ERR_PRECONDITION, "cannot mount a tmpfs");
    return 0;
}

/* With both paths the same, the old root ends up on top of the new one and
 * is taken off again: no directory for it is needed (pivot_root(2)). */
static int change_root(const struct sandbox_room *room, struct error *err)
{
    if (chdir(room->root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        return error_errno(err, ERR_PRECONDITION,
                           "cannot change the root directory");
    return 0;
}

static int raise_loopback(struct error *err)
{
    struct ifreq request;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int rc = -1;

    if (fd < 0)
        return error_errno(err, ERR_PRECONDITION, "cannot make a socket");
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, "lo", sizeof "lo");
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
        rc = ioctl(fd, SIOCSIFFLAGS, &request);
    }
    if (rc != 0)
        error_errno(err, ERR_PRECONDITION,
                    "cannot bring the loopback interface up");
    (void)close(fd);
    return rc;
}

/* The one right that stays, over files of its own alone: a file audit device
 * makes the directories above its file with the mode of the file, 0600, and
 * without this could make no second one in the first. */
static int keep_one_right(struct error *err)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct all[2];

    if (syscall(SYS_capget, &header, all) != 0)
        return error_errno(err, ERR_PRECONDITION, "cannot look at rights");
    all[0].inheritable |= KEPT_RIGHT;
    if (syscall(SYS_capset, &header, all) != 0 ||
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0) !=
            0)
        return error_errno(err, ERR_PRECONDITION, "cannot keep a right");
    return 0;
}

static int drop_rights(struct error *err)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct kept[2] = {{
        .effective = KEPT_RIGHT,
        .permitted = KEPT_RIGHT,
        .inheritable = KEPT_RIGHT,
    }};
    const struct rlimit no_core = {0, 0};
    unsigned long cap;

    if (keep_one_right(err) != 0)
        return -1;
    for (cap = 0; cap <= CAP_LAST_CAP_MAX; cap++) {
        if (cap != CAP_DAC_OVERRIDE &&
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
            break;
    }
    /* User 0 in here must not get capabilities back from an exec. */
    if (prctl(PR_SET_SECUREBITS,
              SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
              0, 0, 0) != 0 ||
        syscall(SYS_capset, &header, kept) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &no_core) != 0)
        return error_errno(err, ERR_PRECONDITION, "cannot give up rights");
    return 0;
}

int sandbox_room_enter(const struct sandbox_room *room, struct error *err)
{
    if (sethostname("transient", strlen("transient")) != 0)
        return error_errno(err, ERR_PRECONDITION, "cannot name the host");
    if (make_root(room, err) != 0 || furnish(room, err) != 0 ||
        raise_loopback(err) != 0 || change_root(room, err) != 0)
        return -1;
    if (room->arrange != NULL && room->arrange(room->ctx, err) != 0)
        return -1;
    return drop_rights(err);
}
