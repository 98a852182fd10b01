/* SPDX-License-Identifier: BSD-3-Clause */
/* In the tool: who answers a filtered VMM. One thread always waits for the next call. */
#include "tool/kvm/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/message.h"
#include "tool/kvm/tracee.h"

#define DEV_KVM "/dev/kvm"
#define KVM_RUN 0xae80u
#define MOST_THREADS 1024u
#define NOTIF_SET_FLAGS _IOW('!', 4, uint64_t) /* of Linux 6.6; Debian 12's headers are older */
#define NOTIF_SYNC_WAKE_UP 1ul
#define TICK 1 /* ms: how often a call that may last is looked at */

static struct {
    int listener;
    struct sockaddr_un server;
    pthread_mutex_t lock;
    unsigned threads, idle;
    dev_t device; /* of the server's files; 0: none has come yet */
} notify = {.listener = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

/* A call that is held, and the connection of the thread that answers it. */
struct answering {
    struct tracee tracee;
    const struct seccomp_data *data;
    int socket;
    uint64_t descriptor_flags; /* of what it gets: O_CLOEXEC or 0 */
    bool is_run, kicked;
    uint8_t part[SHIM_PART];
};

/* ---- Answers to the VMM ---------------------------------------------------------------------- */

static void go_on(const struct answering *held)
{
    struct seccomp_notif_resp answer = {.id = held->tracee.id,
                                        .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

    ioctl(notify.listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static void finish(struct answering *held, int64_t result)
{
    struct seccomp_notif_resp answer = {.id = held->tracee.id};

    if (held->tracee.stopped) {
        tracee_release(&held->tracee, result);
        return;
    }
    if (result < 0)
        answer.error = (int32_t)result;
    else
        answer.val = result;
    ioctl(notify.listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* A new descriptor: the call's result, or its number goes to the u32 at `at`. */
static void finish_with(struct answering *held, int fd, uint64_t at)
{
    struct seccomp_notif_addfd addition = {.id = held->tracee.id,
                                           .srcfd = (uint32_t)fd,
                                           .newfd_flags = (uint32_t)held->descriptor_flags};
    struct stat status;
    uint32_t number;
    int ret;

    if (fstat(fd, &status) == 0)
        __atomic_store_n(&notify.device, status.st_dev, __ATOMIC_RELAXED);
    if (held->tracee.stopped) {
        finish(held, -EIO);
        return;
    }
    if (at == 0)
        addition.flags = SECCOMP_ADDFD_FLAG_SEND;
    ret = ioctl(notify.listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addition);
    number = (uint32_t)ret;
    if (ret < 0)
        finish(held, -errno);
    else if (at)
        finish(held, tracee_write(&held->tracee, at, &number, sizeof(number)));
}

/* ---- The server's questions ------------------------------------------------------------------ */

static int store(struct answering *held, const struct shim_message *question)
{
    ssize_t got = recv(held->socket, held->part, sizeof(held->part), 0);

    if (got < 0 || (uint64_t)got != question->size)
        return -EFAULT;
    return tracee_write(&held->tracee, question->arg, held->part, (size_t)got);
}

static int answer(struct answering *held, const struct shim_message *question)
{
    struct shim_message reply = {.type = SHIM_ANSWER};
    size_t size = 0;
    int fd = -1, ret;

    switch (question->type) {
    case SHIM_READ:
        size = question->size <= SHIM_PART ? question->size : 0;
        reply.error = size != question->size
                          ? -EFAULT
                          : tracee_read(&held->tracee, question->arg, held->part, size);
        break;
    case SHIM_WRITE:
        reply.error = store(held, question);
        break;
    case SHIM_FD:
        fd = tracee_descriptor(&held->tracee, (int)question->arg);
        break;
    case SHIM_SHARE:
        fd = tracee_share(&held->tracee, question->arg, question->size, &reply.value);
        break;
    default:
        reply.error = -EPROTO;
    }
    if (fd < -1)
        reply.error = fd;
    ret = shim_send(held->socket, &reply, held->part, reply.error ? 0 : size, fd < 0 ? -1 : fd);
    if (fd >= 0)
        close(fd);
    return ret;
}

/* Until the server says something, or KVM_RUN is to come back: a signal has come, or the thread is
 * no more. */
static void wait_for_word(struct answering *held)
{
    struct pollfd word = {.fd = held->socket, .events = POLLIN};
    const struct shim_message kick = {.type = SHIM_KICK};

    while (!held->kicked && poll(&word, 1, TICK) == 0) {
        if (!tracee_has_signal(&held->tracee) && tracee_waits(&held->tracee))
            continue;
        shim_send(held->socket, &kick, NULL, 0, -1);
        held->kicked = true;
    }
}

/* ---- A call ---------------------------------------------------------------------------------- */

/* The bytes of the argument, or none where they cannot be read. */
static size_t read_along(struct answering *held, const struct shim_message *message)
{
    size_t size = shim_argument_size(message);

    return tracee_read(&held->tracee, message->arg, held->part, size) == 0 ? size : 0;
}

static bool talk(struct answering *held, const struct shim_message *message)
{
    size_t size = read_along(held, message);
    struct shim_message word;
    int fd;

    if (shim_send(held->socket, message, held->part, size, -1) != 0)
        return false;
    for (;;) {
        long got;

        if (held->is_run)
            wait_for_word(held);
        got = shim_receive(held->socket, &word, NULL, 0, &fd);
        if (got < (long)sizeof(word) || (word.type != SHIM_DONE && answer(held, &word) != 0))
            return false; /* the server has gone */
        if (word.type == SHIM_DONE)
            break;
    }
    if (word.error || fd < 0)
        finish(held, word.error ? word.error : word.value);
    else
        finish_with(held, fd, word.arg);
    if (fd >= 0)
        close(fd);
    return true;
}

static void call(struct answering *held, const struct shim_message *message)
{
    if (held->socket < 0 || !talk(held, message))
        finish(held, -EIO);
}

/* ---- What came ------------------------------------------------------------------------------- */

static bool is_kvm(const struct answering *held, uint64_t path)
{
    char text[sizeof(DEV_KVM)];

    return tracee_read(&held->tracee, path, text, sizeof(text)) == 0 &&
           memcmp(text, DEV_KVM, sizeof(text)) == 0;
}

static uint64_t open_flags(const struct answering *held)
{
    const struct seccomp_data *data = held->data;
    struct open_how how = {0};

    if (data->nr == SYS_openat)
        return data->args[2];
    if (data->nr != SYS_openat2)
        return data->args[1];
    tracee_read(&held->tracee, data->args[2], &how.flags, sizeof(how.flags));
    return how.flags;
}

static void take_open(struct answering *held)
{
    const struct shim_message message = {.type = SHIM_OPEN, .arg = SHIM_VERSION};

    held->descriptor_flags = open_flags(held) & O_CLOEXEC;
    call(held, &message);
}

/* The kernel has its own answers for what is not the server's. */
static void take_ioctl(struct answering *held)
{
    struct shim_message message = {
        .type = SHIM_IOCTL, .cmd = (uint32_t)held->data->args[1], .arg = held->data->args[2]};
    dev_t ours = __atomic_load_n(&notify.device, __ATOMIC_RELAXED);
    struct stat status;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)held->tracee.tid, (int)held->data->args[0]);
    if (!ours || stat(path, &status) != 0 || status.st_dev != ours) {
        go_on(held);
        return;
    }
    message.dev = status.st_dev;
    message.ino = status.st_ino;
    held->is_run = message.cmd == KVM_RUN;
    held->descriptor_flags = O_CLOEXEC;
    call(held, &message);
}

/* Where the path of each is; the others are ioctls. */
static int path_argument(int number)
{
#ifdef SYS_open
    if (number == SYS_open)
        return 0;
#endif
#ifdef SYS_access
    if (number == SYS_access)
        return 0;
#endif
    return number == SYS_ioctl ? -1 : 1;
}

static bool is_access(int number)
{
#ifdef SYS_access
    if (number == SYS_access)
        return true;
#endif
    return number == SYS_faccessat || number == SYS_faccessat2;
}

static void take(struct answering *held)
{
    int path = path_argument(held->data->nr);

    if (path < 0)
        take_ioctl(held);
    else if (!is_kvm(held, held->data->args[path]))
        go_on(held);
    else if (is_access(held->data->nr))
        finish(held, 0);
    else
        take_open(held);
}

/* ---- Threads --------------------------------------------------------------------------------- */

static int connect_server(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&notify.server, sizeof(notify.server)) != 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static int start_thread(void);

/* Somebody waits for the next call before this one is answered: it may last. */
static void count_idle(int by)
{
    pthread_mutex_lock(&notify.lock);
    notify.idle += (unsigned)by;
    if (notify.idle == 0 && notify.threads < MOST_THREADS && start_thread() == 0) {
        notify.threads++;
        notify.idle++;
    }
    pthread_mutex_unlock(&notify.lock);
}

static void *answer_all(void *opaque)
{
    struct answering *held = opaque;
    struct seccomp_notif notification;

    held->socket = connect_server();
    for (;;) {
        memset(&notification, 0, sizeof(notification));
        if (ioctl(notify.listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) {
            if (errno != EINTR && errno != ENOENT)
                break;
            if (errno == ENOENT) /* it was killed, or all of them have gone */
                usleep(1000);
            continue;
        }
        count_idle(-1);
        held->tracee = (struct tracee){.listener = notify.listener,
                                       .id = notification.id,
                                       .tid = (pid_t)notification.pid,
                                       .process = tracee_process((pid_t)notification.pid)};
        held->data = &notification.data;
        held->is_run = held->kicked = false;
        take(held);
        count_idle(1);
    }
    return NULL;
}

/* Signals are for the thread that waits for the command. */
static int start_thread(void)
{
    struct answering *held = calloc(1, sizeof(*held));
    sigset_t all, before;
    pthread_t thread;
    int ret;

    if (!held)
        return -ENOMEM;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ret = pthread_create(&thread, NULL, answer_all, held);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ret == 0)
        pthread_detach(thread);
    else
        free(held);
    return -ret;
}

int notify_serve(int from, const char *socket)
{
    struct shim_message hello;
    int hello_fd;
    long got = shim_receive(from, &hello, NULL, 0, &notify.listener);

    if (got < (long)sizeof(hello) || notify.listener < 0)
        return 0;
    notify.server.sun_family = AF_UNIX;
    if (strlen(socket) >= sizeof(notify.server.sun_path))
        return -ENAMETOOLONG;
    memcpy(notify.server.sun_path, socket, strlen(socket) + 1);
    hello_fd = connect_server(); /* whatever the program goes on to do, it is not past us */
    if (hello_fd < 0)
        return -errno;
    close(hello_fd);
    /* The VMM's thread and the one that answers take turns; an older kernel refuses it. */
    ioctl(notify.listener, NOTIF_SET_FLAGS, NOTIF_SYNC_WAKE_UP);
    count_idle(0);
    return notify.idle > 0 ? 0 : -ENOMEM;
}
