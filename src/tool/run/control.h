/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket: a Unix socket of mode 0600 that takes and gives one JSON object a line. */
#ifndef TOOL_RUN_CONTROL_H
#define TOOL_RUN_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/stat.h>

#define CONTROL_CLIENTS 8
#define CONTROL_LINE 8192 /* bytes of a request at most */

struct control_client {
    int fd; /* -1: none */
    int id; /* never used twice, unlike the descriptor */
    size_t n;
    char line[CONTROL_LINE];
};

struct control {
    int fd; /* -1: no socket */
    const char *path;
    struct stat made; /* the socket, to know it again */
    int next_id;
    struct control_client clients[CONTROL_CLIENTS];
    /* One request; `client` is for control_reply. */
    void (*request)(void *opaque, int client, const json_t *request);
    void *opaque;
};

/* 0 or a negative errno; -EADDRINUSE: somebody listens there. A socket that was left behind is
 * replaced, anything else is not. */
int control_open(struct control *control, const char *path);
/* Removes the socket. Safe on one that was never opened (fd -1). */
void control_close(struct control *control);
/* Take what has come, waiting at most `milliseconds` (-1: as long as it takes). */
void control_poll(struct control *control, int milliseconds);
/* Drops the reference. A client that has gone, or does not read, is forgotten. */
void control_reply(struct control *control, int client, json_t *reply);

/* The other end: a descriptor, or a negative errno. */
int control_connect(const char *path);

#endif
