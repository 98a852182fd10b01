/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/run/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- Addresses ------------------------------------------------------------------------------- */

static bool address_of(const char *path, struct sockaddr_un *address)
{
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(address->sun_path))
        return false;
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    return true;
}

int control_connect(const char *path)
{
    struct sockaddr_un address;
    int fd, error;

    if (!address_of(path, &address))
        return -ENAMETOOLONG;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd < 0 ? -errno : fd;
    error = -errno;
    close(fd);
    return error;
}

/* A socket on which nobody answers is one that a killed process left behind. */
static int make_way(const char *path)
{
    struct stat status;
    int fd;

    if (lstat(path, &status) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode))
        return -EEXIST;
    fd = control_connect(path);
    if (fd >= 0) {
        close(fd);
        return -EADDRINUSE;
    }
    return fd == -ECONNREFUSED && unlink(path) == 0 ? 0 : fd;
}

static int listen_at(int fd, const struct sockaddr_un *address)
{
    mode_t before = umask(0177); /* from the moment at which it is there */
    int result = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : -errno;

    umask(before);
    return result == 0 && listen(fd, CONTROL_CLIENTS) != 0 ? -errno : result;
}

/* ---- Life ------------------------------------------------------------------------------------ */

int control_open(struct control *control, const char *path)
{
    struct sockaddr_un address;
    int result;

    for (int n = 0; n < CONTROL_CLIENTS; n++)
        control->clients[n].fd = -1;
    control->fd = -1;
    control->next_id = 0;
    if (!address_of(path, &address))
        return -ENAMETOOLONG;
    result = make_way(path);
    if (result != 0)
        return result;
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->fd < 0)
        return -errno;
    result = listen_at(control->fd, &address);
    control->path = path;
    if (result == 0 && lstat(path, &control->made) != 0)
        result = -errno;
    if (result != 0) {
        close(control->fd);
        control->fd = -1;
    }
    return result;
}

static void forget(struct control_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    client->n = 0;
}

/* Somebody may have removed it, and another guest be listening there now. */
static bool is_ours(const struct control *control)
{
    struct stat there;

    return lstat(control->path, &there) == 0 && there.st_dev == control->made.st_dev &&
           there.st_ino == control->made.st_ino;
}

void control_close(struct control *control)
{
    if (control->fd < 0)
        return;
    for (int n = 0; n < CONTROL_CLIENTS; n++)
        forget(&control->clients[n]);
    close(control->fd);
    if (is_ours(control))
        unlink(control->path);
    control->fd = -1;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* NULL: it has gone, though somebody else may sit in its place. */
static struct control_client *find(struct control *control, int id)
{
    for (int n = 0; n < CONTROL_CLIENTS; n++)
        if (control->clients[n].fd >= 0 && control->clients[n].id == id)
            return &control->clients[n];
    return NULL;
}

void control_reply(struct control *control, int client, json_t *reply)
{
    char *text = json_dumps(reply, JSON_COMPACT | JSON_SORT_KEYS);
    struct control_client *to = find(control, client);
    size_t length = text ? strlen(text) : 0;

    json_decref(reply);
    if (text && to) {
        text[length] = '\n'; /* in the place of the NUL: one write, one line */
        if (send(to->fd, text, length + 1, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length + 1)
            forget(to);
    }
    free(text);
}

static void take_line(struct control *control, int client, const char *line, size_t length)
{
    json_error_t error;
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);

    if (json_is_object(request))
        control->request(control->opaque, client, request);
    else
        control_reply(control, client,
                      json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", 2, "error",
                                "a request is one JSON object a line"));
    json_decref(request);
}

static void take_lines(struct control *control, int n)
{
    struct control_client *client = &control->clients[n];
    char *end;

    while (client->fd >= 0 && (end = memchr(client->line, '\n', client->n)) != NULL) {
        size_t length = (size_t)(end - client->line);

        take_line(control, client->id, client->line, length);
        if (client->fd < 0)
            return;
        client->n -= length + 1;
        memmove(client->line, end + 1, client->n);
    }
}

static void hear(struct control *control, int n)
{
    struct control_client *client = &control->clients[n];
    ssize_t got =
        recv(client->fd, client->line + client->n, CONTROL_LINE - client->n, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) { /* gone, or a line that is too long */
        forget(client);
        return;
    }
    client->n += (size_t)got;
    take_lines(control, n);
}

static void welcome(struct control *control)
{
    int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);

    for (int n = 0; fd >= 0 && n < CONTROL_CLIENTS; n++) {
        if (control->clients[n].fd < 0) {
            control->clients[n].fd = fd;
            control->clients[n].n = 0;
            control->clients[n].id = control->next_id++;
            return;
        }
    }
    if (fd >= 0)
        close(fd);
}

void control_poll(struct control *control, int milliseconds)
{
    struct pollfd ready[CONTROL_CLIENTS + 1];

    for (int n = 0; n < CONTROL_CLIENTS; n++)
        ready[n] = (struct pollfd){control->clients[n].fd, POLLIN, 0};
    ready[CONTROL_CLIENTS] = (struct pollfd){control->fd, POLLIN, 0};
    if (poll(ready, CONTROL_CLIENTS + 1, milliseconds) <= 0)
        return;
    for (int n = 0; n < CONTROL_CLIENTS; n++)
        if (ready[n].revents != 0 && control->clients[n].fd == ready[n].fd)
            hear(control, n);
    if (ready[CONTROL_CLIENTS].revents & POLLIN)
        welcome(control);
}
