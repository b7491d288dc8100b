/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_CLI_NOTIFY_H
#define ASSAY_CLI_NOTIFY_H

/* Tell the service manager, if $NOTIFY_SOCKET names one (sd_notify(3)):
 * "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=…".  Nothing depends
 * on it, so nothing fails. */
void notify_service_manager(const char *state);

#endif
