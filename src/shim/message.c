/* SPDX-License-Identifier: BSD-3-Clause */
#include "shim/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int shim_send(int s, const struct shim_message *message, const void *bytes, size_t size, int fd)
{
    struct iovec parts[2] = {{(void *)(uintptr_t)message, sizeof(*message)},
                             {(void *)(uintptr_t)bytes, size}};
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr header = {.msg_iov = parts, .msg_iovlen = size > 0 ? 2 : 1};

    if (size == 0 && fd < 0) /* most are so, and it costs less */
        return send(s, message, sizeof(*message), MSG_NOSIGNAL) < 0 ? -errno : 0;
    if (fd >= 0) {
        struct cmsghdr *rights;

        header.msg_control = control;
        header.msg_controllen = sizeof(control);
        rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(rights), &fd, sizeof(int));
    }
    return sendmsg(s, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

size_t shim_argument_size(const struct shim_message *message)
{
    size_t size = message->cmd >> 16 & 0x3fff;

    if (message->type == SHIM_OPEN || !(message->cmd >> 30 & 1) || !message->arg)
        return 0;
    return size > SHIM_INLINE ? 0 : size;
}

/* The descriptor of a message; those that nobody expects are closed. */
static int descriptor_of(struct msghdr *header)
{
    int found = -1;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (found >= 0)
                close(fd);
            else
                found = fd;
        }
    }
    return found;
}

long shim_receive(int s, struct shim_message *message, void *bytes, size_t room, int *fd)
{
    char control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec parts[2] = {{message, sizeof(*message)}, {bytes, room}};
    struct msghdr header = {.msg_iov = parts,
                            .msg_iovlen = room > 0 ? 2 : 1,
                            .msg_control = fd ? control : NULL,
                            .msg_controllen = fd ? sizeof(control) : 0};
    ssize_t got;

    if (!fd && room == 0)
        return recv(s, message, sizeof(*message), 0);
    got = recvmsg(s, &header, MSG_CMSG_CLOEXEC);
    if (fd)
        *fd = got >= 0 ? descriptor_of(&header) : -1; /* an empty message may have one too */
    return got;
}
