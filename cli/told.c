/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/told.h"

#include <string.h>

#include "base/log.h"

struct notify_options told_options(const struct config *config)
{
    return (struct notify_options){
        .command = (const char *const *)config->notify.command.items,
        .timeout_ms = config->notify.timeout_ms,
    };
}

void told_break_glass(struct break_glass_box *box, struct notify *notify,
                      const struct request *request,
                      const struct access_question *q,
                      const struct principal *who)
{
    const char *name = who->entity_id + strlen(BREAK_GLASS_ENTITY);
    const char *operation = access_operation_name(q->operation);
    const struct notify_field fields[] = {
        {"token", name},
        {"operation", operation},
        {"path", q->path},
        {"remote", request_from(request)},
    };

    if (!break_glass_used(box, name) && q->right == ACCESS_RIGHT_READ)
        return;
    log_warn("break glass: the token \"%s\" was let in without Vault: %s on "
             "%s",
             name, operation, q->path);
    notify_tell(notify, "break_glass_used", fields,
                sizeof(fields) / sizeof(fields[0]));
}
