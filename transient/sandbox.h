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
 * "kill it and remove the directory". */
#ifndef ASSAY_TRANSIENT_SANDBOX_H
#define ASSAY_TRANSIENT_SANDBOX_H

#define SANDBOX_COMMAND "__sandbox"

enum {
    SANDBOX_STOP = 's',
    /* Exit codes of the helper. */
    SANDBOX_EXIT_DONE = 0,          /* stopped as asked, nothing left */
    SANDBOX_EXIT_BROKEN = 70,       /* the machine said no; text on stdout */
    SANDBOX_EXIT_NO_ISOLATION = 71, /* namespaces refused; text on stdout */
    SANDBOX_EXIT_NO_SERVER = 72,    /* the program cannot be executed */
    SANDBOX_EXIT_SERVER_DIED = 73,  /* it ran, and ended by itself */
};

/* `assay __sandbox <id> <dir> <server> isolated|open`, standard input the
 * leash, standard output for one sentence about what went wrong, standard
 * error the server's log.  The exit code for main().  Call it before
 * anything that starts a thread or makes this process undumpable. */
int sandbox_main(int argc, char **argv);

#endif
