/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths of mounts, private to config/. */
#ifndef ASSAY_CONFIG_MOUNT_H
#define ASSAY_CONFIG_MOUNT_H

#include <stdbool.h>

/* Every part of the mount becomes a part of URLs and of policies. */
bool config_mount_is_good(const char *mount);
/* At both ends, in place. */
void config_trim_slashes(char *text);

#endif
