/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay server`: the daemon, in the foreground until SIGTERM or SIGINT. */
#ifndef ASSAY_CLI_SERVER_H
#define ASSAY_CLI_SERVER_H

/* argv[0] is "server".  The exit code: 0 stopped as asked, 1 could not
 * start or was refused, 2 wrong use. */
int cli_server(int argc, char **argv);

#endif
