/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts/error.h"
#include "kvmd/server.h"
#include "tool/report.h"

#define LONGEST_END 10u /* seconds: then it ends all the same */
#define MOST_SAID 64u   /* different messages */

/* From the server to the tool: when it listens, and when it has ended. */
struct serve_word {
    int32_t status; /* enum cli_exit */
    uint32_t connections;
    char directory[SERVE_PATH];
};

/* ---- In the server --------------------------------------------------------------------------- */

/* What an emulated kernel has to say is said once. */
static void say_once(void *opaque, const char *message)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static char *said[MOST_SAID];
    bool is_new = true;

    (void)opaque;
    pthread_mutex_lock(&lock);
    for (size_t n = 0; n < MOST_SAID && is_new; n++) {
        is_new = !said[n] || strcmp(said[n], message) != 0;
        if (said[n])
            continue;
        said[n] = strdup(message);
        break;
    }
    if (is_new)
        report(VERB_kvm, EXIT_DONE, "%s", message);
    pthread_mutex_unlock(&lock);
}

static void detach(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    setsid(); /* a terminal's signals are for the VMM */
    signal(SIGPIPE, SIG_IGN);
    if (null < 0)
        return;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    close(null);
}

static int make_directory(char to[SERVE_PATH])
{
    const char *place = getenv("TMPDIR");
    int length = snprintf(to, SERVE_PATH, "%s/vgic5-kvm-XXXXXX", place && *place ? place : "/tmp");

    if (length + (int)sizeof("/socket") > (int)SERVE_PATH)
        return report(VERB_kvm, EXIT_ENVIRONMENT,
                      "the name of TMPDIR is too long for a socket in it: %s", place);
    if (!mkdtemp(to)) /* 0700 */
        return report(VERB_kvm, EXIT_ENVIRONMENT, "%s cannot be made: %s", to, strerror(errno));
    return EXIT_DONE;
}

/* Until the tool closes its end, or is no more. */
static void serve_until_end(int lifeline)
{
    char byte;
    ssize_t got;

    do
        got = read(lifeline, &byte, 1);
    while (got > 0 || (got < 0 && errno == EINTR));
}

static bool send_word(int reports, const struct serve_word *word)
{
    return write(reports, word, sizeof(*word)) == (ssize_t)sizeof(*word);
}

/* Who answers: one of the two. */
struct answerer {
    struct kvmd *kvmd;
    struct kvmd_real *real; /* the host's own, of which there is only to be written down */
};

static int make_answerer(const struct kvmd_config *config, struct answerer *answerer,
                         struct vgic5_error *error)
{
    *answerer = (struct answerer){0};
    if (config->engine)
        return kvmd_create(config, &answerer->kvmd, error);
    answerer->real = kvmd_real_create(config->observer, config->opaque);
    return answerer->real ? 0 : error_no_memory(error, "the recorder");
}

static void destroy_answerer(const struct answerer *answerer)
{
    kvmd_destroy(answerer->kvmd);
    kvmd_real_destroy(answerer->real);
}

/* Nothing stays, and nobody waits for it for ever. */
static void end(struct kvmd_server *server, const struct answerer *answerer,
                struct serve_word *word)
{
    signal(SIGALRM, SIG_DFL);
    alarm(LONGEST_END);
    word->connections = kvmd_server_stop(server);
    destroy_answerer(answerer);
    rmdir(word->directory);
}

static int listen_and_serve(const struct kvmd_config *config, struct watch *watch, int lifeline,
                            int reports, struct serve_word *word)
{
    char path[SERVE_PATH + sizeof("/socket")];
    struct vgic5_error error = {0};
    struct kvmd_server *server;
    struct answerer answerer;

    snprintf(path, sizeof(path), "%s/socket", word->directory);
    if (make_answerer(config, &answerer, &error) != 0)
        return report_error(VERB_kvm, &error);
    if (kvmd_server_start(answerer.kvmd, answerer.real, path, &server, &error) != 0) {
        destroy_answerer(&answerer);
        return report_error(VERB_kvm, &error);
    }
    if (send_word(reports, word))
        serve_until_end(lifeline);
    end(server, &answerer, word);
    return watch_close(watch);
}

static void be_server(const struct kvmd_config *config, struct watch *watch, int lifeline,
                      int reports)
{
    struct serve_word word = {0};

    detach();
    word.status = make_directory(word.directory);
    if (word.status == EXIT_DONE)
        word.status = listen_and_serve(config, watch, lifeline, reports, &word);
    rmdir(word.directory);
    send_word(reports, &word);
    _exit(word.status);
}

/* ---- In the tool ----------------------------------------------------------------------------- */

static void close_pair(const int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

static int fork_server(const struct kvmd_config *config, struct watch *watch, struct serve *serve)
{
    int lifeline[2], reports[2];

    if (pipe2(lifeline, O_CLOEXEC) != 0)
        return errno;
    if (pipe2(reports, O_CLOEXEC) != 0) {
        close_pair(lifeline);
        return errno;
    }
    serve->pid = fork();
    if (serve->pid < 0) {
        close_pair(lifeline);
        close_pair(reports);
        return errno;
    }
    if (serve->pid == 0) {
        close(lifeline[1]);
        close(reports[0]);
        be_server(config, watch, lifeline[0], reports[1]);
    }
    close(lifeline[0]);
    close(reports[1]);
    serve->lifeline = lifeline[1];
    serve->reports = reports[0];
    return 0;
}

static bool read_word(const struct serve *serve, struct serve_word *word)
{
    ssize_t got;

    do
        got = read(serve->reports, word, sizeof(*word));
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(*word);
}

int serve_start(struct kvmd_config *config, struct watch *watch, struct serve *serve)
{
    struct serve_word word;
    uint32_t nobody;
    int ret;

    *serve = (struct serve){.lifeline = -1, .reports = -1};
    config->log = say_once;
    ret = fork_server(config, watch, serve);
    if (ret)
        return report(VERB_kvm, EXIT_ENVIRONMENT, "the server cannot be started: %s",
                      strerror(ret));
    if (!read_word(serve, &word)) /* it died */
        return serve_stop(serve, &nobody);
    if (word.status != EXIT_DONE) {
        serve_stop(serve, &nobody);
        return word.status;
    }
    snprintf(serve->directory, sizeof(serve->directory), "%s", word.directory);
    snprintf(serve->socket, sizeof(serve->socket), "%.*s/socket",
             (int)(sizeof(serve->socket) - sizeof("/socket")), word.directory);
    return EXIT_DONE;
}

static int reap(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return report(VERB_kvm, EXIT_BUG, "the server cannot be waited for: %s",
                          strerror(errno));
    }
    if (WIFSIGNALED(status))
        return report(VERB_kvm, EXIT_BUG, "the server died of signal %d (%s)", WTERMSIG(status),
                      strsignal(WTERMSIG(status)));
    return WEXITSTATUS(status);
}

int serve_stop(struct serve *serve, uint32_t *connections)
{
    struct serve_word word = {0};
    int ret;

    close(serve->lifeline);
    *connections = read_word(serve, &word) ? word.connections : UINT32_MAX;
    close(serve->reports);
    ret = reap(serve->pid);
    if (serve->directory[0] != '\0') { /* of one that was killed */
        unlink(serve->socket);
        rmdir(serve->directory);
    }
    return ret;
}
