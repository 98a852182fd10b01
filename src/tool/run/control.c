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

#include "tool/json.h"
#include "tool/options.h"
#include "tool/run/host_time.h"

#define LAST_WAIT 1000 /* milliseconds for those who have answers to take, at the end */
#define WAITING 64     /* for a place */

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
    int fd, ret;

    if (!address_of(path, &address))
        return -ENAMETOOLONG;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd < 0 ? -errno : fd;
    ret = -errno;
    close(fd);
    return ret;
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
    int ret = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : -errno;

    umask(before);
    return ret == 0 && listen(fd, WAITING) != 0 ? -errno : ret;
}

/* ---- Life ------------------------------------------------------------------------------------ */

int control_open(struct control *control, const char *path)
{
    struct sockaddr_un address;
    int ret;

    for (int n = 0; n < CONTROL_PLACES; n++)
        control->clients[n] = (struct control_client){.fd = -1};
    control->fd = -1;
    control->next_id = 0;
    if (!address_of(path, &address))
        return -ENAMETOOLONG;
    ret = make_way(path);
    if (ret != 0)
        return ret;
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->fd < 0)
        return -errno;
    ret = listen_at(control->fd, &address);
    control->path = path;
    if (ret == 0 && lstat(path, &control->made) != 0)
        ret = -errno;
    if (ret != 0) {
        close(control->fd);
        control->fd = -1;
    }
    return ret;
}

static void forget(struct control_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    free(client->out);
    *client = (struct control_client){.fd = -1};
}

/* Somebody may have removed it, and another guest be listening there now. */
static bool is_ours(const struct control *control)
{
    struct stat there;

    return lstat(control->path, &there) == 0 && there.st_dev == control->made.st_dev &&
           there.st_ino == control->made.st_ino;
}

static bool has_room(const struct control *control)
{
    int served = 0;

    for (int n = 0; n < CONTROL_PLACES; n++)
        served += control->clients[n].fd >= 0 && control->clients[n].is_served;
    return served < CONTROL_CLIENTS;
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* NULL: it has gone, though somebody else may sit in its place. */
static struct control_client *find(struct control *control, int id)
{
    for (int n = 0; n < CONTROL_PLACES; n++)
        if (control->clients[n].fd >= 0 && control->clients[n].id == id)
            return &control->clients[n];
    return NULL;
}

/* As much as it takes now. */
static void send_some(struct control_client *client)
{
    ssize_t sent;

    if (client->fd < 0 || client->nr_out == 0)
        return;
    sent = send(client->fd, client->out, client->nr_out, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        forget(client);
        return;
    }
    if (sent > 0) {
        client->nr_out -= (size_t)sent;
        memmove(client->out, client->out + sent, client->nr_out);
    }
}

static void put(struct control_client *client, const char *text, size_t length)
{
    char *grown = realloc(client->out, client->nr_out + length);

    if (!grown) {
        forget(client);
        return;
    }
    client->out = grown;
    memcpy(client->out + client->nr_out, text, length);
    client->nr_out += length;
    send_some(client);
}

/* One line. NULL: no memory. */
static char *line_of(const json_t *reply, size_t *length)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, length);
    bool good = to && json_put(reply, to, JSON_COMPACT) == 0;

    if (to && (fclose(to) != 0 || !good)) {
        free(text);
        return NULL;
    }
    return text;
}

void control_reply(struct control *control, int client, const json_t *id, json_t *reply)
{
    struct control_client *to = find(control, client);
    size_t length = 0;
    char *text;

    if (id)
        json_object_set(reply, "id", (json_t *)(uintptr_t)id);
    text = line_of(reply, &length);
    json_decref(reply);
    if (text && to)
        put(to, text, length);
    else if (to)
        forget(to); /* no memory: better no answer than none to this request alone */
    free(text);
}

void control_owe(struct control *control, int client)
{
    struct control_client *to = find(control, client);

    if (to)
        to->owed++;
}

void control_reply_owed(struct control *control, int client, const json_t *id, json_t *reply)
{
    struct control_client *to = find(control, client);

    if (to)
        to->owed--;
    control_reply(control, client, id, reply);
}

json_t *control_refusal(int exit_code, const char *words)
{
    return json_pack("{s:b, s:i, s:o}", "ok", 0, "exit", exit_code, "error", json_words(words));
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static void refuse(struct control *control, struct control_client *client, const json_t *id,
                   int exit_code, const char *words)
{
    control_reply(control, client->id, id, control_refusal(exit_code, words));
}

static void turn_away(struct control *control, struct control_client *client, const json_t *id)
{
    char words[80];

    snprintf(words, sizeof(words), "busy: %u clients are served at a time", CONTROL_CLIENTS);
    client->ended = true;
    refuse(control, client, id, EXIT_ABORTED, words);
}

static void take_line(struct control *control, struct control_client *client, const char *line,
                      size_t length)
{
    json_error_t error;
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    char words[300];

    client->is_served |= has_room(control);
    snprintf(words, sizeof(words), "a request is one JSON object a line%s%s", request ? "" : ": ",
             request ? "" : error.text);
    if (!json_is_object(request))
        refuse(control, client, NULL, EXIT_USAGE, words);
    else if (!client->is_served)
        turn_away(control, client, json_object_get(request, "id"));
    else
        control->request(control->opaque, client->id, request);
    json_decref(request);
}

/* Of a line that is too long nothing is obeyed, its end neither. */
static void skip_line(struct control *control, struct control_client *client)
{
    char words[80];

    snprintf(words, sizeof(words), "a request has at most %u bytes", CONTROL_LINE);
    client->n = 0;
    client->skips = true;
    refuse(control, client, NULL, EXIT_USAGE, words);
}

static void drop_line(struct control_client *client, size_t length)
{
    client->n -= length;
    memmove(client->line, client->line + length, client->n);
    client->skips = false;
}

/* Until it has more answers to take than it should. */
static void take_lines(struct control *control, struct control_client *client)
{
    while (client->fd >= 0 && client->nr_out < CONTROL_REPLY) {
        char *end = memchr(client->line, '\n', client->n);
        size_t length = end ? (size_t)(end - client->line) : client->n;

        if (!end && client->skips)
            client->n = 0;
        else if (!end && client->n == sizeof(client->line))
            skip_line(control, client);
        if (!end)
            return;
        if (!client->skips)
            take_line(control, client, client->line, length);
        if (client->fd >= 0)
            drop_line(client, length + 1);
    }
}

static void hear(struct control *control, struct control_client *client)
{
    ssize_t got =
        recv(client->fd, client->line + client->n, sizeof(client->line) - client->n, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        client->ended = true;
    else
        client->n += (size_t)got;
    take_lines(control, client);
}

/* ---- Clients --------------------------------------------------------------------------------- */

static struct control_client *free_place(struct control *control)
{
    for (int n = 0; n < CONTROL_PLACES; n++)
        if (control->clients[n].fd < 0)
            return &control->clients[n];
    return NULL;
}

static void welcome(struct control *control)
{
    struct control_client *client = free_place(control);
    int fd = client ? accept4(control->fd, NULL, NULL, SOCK_CLOEXEC) : -1;

    if (fd >= 0)
        *client = (struct control_client){
            .fd = fd, .id = control->next_id++, .is_served = has_room(control)};
}

/* More is read when the answers so far have been taken: a client that only asks waits. */
static struct pollfd interest(const struct control_client *client)
{
    bool full = client->nr_out >= CONTROL_REPLY || client->n == sizeof(client->line);

    return (struct pollfd){
        client->fd,
        (short)((!full && !client->ended ? POLLIN : 0) | (client->nr_out > 0 ? POLLOUT : 0)), 0};
}

static void serve(struct control *control, struct control_client *client, short events)
{
    if (events & POLLOUT)
        send_some(client);
    if (client->fd >= 0 && events & POLLIN)
        hear(control, client);
    else if (client->fd >= 0 && events & (POLLHUP | POLLERR))
        forget(client); /* nobody takes its answers */
    if (client->fd >= 0)
        take_lines(control, client); /* those that had to wait for room */
}

/* Who has said all and has all answers. */
static void forget_ended(struct control *control)
{
    for (int n = 0; n < CONTROL_PLACES; n++) {
        struct control_client *client = &control->clients[n];

        if (client->fd >= 0 && client->ended && client->owed == 0 && client->nr_out == 0)
            forget(client);
    }
}

void control_interest(struct control *control, struct pollfd ready[CONTROL_FDS])
{
    forget_ended(control);
    for (int n = 0; n < CONTROL_PLACES; n++)
        ready[n] = interest(&control->clients[n]);
    /* When all places are taken, who comes waits until one is free. */
    ready[CONTROL_PLACES] = (struct pollfd){free_place(control) ? control->fd : -1, POLLIN, 0};
}

void control_poll(struct control *control, int milliseconds)
{
    struct pollfd ready[CONTROL_FDS];

    control_interest(control, ready);
    if (poll(ready, CONTROL_FDS, milliseconds) <= 0)
        return;
    for (int n = 0; n < CONTROL_PLACES; n++)
        if (ready[n].revents != 0 && control->clients[n].fd == ready[n].fd)
            serve(control, &control->clients[n], ready[n].revents);
    if (ready[CONTROL_PLACES].revents & POLLIN)
        welcome(control);
    forget_ended(control);
}

/* Whom an answer waits for; false: nobody. */
static bool wants_rest(const struct control *control, struct pollfd ready[CONTROL_PLACES])
{
    bool more = false;

    for (int n = 0; n < CONTROL_PLACES; n++) {
        const struct control_client *client = &control->clients[n];

        ready[n] = (struct pollfd){client->nr_out > 0 ? client->fd : -1, POLLOUT, 0};
        more |= client->nr_out > 0;
    }
    return more;
}

/* The last answers, to those who take them. */
static void send_rest(struct control *control)
{
    struct pollfd ready[CONTROL_PLACES];
    uint64_t until = now_us() + LAST_WAIT * 1000;

    while (wants_rest(control, ready) && now_us() < until) {
        poll(ready, CONTROL_PLACES, LAST_WAIT / 10);
        for (int n = 0; n < CONTROL_PLACES; n++)
            send_some(&control->clients[n]);
    }
}

void control_close(struct control *control)
{
    if (control->fd < 0)
        return;
    send_rest(control);
    for (int n = 0; n < CONTROL_PLACES; n++)
        forget(&control->clients[n]);
    close(control->fd);
    if (is_ours(control))
        unlink(control->path);
    control->fd = -1;
}
