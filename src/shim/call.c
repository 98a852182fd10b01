/* SPDX-License-Identifier: BSD-3-Clause */
/* One call of the VMM: sent, the server's questions answered, and its end waited for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim/shim.h"

#define SET_ONE_REG 0x4010aeacu

/* ---- The server's questions ------------------------------------------------------------------ */

/* The bytes go where they belong at once; the kernel finds out what is not there. An emulator of
 * user programs does so before it takes them, so they have to be there: then they are dropped. */
static int store(int s, const struct shim_message *question)
{
    struct pollfd bytes = {.fd = s, .events = POLLIN};
    ssize_t got;
    char byte;

    while (poll(&bytes, 1, -1) < 0 && errno == EINTR)
        continue;
    got = recv(s, (void *)(uintptr_t)question->arg, question->size, 0);
    if (got < 0) {
        int error = errno;

        recv(s, &byte, sizeof(byte), MSG_DONTWAIT);
        return -error;
    }
    return (uint64_t)got == question->size ? 0 : -EFAULT;
}

static int duplicate(uint64_t number)
{
    int fd = fcntl((int)number, F_DUPFD_CLOEXEC, 0);

    return fd < 0 ? -EBADF : fd;
}

static int answer(int s, const struct shim_message *question)
{
    struct shim_message reply = {.type = SHIM_ANSWER};
    int fd = -1, ret;

    switch (question->type) {
    case SHIM_READ:
        if (shim_send(s, &reply, (const void *)(uintptr_t)question->arg, question->size, -1) == 0)
            return 0;
        reply.error = -EFAULT;
        break;
    case SHIM_WRITE:
        reply.error = store(s, question);
        break;
    case SHIM_FD:
        fd = duplicate(question->arg);
        break;
    case SHIM_SHARE:
        fd = shim_share(question->arg, question->size, &reply.value);
        break;
    default:
        reply.error = -EPROTO;
    }
    if (fd < -1)
        reply.error = fd;
    ret = shim_send(s, &reply, NULL, 0, fd < 0 ? -1 : fd);
    if (fd >= 0)
        close(fd);
    return ret;
}

/* ---- KVM_RUN --------------------------------------------------------------------------------- */

/* Until the server says something. Handlers run here, with the VMM's own mask, and only here: then
 * KVM_RUN is to come back. */
static void wait_for_word(int s, const sigset_t *outside, bool *kicked)
{
    struct pollfd word = {.fd = s, .events = POLLIN};
    const struct shim_message kick = {.type = SHIM_KICK};
    int ret;

    if (*kicked)
        return;
    shim_nest(1);
    ret = ppoll(&word, 1, NULL, outside);
    shim_nest(-1);
    if (ret < 0 && errno == EINTR) {
        shim_send(s, &kick, NULL, 0, -1);
        *kicked = true;
    }
}

/* ---- A call ---------------------------------------------------------------------------------- */

static int send_call(int s, const struct shim_message *message, const void *bytes, size_t size)
{
    int ret = shim_send(s, message, bytes, size, -1);

    return ret == -EFAULT ? shim_send(s, message, NULL, 0, -1) : ret;
}

static long finish(const struct shim_message *done, int fd)
{
    uint32_t number = (uint32_t)fd;

    if (done->error) {
        if (fd >= 0)
            close(fd);
        errno = -done->error;
        return -1;
    }
    if (fd < 0 || !done->arg)
        return fd >= 0 ? fd : (long)done->value;
    *(uint32_t *)(uintptr_t)done->arg = number; /* the server has written there before */
    return 0;
}

/* What goes along with a call. */
struct along {
    const void *bytes;
    size_t size;
    bool is_run;
};

static long talk(int s, struct shim_message *message, const struct along *along,
                 const sigset_t *outside)
{
    struct shim_message word;
    bool kicked = false;
    int fd = -1;

    if (send_call(s, message, along->bytes, along->size) != 0) {
        errno = EIO;
        return -1;
    }
    for (;;) {
        long got;

        if (along->is_run)
            wait_for_word(s, outside, &kicked);
        got = shim_receive(s, &word, NULL, 0, along->is_run ? NULL : &fd);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < (long)sizeof(word) || (word.type != SHIM_DONE && answer(s, &word) != 0)) {
            errno = EIO; /* the server has gone */
            return -1;
        }
        if (word.type == SHIM_DONE && word.size)
            word.error = store(s, &word);
        if (word.type == SHIM_DONE)
            return finish(&word, fd);
    }
}

static long call(struct shim_message *message, const struct along *along)
{
    int s = shim_connection(), error;
    sigset_t all, outside;
    long ret;

    if (s < 0) {
        errno = EIO;
        return -1;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &outside);
    ret = talk(s, message, along, &outside);
    error = errno;
    pthread_sigmask(SIG_SETMASK, &outside, NULL);
    errno = error;
    return ret;
}

/* This process's memory, or what there is of it. */
static bool peek(void *to, uint64_t at, size_t size)
{
    const struct iovec here = {to, size}, there = {(void *)(uintptr_t)at, size};

    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)size;
}

struct shim_register {
    uint64_t id, at;
    uint8_t value[16];
};

/* The register's value goes along. What cannot be read so is left to the server's questions. */
static bool take_register(struct shim_message *message, struct shim_register *reg)
{
    size_t size;

    if (!peek(reg, message->arg, offsetof(struct shim_register, value)))
        return false;
    size = (size_t)1 << (reg->id >> 52 & 15);
    if (size > sizeof(reg->value) || !peek(reg->value, reg->at, size))
        return false;
    message->value = (int64_t)reg->at;
    message->size = size;
    return true;
}

long shim_call(struct shim_message *message, bool is_run)
{
    struct shim_register reg;
    struct along along = {(const void *)(uintptr_t)message->arg, shim_argument_size(message),
                          is_run};

    if (message->type == SHIM_IOCTL)
        message->error = SHIM_TAKES_BYTES;
    if (message->cmd == SET_ONE_REG && take_register(message, &reg)) {
        along.bytes = &reg;
        along.size = offsetof(struct shim_register, value) + message->size;
    }
    return call(message, &along);
}

void shim_report(struct shim_message *message, const void *bytes, size_t size)
{
    const struct along along = {bytes, size, false};

    call(message, &along);
}
