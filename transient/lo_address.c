/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/lo_address.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

int lo_address_add(const char *label, const struct sockaddr_in *in,
                   struct error *err)
{
    struct ifreq request;
    int fd, rc;

    if (ntohl(in->sin_addr.s_addr) >> 24 == 127)
        return 0;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_errno(err, ERR_PRECONDITION, "cannot make a socket");
    memset(&request, 0, sizeof request);
    (void)text_copy(request.ifr_name, sizeof request.ifr_name, label);
    memcpy(&request.ifr_addr, in, sizeof *in);
    rc = ioctl(fd, SIOCSIFADDR, &request);
    if (rc != 0 && errno == EEXIST)
        rc = 0; /* under another label */
    if (rc != 0)
        error_errno(err, ERR_PRECONDITION,
                    "cannot add an address to the loopback interface");
    (void)close(fd);
    return rc;
}
