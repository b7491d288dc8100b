/* SPDX-License-Identifier: Apache-2.0
 *
 * "Operation not permitted" helps nobody: look which of the usual settings
 * forbids namespaces, and name it. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "transient/sandbox_room.h"

struct obstacle {
    const char *file;
    const char *content; /* the file has this when it is in the way */
    const char *remedy;
};

static const struct obstacle obstacles[] = {
    {"/proc/sys/user/max_user_namespaces", "0\n",
     "set sysctl user.max_user_namespaces above 0"},
    {"/proc/sys/kernel/unprivileged_userns_clone", "0\n",
     "set sysctl kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n",
     "give assay an AppArmor profile that says \"userns,\", or set sysctl "
     "kernel.apparmor_restrict_unprivileged_userns=0"},
    {"/proc/self/status", "\nSeccomp:\t2\n",
     "a seccomp profile is in force: in a container, run it with one that "
     "allows clone, mount and pivot_root (Docker: --security-opt "
     "seccomp=unconfined --security-opt systempaths=unconfined)"},
};

static bool is_in_the_way(const struct obstacle *o)
{
    char text[4096];
    int fd = open(o->file, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return false;
    n = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return strstr(text, o->content) != NULL;
}

void sandbox_hint(struct error *err)
{
    const char *remedy = "allow user namespaces to the user that runs assay";
    size_t used = strlen(err->text);
    size_t i;

    for (i = 0; i < sizeof obstacles / sizeof obstacles[0]; i++) {
        if (is_in_the_way(&obstacles[i])) {
            remedy = obstacles[i].remedy;
            break;
        }
    }
    (void)snprintf(err->text + used, sizeof err->text - used,
                   "; %s, or set transient.isolation to \"off\" where the "
                   "transient server can reach nothing of value",
                   remedy);
}
