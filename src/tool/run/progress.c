/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/run/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BAR 40

static volatile sig_atomic_t usr1, ending; /* set by the handlers, taken by the questions */

static volatile sig_atomic_t waker = -1; /* an eventfd: who sleeps wakes up */

static void wake_up(void)
{
    const uint64_t one = 1;
    int before = errno;

    if (write(waker, &one, sizeof(one)) < 0)
        errno = before; /* it is full: so be it */
}

static void on_usr1(int number)
{
    (void)number;
    usr1 = 1;
    wake_up();
}

static void on_ending(int number)
{
    if (ending != SIGTERM && ending != SIGHUP)
        ending = number;
    wake_up();
}

void progress_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_usr1, .sa_flags = SA_RESTART}, before;

    waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = on_ending;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, &before);
    if (before.sa_handler == SIG_IGN) /* as nohup wants it */
        sigaction(SIGHUP, &before, NULL);
}

int progress_wakes(void)
{
    return waker;
}

void progress_woke(void)
{
    uint64_t times;

    if (read(waker, &times, sizeof(times)) < 0)
        return; /* there was none */
}

bool progress_line_is_wanted(void)
{
    bool wanted = usr1;

    if (wanted)
        usr1 = 0;
    return wanted;
}

int progress_asked_to_end(void)
{
    int by = ending;

    if (by != 0)
        ending = 0;
    return by;
}

void progress_end_by(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

bool progress_begin(struct progress *progress, const char *what, const char *form)
{
    *progress = (struct progress){PROGRESS_NONE, what, -1};
    if (!form)
        progress->form = isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_NONE;
    else if (strcmp(form, "json") == 0)
        progress->form = PROGRESS_JSON;
    else if (strcmp(form, "bar") == 0)
        progress->form = PROGRESS_BAR;
    else
        return strcmp(form, "none") == 0;
    return true;
}

void progress_show(struct progress *progress, unsigned percent)
{
    int filled = (int)(percent * BAR / 100);

    if (progress->form == PROGRESS_NONE || (int)percent == progress->shown)
        return;
    progress->shown = (int)percent;
    if (progress->form == PROGRESS_JSON)
        fprintf(stderr, "{\"percent\":%u,\"progress\":\"%s\"}\n", percent, progress->what);
    else
        fprintf(stderr, "\r%s [%.*s%*s] %3u %%", progress->what, filled,
                "########################################", BAR - filled, "", percent);
    fflush(stderr);
}

void progress_part(struct progress *progress, uint64_t done, uint64_t all)
{
    progress_show(progress, all == 0 ? 100 : (unsigned)(done * 100 / all));
}

void progress_end(struct progress *progress, bool good)
{
    if (progress->form == PROGRESS_JSON)
        fprintf(stderr, "{\"done\":%s,\"progress\":\"%s\"}\n", good ? "true" : "false",
                progress->what);
    else if (progress->form == PROGRESS_BAR && progress->shown >= 0)
        fprintf(stderr, "\r\033[K");
    progress->shown = -1;
}
