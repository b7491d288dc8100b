/* SPDX-License-Identifier: Apache-2.0
 *
 * The hidden command that runs one server where it can do nothing.
 *
 * A process with threads cannot make a user namespace, so the `process`
 * driver starts this program again with the arguments below.  The helper
 * stays outside and single-threaded; its one child is born in new user,
 * mount, pid, network, ipc and uts namespaces and, as first process of its
 * pid namespace, becomes the server: when it dies, everything in there dies.
 *
 * What holds it together is a pipe, the leash, whose write end only the
 * daemon has.  The byte SANDBOX_STOP means "kill the server, keep its
 * files"; end-of-file, which also comes when the daemon is killed, means
 * "kill it and remove the directory".  When the helper itself is killed, its
 * child gets the parent-death signal. */
#ifndef ASSAY_TRANSIENT_SANDBOX_H
#define ASSAY_TRANSIENT_SANDBOX_H

#define SANDBOX_COMMAND "__sandbox"

/* Below the private directory. */
#define SANDBOX_ROOT "root" /* empty: the new root is mounted on it */
#define SANDBOX_DATA "data" /* what the server sees as /<name> */
#define SANDBOX_CONFIG "server.hcl"

enum {
    SANDBOX_STOP = 's',
    /* Exit codes of the helper. */
    SANDBOX_EXIT_DONE = 0,          /* stopped as asked, nothing left */
    SANDBOX_EXIT_BROKEN = 70,       /* the machine said no */
    SANDBOX_EXIT_NO_ISOLATION = 71, /* namespaces refused */
    SANDBOX_EXIT_NO_SERVER = 72,    /* the program cannot be executed */
    SANDBOX_EXIT_SERVER_DIED = 73,  /* it ran, and ended by itself */
    SANDBOX_EXIT_LIMIT = 74,        /* it ran, and reached a limit */
};

/* `assay __sandbox <dir> <server> isolated|open <extra>…`: run
 * `<server> server -config=…/server.hcl`.  The last segment of <dir>, the
 * private directory, must name nothing else on this machine; the extras are
 * those of sandbox_extras.h.  Standard input is the leash, standard output
 * takes one sentence when the exit code is not DONE, standard error is the
 * server's log.  Its standard output is dropped: audit devices write there.
 *
 * Returns the exit code for main().  To be called before anything that
 * starts a thread or makes this process undumpable. */
int sandbox_main(int argc, char **argv);

#endif
