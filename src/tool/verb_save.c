/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks a running `vgic5 run` or `restore` for a snapshot, through its control socket. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool/run/control.h"
#include "tool/run/host_time.h"
#include "tool/json.h"
#include "snapshot/pipes.h"
#include "tool/run/progress.h"
#include "tool/report.h"

#define ASK_EVERY 100      /* milliseconds, for the progress */
#define ANSWER_WITHIN 2000 /* milliseconds, when it has been asked to give up */

/* The other process may be in another directory. */
static json_t *absolute(const char *path)
{
    char here[PATH_MAX], whole[2 * PATH_MAX];

    if (*path == '/' || !getcwd(here, sizeof(here)))
        return json_string(path);
    snprintf(whole, sizeof(whole), "%s/%s", here, path);
    return json_string(whole);
}

/* Never waits: a guest that does not run takes nothing. */
static bool send_line(int fd, json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT | JSON_SORT_KEYS);
    size_t length = text ? strlen(text) : 0;
    bool good;

    if (text)
        text[length++] = '\n'; /* in the place of the NUL */
    good = text && send(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length;
    free(text);
    json_decref(request);
    return good;
}

/* What arrives, line by line. */
struct lines {
    int fd;
    char text[CONTROL_REPLY + 1];
    size_t n;
};

/* The next reply, NULL when none has come in time; `gone` when none will. */
static json_t *next_reply(struct lines *lines, bool *gone)
{
    struct pollfd ready = {lines->fd, POLLIN, 0};
    char *end = memchr(lines->text, '\n', lines->n);
    json_t *reply;
    ssize_t got;

    *gone = false;
    if (!end) {
        if (poll(&ready, 1, ASK_EVERY) <= 0)
            return NULL;
        got = recv(lines->fd, lines->text + lines->n, sizeof(lines->text) - lines->n, 0);
        *gone = got == 0 || (got < 0 && errno != EINTR);
        lines->n += got > 0 ? (size_t)got : 0;
        return NULL;
    }
    reply = json_loadb(lines->text, (size_t)(end - lines->text), 0, NULL);
    lines->n -= (size_t)(end - lines->text) + 1;
    memmove(lines->text, end + 1, lines->n);
    return reply;
}

/* A reply to `save` has "file" or is a refusal; those to `status` and `cancel` have "state". */
static int take_reply(json_t *reply, struct progress *progress, bool *over)
{
    const json_t *saving = json_object_get(reply, "saving");
    const char *words = json_string_value(json_object_get(reply, "error"));

    *over = json_object_get(reply, "state") == NULL;
    if (json_is_integer(saving))
        progress_show(progress, (unsigned)json_integer_value(saving));
    if (!*over)
        return EXIT_DONE;
    progress_end(progress, !words);
    if (words)
        return report(VERB_save, (enum cli_exit)json_integer_value(json_object_get(reply, "exit")),
                      "%s", words);
    return json_print(json_incref(reply));
}

/* Asked to end: the guest is asked to give the save up, and has a little time to say that it has.
 * Asked again, or not answered: false. */
static bool goes_on_waiting(int fd, uint64_t *until)
{
    if (progress_asked_to_end() != 0) {
        if (*until != 0)
            return false;
        *until = now_us() + ANSWER_WITHIN * 1000;
        send_line(fd, json_pack("{s:s}", "command", "cancel"));
    }
    return *until == 0 || now_us() < *until;
}

static int wait_for_it(int fd, struct progress *progress)
{
    struct lines lines = {.fd = fd};
    bool over = false, gone = false, asked = false;
    int ret = EXIT_DONE;
    uint64_t until = 0; /* 0: as long as it takes */

    while (!over && !gone && goes_on_waiting(fd, &until)) {
        json_t *reply = next_reply(&lines, &gone);

        if (reply) {
            ret = take_reply(reply, progress, &over);
            asked = false;
        } else if (progress->form != PROGRESS_NONE && !asked && !gone) {
            asked = send_line(fd, json_pack("{s:s}", "command", "status"));
        }
        json_decref(reply);
    }
    if (gone && !over)
        return report(VERB_save, EXIT_ENVIRONMENT,
                      "the guest's process has ended, or closed the connection");
    if (!over)
        return report(VERB_save, EXIT_ABORTED,
                      "the guest's process does not answer; it finds a request to give the save "
                      "up when it runs again");
    return ret;
}

/* /dev/stdout, /dev/fd/3: the guest's process has others of these names. */
static bool is_own_pipe(const char *path)
{
    return pipe_is(path) && (strncmp(path, "/dev/", strlen("/dev/")) == 0 ||
                             strncmp(path, "/proc/", strlen("/proc/")) == 0);
}

static bool is_text(const char *path)
{
    json_t *text = absolute(path);

    json_decref(text);
    return text != NULL;
}

int verb_save(const struct cli_options *options)
{
    struct progress progress;
    json_t *request;
    int fd, ret;

    if (!options->control)
        return report(VERB_save, EXIT_USAGE, "no --control PATH");
    if (!progress_begin(&progress, "save", options->progress))
        return report(VERB_save, EXIT_USAGE, "--progress is '%s', expected bar, json or none",
                      options->progress);
    if (!is_text(options->operand) || (options->base && !is_text(options->base)))
        return report(VERB_save, EXIT_USAGE, "the control socket takes names in UTF-8 only");
    if (is_own_pipe(options->operand))
        return report(VERB_save, EXIT_USAGE,
                      "%s is a pipe of this process, which the guest's "
                      "cannot write into; use a FIFO (mkfifo)",
                      options->operand);
    fd = control_connect(options->control);
    if (fd < 0)
        return report(VERB_save, EXIT_ENVIRONMENT, "--control %s: %s", options->control,
                      strerror(-fd));
    progress_catch_signals();
    request = json_pack("{s:s, s:o}", "command", "save", "file", absolute(options->operand));
    if (options->base)
        json_object_set_new(request, "base", absolute(options->base));
    ret = send_line(fd, request) ? wait_for_it(fd, &progress)
                                 : report(VERB_save, EXIT_ENVIRONMENT, "--control %s: %s",
                                          options->control, strerror(errno));
    close(fd);
    return ret;
}
