/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of what is refused, not of what is allowed: servers and programs of
 * other people run under it too. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/confine.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef OUR_ARCH

/* Those that old headers lack have one number everywhere. */
enum {
    CALL_IO_URING_SETUP = 425,
    CALL_IO_URING_ENTER = 426,
    CALL_IO_URING_REGISTER = 427,
    CALL_PIDFD_GETFD = 438,
    CALL_QUOTACTL_FD = 443,
};

static const uint32_t refused[] = {
    /* Other processes. */
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    CALL_PIDFD_GETFD,
    /* The kernel itself, and ways into it that nobody here needs. */
    SYS_kexec_load,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    CALL_IO_URING_SETUP,
    CALL_IO_URING_ENTER,
    CALL_IO_URING_REGISTER,
    SYS_syslog,
    /* Keys of the same user, which have nothing to do with ours. */
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    /* The whole machine. */
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    CALL_QUOTACTL_FD,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_vhangup,
    /* Files past their names. */
    SYS_open_by_handle_at,
    SYS_fanotify_init,
#ifdef __x86_64__
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_uselib,
#endif
};

enum {
    REFUSED = sizeof refused / sizeof refused[0],
    BEFORE = 4, /* instructions before the list */
    AFTER = 2,  /* and behind it */
    /* On x86, numbers from here on are another table of the same calls. */
    X32 = 0x40000000,
};
_Static_assert(REFUSED < 200, "a jump is at most 255 long");

static struct sock_filter load(uint32_t offset)
{
    return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}

/* Jump to the refusal, `left` instructions of the list being left. */
static struct sock_filter refuse_if(uint16_t how, uint32_t value, size_t left)
{
    return (struct sock_filter){
        .code = (uint16_t)(BPF_JMP | how | BPF_K),
        .jt = (uint8_t)(left + 1),
        .jf = 0,
        .k = value,
    };
}

static void fill(struct sock_filter *out)
{
    const uint32_t no = SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA);
    size_t n = 0;

    out[n++] = load(offsetof(struct seccomp_data, arch));
    /* Another architecture has other numbers for the same calls. */
    out[n] = refuse_if(BPF_JEQ, OUR_ARCH, 0);
    out[n].jt = 0;
    out[n++].jf = REFUSED + 3;
    out[n++] = load(offsetof(struct seccomp_data, nr));
    out[n++] = refuse_if(BPF_JGE, X32, REFUSED);
    for (size_t i = 0; i < REFUSED; i++)
        out[n++] = refuse_if(BPF_JEQ, refused[i], REFUSED - 1 - i);
    out[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    out[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, no);
}

int confine_calls(struct error *err)
{
    struct sock_filter code[BEFORE + REFUSED + AFTER];
    struct sock_fprog program = {.len = sizeof code / sizeof code[0],
                                 .filter = code};
    long left_out;

    fill(code);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, ERR_PRECONDITION, "no_new_privs");
    left_out = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                       SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (left_out > 0)
        return error_set(err, ERR_INTERNAL,
                         "a thread has another seccomp filter");
    if (left_out < 0)
        return error_errno(err, ERR_PRECONDITION, "seccomp");
    return 0;
}

#else

int confine_calls(struct error *err)
{
    return error_set(err, ERR_PRECONDITION,
                     "there is no list of system calls for this processor");
}

#endif
