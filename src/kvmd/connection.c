/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kvmd/lost.h"
#include "shim/message.h"

/* ---- Messages -------------------------------------------------------------------------------- */

static long receive(int s, struct shim_message *message, void *bytes, size_t room, int *fd)
{
    long got;

    do {
        got = shim_receive(s, message, bytes, room, fd);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* ---- Questions to the VMM -------------------------------------------------------------------- */

struct answer {
    int fd;
    int64_t value;
};

static int ask(struct connection *connection, const struct shim_message *question,
               const void *bytes, size_t size, void *to, size_t room, struct answer *answer)
{
    struct shim_message reply;
    ssize_t got;

    *answer = (struct answer){.fd = -1};
    if (shim_send(connection->fd, question, NULL, 0, -1) != 0)
        return -EFAULT;
    if (bytes && send(connection->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
        return -EFAULT;
    for (;;) {
        got = receive(connection->fd, &reply, to, room, &answer->fd);
        if (got < (ssize_t)sizeof(reply))
            return -EFAULT;
        if (reply.type == SHIM_ANSWER)
            break;
        if (answer->fd >= 0)
            close(answer->fd);
        connection->kicked = connection->kicked || reply.type == SHIM_KICK;
    }
    answer->value = reply.value;
    /* An emulator of user programs sends what there is of a vector, and calls that success. */
    if (reply.error == 0 && (size_t)got != sizeof(reply) + room)
        return -EFAULT;
    return reply.error > 0 ? -EPROTO : reply.error;
}

static int read_part(struct connection *connection, uint64_t at, void *to, size_t size)
{
    const struct shim_message question = {.type = SHIM_READ, .arg = at, .size = size};
    struct answer answer;
    int ret = ask(connection, &question, NULL, 0, to, size, &answer);

    if (answer.fd >= 0)
        close(answer.fd);
    return ret ? -EFAULT : 0;
}

static int write_part(struct connection *connection, uint64_t at, const void *from, size_t size)
{
    const struct shim_message question = {.type = SHIM_WRITE, .arg = at, .size = size};
    struct answer answer;
    int ret = ask(connection, &question, from, size, NULL, 0, &answer);

    if (answer.fd >= 0)
        close(answer.fd);
    return ret ? -EFAULT : 0;
}

static size_t part_of(size_t left)
{
    return left < SHIM_PART ? left : SHIM_PART;
}

static bool take_from(const struct connection_range *range, uint64_t at, void *to, size_t size)
{
    if (at < range->at || at - range->at > range->size || size > range->size - (at - range->at))
        return false;
    memcpy(to, range->bytes + (at - range->at), size);
    return true;
}

static int client_read(void *opaque, uint64_t at, void *to, size_t size)
{
    struct connection *c = opaque;

    for (size_t n = 0; n < sizeof(c->along) / sizeof(c->along[0]); n++) {
        if (take_from(&c->along[n], at, to, size))
            return 0;
    }
    for (size_t done = 0; done < size; done += part_of(size - done)) {
        if (at == 0 || read_part(c, at + done, (char *)to + done, part_of(size - done)))
            return -EFAULT;
    }
    return 0;
}

static int client_write(void *opaque, uint64_t at, const void *from, size_t size)
{
    struct connection *c = opaque;

    for (size_t done = 0; done < size; done += part_of(size - done)) {
        if (at == 0 || write_part(c, at + done, (const char *)from + done, part_of(size - done)))
            return -EFAULT;
    }
    return 0;
}

/* Goes along with DONE: the shim says EFAULT then. */
static int client_write_last(void *opaque, uint64_t at, const void *from, size_t size)
{
    struct connection *c = opaque;

    if (at == 0)
        return -EFAULT;
    if (!c->takes_bytes || c->last.size || size > sizeof(c->last_bytes))
        return client_write(opaque, at, from, size);
    memcpy(c->last_bytes, from, size);
    c->last = (struct connection_range){.at = at, .bytes = c->last_bytes, .size = size};
    return 0;
}

static int client_descriptor(void *opaque, uint64_t number)
{
    const struct shim_message question = {.type = SHIM_FD, .arg = number};
    struct answer answer;
    int ret = ask(opaque, &question, NULL, 0, NULL, 0, &answer);

    if (ret == 0)
        return answer.fd < 0 ? -EBADF : answer.fd;
    if (answer.fd >= 0)
        close(answer.fd);
    return ret;
}

static int client_map(void *opaque, uint64_t at, uint64_t size, void **host)
{
    const struct shim_message question = {.type = SHIM_SHARE, .arg = at, .size = size};
    struct answer answer;
    int ret = ask(opaque, &question, NULL, 0, NULL, 0, &answer);

    if (ret == 0 && answer.fd < 0)
        ret = -EFAULT;
    if (ret == 0) {
        *host = lost_map(answer.fd, size, answer.value);
        ret = *host == MAP_FAILED ? -errno : 0;
    }
    if (answer.fd >= 0)
        close(answer.fd);
    return ret;
}

static void client_unmap(void *host, uint64_t size)
{
    lost_unmap(host, size);
}

/* A connection that is gone counts, and so does a word that has no business here: it would be what
 * the wait wakes for, again and again. */
static bool client_kicked(void *opaque)
{
    struct connection *c = opaque;
    struct shim_message message;
    ssize_t got;

    if (c->kicked)
        return true;
    got = recv(c->fd, &message, sizeof(message), MSG_DONTWAIT | MSG_PEEK);
    if (got < 0)
        return errno != EAGAIN && errno != EINTR;
    c->kicked = true;
    return true;
}

static int client_kick_descriptor(void *opaque)
{
    const struct connection *c = opaque;

    return c->fd;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static int done(const struct connection *connection, int64_t value, uint64_t at, int fd)
{
    const struct shim_message message = {.type = SHIM_DONE,
                                         .error = value < 0 ? (int32_t)value : 0,
                                         .value = value < 0 ? -1 : value,
                                         .arg = at};

    return shim_send(connection->fd, &message, NULL, 0, fd);
}

static int done_with_bytes(const struct connection *c)
{
    const struct shim_message message = {
        .type = SHIM_DONE, .arg = c->last.at, .size = c->last.size};

    if (shim_send(c->fd, &message, NULL, 0, -1) != 0)
        return -EFAULT;
    return send(c->fd, c->last.bytes, c->last.size, MSG_NOSIGNAL) == (ssize_t)c->last.size
               ? 0
               : -EFAULT;
}

static int give(struct connection *connection, struct kvmd_object *object, uint64_t at)
{
    const uint32_t nothing = 0;
    int fd = registry_add(connection->registry, object), ret;

    if (fd < 0)
        return done(connection, fd, 0, -1);
    /* The shim stores the number there: it must be able to. */
    if (at && client_write(connection, at, &nothing, sizeof(nothing)) != 0) {
        close(fd);
        return done(connection, -EFAULT, 0, -1);
    }
    ret = done(connection, 0, at, fd);
    close(fd);
    return ret;
}

static int do_open(struct connection *connection, const struct shim_message *message)
{
    struct kvmd_object *object;
    int ret = message->arg == SHIM_VERSION ? kvmd_open(connection->kvmd, &object) : -EPROTO;

    return ret ? done(connection, ret, 0, -1) : give(connection, object, 0);
}

static struct kvmd_client client_of(struct connection *connection)
{
    return (struct kvmd_client){.read = client_read,
                                .write = client_write,
                                .write_last = client_write_last,
                                .descriptor = client_descriptor,
                                .map = client_map,
                                .unmap = client_unmap,
                                .kicked = client_kicked,
                                .kick_descriptor = client_kick_descriptor,
                                .opaque = connection};
}

static int do_seen(struct connection *connection, const struct shim_message *message)
{
    const struct kvmd_client client = client_of(connection);

    kvmd_real_seen(connection->real, &client, message);
    connection->along[0].size = 0; /* as it was before */
    kvmd_real_made(connection->real, &client, message);
    return done(connection, 0, 0, -1);
}

static int do_ioctl(struct connection *connection, const struct shim_message *message)
{
    const struct kvmd_client client = client_of(connection);
    struct kvmd_object *object = registry_find(connection->registry, (ino_t)message->ino);
    struct kvmd_reply reply;
    int ret;

    if (!object)
        return done(connection, -ENOTTY, 0, -1);
    connection->kicked = false;
    connection->last.size = 0;
    connection->takes_bytes = message->error == SHIM_TAKES_BYTES;
    kvmd_ioctl(object, &client, (uint32_t)message->cmd, message->arg, &reply);
    if (reply.made)
        ret = give(connection, reply.made, reply.made_at);
    else if (reply.value == 0 && connection->last.size)
        ret = done_with_bytes(connection);
    else
        ret = done(connection, reply.value, 0, -1);
    object_put(object);
    return ret;
}

static int take_call(struct connection *connection, const struct shim_message *message)
{
    if (connection->real)
        return message->type == SHIM_SEEN ? do_seen(connection, message) : -EPROTO;
    switch (message->type) {
    case SHIM_OPEN:
        return do_open(connection, message);
    case SHIM_IOCTL:
        return do_ioctl(connection, message);
    case SHIM_KICK: /* it came too late */
        return 0;
    default:
        return -EPROTO;
    }
}

/* What came along with a call, and where it is in the VMM. */
static void sort_bytes(struct connection *c, const struct shim_message *message, size_t size)
{
    size_t more = message->type == SHIM_IOCTL && message->size <= size ? message->size : 0;

    c->along[0] = (struct connection_range){message->arg, c->bytes, size - more};
    c->along[1] =
        (struct connection_range){(uint64_t)message->value, c->bytes + (size - more), more};
}

void connection_serve(struct connection *connection)
{
    struct shim_message message;

    for (;;) {
        ssize_t got =
            receive(connection->fd, &message, connection->bytes, sizeof(connection->bytes), NULL);

        if (got < (ssize_t)sizeof(message))
            return;
        sort_bytes(connection, &message, (size_t)got - sizeof(message));
        if (take_call(connection, &message) != 0)
            return;
    }
}
