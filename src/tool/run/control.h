/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket: a Unix socket of mode 0600 that takes and gives one JSON object a line. */
#ifndef TOOL_RUN_CONTROL_H
#define TOOL_RUN_CONTROL_H

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>

#define CONTROL_CLIENTS 8                /* that are served at a time … */
#define CONTROL_PLACES 12                /* … the others read that it is busy, and go */
#define CONTROL_LINE 8192                /* bytes of a request at most */
#define CONTROL_REPLY (8 * CONTROL_LINE) /* bytes of a reply at most */

struct control_client {
    int fd; /* -1: none */
    int id; /* never used twice, unlike the descriptor */
    size_t n;
    char line[CONTROL_LINE + 1]; /* with its end */
    bool is_served;              /* else it is one too many */
    bool skips;                  /* the rest of a line that was too long */
    bool ended;                  /* nothing more comes; answers may still be due */
    unsigned owed;               /* answers to come later (control_owe) */
    char *out;                   /* answers that it has not taken yet */
    size_t nr_out;
};

struct control {
    int fd; /* -1: no socket */
    const char *path;
    struct stat made; /* the socket, to know it again */
    int next_id;
    struct control_client clients[CONTROL_PLACES];
    /* One request; `client` is for control_reply. */
    void (*request)(void *opaque, int client, const json_t *request);
    void *opaque;
};

/* 0 or a negative errno; -EADDRINUSE: somebody listens there. A socket that was left behind is
 * replaced, anything else is not. */
int control_open(struct control *control, const char *path);
/* Removes the socket; who does not take its last answers within a second loses them. Safe on one
 * that was never opened (fd -1). */
void control_close(struct control *control);
/* What may come, for poll(): CONTROL_FDS of them, those with fd -1 for nothing. */
#define CONTROL_FDS (CONTROL_PLACES + 1)
void control_interest(struct control *control, struct pollfd ready[CONTROL_FDS]);
/* Take what has come, waiting at most `milliseconds` (-1: as long as it takes). */
void control_poll(struct control *control, int milliseconds);
/* Takes the reference of `reply`; `id` (may be NULL) is that of the request, which the reply
 * repeats. What the client does not take now waits, and as long nothing is read from it. */
void control_reply(struct control *control, int client, const json_t *id, json_t *reply);
/* An answer comes later, with control_reply_owed: a client that has said all stays until then. */
void control_owe(struct control *control, int client);
void control_reply_owed(struct control *control, int client, const json_t *id, json_t *reply);
/* "ok": false, with the exit code and words. */
json_t *control_refusal(int exit_code, const char *words);

/* The other end: a descriptor, or a negative errno. */
int control_connect(const char *path);

#endif
