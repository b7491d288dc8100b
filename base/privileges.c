/* SPDX-License-Identifier: Apache-2.0 */
#include "base/privileges.h"

#include <assert.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"

#define BIND_RIGHT (1u << CAP_NET_BIND_SERVICE)

/* Those of a thread, in two words. */
struct rights {
    struct __user_cap_data_struct word[2];
};

static bool became;

static int get_rights(struct rights *out)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };

    return syscall(SYS_capget, &header, out->word) == 0 ? 0 : -1;
}

static int set_rights(const struct rights *rights)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };

    return syscall(SYS_capset, &header, rights->word) == 0 ? 0 : -1;
}

static const struct passwd *look_up_user(const char *text)
{
    const struct passwd *user = getpwnam(text);
    uint64_t number;

    if (user == NULL && text_u64(text, &number) && number < (uid_t)-1)
        user = getpwuid((uid_t)number);
    return user;
}

static const struct group *look_up_group(const char *text)
{
    const struct group *group = getgrnam(text);
    uint64_t number;

    if (group == NULL && text_u64(text, &number) && number < (gid_t)-1)
        group = getgrgid((gid_t)number);
    return group;
}

int privileges_find(const char *user, const char *group,
                    struct privileges_user *out, struct error *err)
{
    const struct passwd *u = look_up_user(user);
    const struct group *g = NULL;
    struct privileges_user found;

    if (u == NULL)
        return error_set(err, ERR_INVALID, "user: no user %s here", user);
    if (u->pw_uid == 0)
        return error_set(err, ERR_INVALID,
                         "user: %s is root: name a user that may do little",
                         user);
    found.uid = u->pw_uid;
    found.gid = u->pw_gid;
    if (!text_copy(found.name, sizeof found.name, u->pw_name) ||
        !text_copy(found.home, sizeof found.home, u->pw_dir))
        return error_set(err, ERR_INVALID,
                         "user: the name or home directory of %s is too long",
                         user);
    if (group != NULL) {
        g = look_up_group(group);
        if (g == NULL)
            return error_set(err, ERR_INVALID, "group: no group %s here",
                             group);
        found.gid = g->gr_gid;
    }
    *out = found;
    return 0;
}

/* While it may be done.  What containers withhold (CAP_SETPCAP) is no loss:
 * a program of a user that is not root starts without rights. */
static void lower_bound(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0;
         cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* PR_SET_KEEPCAPS lets the rights survive the change; of these one stays. */
static int change_user(const struct privileges_user *who, struct error *err)
{
    struct rights rights;

    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
        initgroups(who->name, who->gid) != 0 ||
        setresgid(who->gid, who->gid, who->gid) != 0 ||
        setresuid(who->uid, who->uid, who->uid) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot become user %s",
                           who->name);
    if (get_rights(&rights) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot look at rights");
    rights = (struct rights){
        .word = {{.permitted = rights.word[0].permitted & BIND_RIGHT,
                  .effective = rights.word[0].permitted & BIND_RIGHT}}};
    if (set_rights(&rights) != 0 || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot give up rights");
    return 0;
}

static int verify(const struct privileges_user *who, struct error *err)
{
    uid_t uid[3];
    gid_t gid[3];

    if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 ||
        getresgid(&gid[0], &gid[1], &gid[2]) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot look at ids");
    for (int i = 0; i < 3; i++)
        if (uid[i] != who->uid || gid[i] != who->gid)
            return error_set(err, ERR_INTERNAL,
                             "the change to user %s is not complete",
                             who->name);
    if (setuid(0) == 0 || seteuid(0) == 0)
        return error_set(err, ERR_INTERNAL, "user %s can become root again",
                         who->name);
    return 0;
}

int privileges_become(const struct privileges_user *who, struct error *err)
{
    int at_parents_death = 0;

    assert(who->uid != 0 && !became);
    (void)prctl(PR_GET_PDEATHSIG, &at_parents_death);
    /* Made now: how much root may lock has no limit. */
    (void)secret_memory_is_locked();
    lower_bound();
    if (change_user(who, err) != 0 || verify(who, err) != 0)
        return -1;
    /* A change of credentials undoes both. */
    secret_harden_process();
    (void)prctl(PR_SET_PDEATHSIG, at_parents_death, 0, 0, 0);
    /* Programs must not look for their files in root's. */
    if (setenv("HOME", who->home, 1) != 0)
        return error_memory(err);
    became = true;
    return 0;
}

int privileges_end(struct error *err)
{
    static const struct rights none;
    struct rights left;

    if (!became)
        return 0;
    if (set_rights(&none) != 0 || get_rights(&left) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot give up rights");
    for (int i = 0; i < 2; i++)
        if ((left.word[i].permitted | left.word[i].effective |
             left.word[i].inheritable) != 0)
            return error_set(err, ERR_INTERNAL, "a right is left");
    return 0;
}
