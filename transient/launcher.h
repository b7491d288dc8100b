/* SPDX-License-Identifier: Apache-2.0
 *
 * Who starts the sandboxes of a daemon that is confined.
 *
 * Landlock and mounts exclude each other: a confined process, and whatever it
 * starts, can make no sandbox.  So the daemon starts this one process before
 * it is confined, which does one thing when it is asked to: start the sandbox
 * command for a private directory below the one it was given, isolated.  The
 * sandbox is the daemon's own child all the same (clone's CLONE_PARENT): it
 * is waited for and killed as ever.
 *
 * It runs this program anew, so that it holds none of the daemon's memory,
 * and ends when the daemon does. */
#ifndef ASSAY_TRANSIENT_LAUNCHER_H
#define ASSAY_TRANSIENT_LAUNCHER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define LAUNCHER_COMMAND "__launcher"

/* Start it.  Once, before there are threads.  Sandboxes are started below
 * `dir`, which exists, and nowhere else. */
int launcher_open(const char *dir, struct error *err) MUST_USE;
/* Is there one?  Then helper.c starts isolated sandboxes through it. */
bool launcher_is_open(void);
/* End it.  Sandboxes stay. */
void launcher_close(void);

/* `assay __sandbox <dir> <server> isolated <extra>…` with these as standard
 * input, output and error.  `words` is dir, server, extras, NULL.  Any thread;
 * one at a time. */
int launcher_start(const char *const *words, const int fds[3], pid_t *pid,
                   struct error *err) MUST_USE;

/* `assay __launcher <dir>`, argv[0] being the command: returns the exit code
 * for main(). */
int launcher_main(int argc, char **argv);

#endif
