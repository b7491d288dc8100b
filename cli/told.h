/* SPDX-License-Identifier: Apache-2.0
 *
 * What is told to notify.command. */
#ifndef ASSAY_CLI_TOLD_H
#define ASSAY_CLI_TOLD_H

#include "access/access.h"
#include "config/config.h"
#include "notify/notify.h"
#include "server/request.h"

/* Points into the configuration. */
struct notify_options told_options(const struct config *config);

/* `who` got in past Vault, which is to be seen whatever the log's level.  Of
 * mere looking that is said once a minute. */
void told_break_glass(struct break_glass_box *box, struct notify *notify,
                      const struct request *request,
                      const struct access_question *q,
                      const struct principal *who);

#endif
