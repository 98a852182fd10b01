/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread of a VMM whose system call waits for an answer: its memory, its descriptors, and calls
 * that it is made to carry out itself. Used by one thread of the tool: that which answers.
 */
#ifndef TOOL_KVM_TRACEE_H
#define TOOL_KVM_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if defined(__x86_64__) || defined(__aarch64__)
#define TRACEE_IS_HERE 1
#else
#define TRACEE_IS_HERE 0
#endif

struct tracee {
    int listener; /* of the filter */
    uint64_t id;  /* of its notification */
    pid_t tid, process;
    bool stopped;  /* the notification has been answered, and the thread is held by ptrace */
    uint64_t mask; /* its signal mask, while it is held */
    void *registers;
};

/* The process of a thread, and of that the parent. */
pid_t tracee_process(pid_t tid);
pid_t tracee_parent(const struct tracee *tracee);
/* Is the call still waiting? */
bool tracee_waits(const struct tracee *tracee);
/* 0 or -EFAULT. */
int tracee_read(const struct tracee *tracee, uint64_t at, void *to, size_t size);
int tracee_write(const struct tracee *tracee, uint64_t at, const void *from, size_t size);
/* A duplicate of its descriptor, or a negative errno. */
int tracee_descriptor(const struct tracee *tracee, int number);
/* Has a signal come for it that it does not block? */
bool tracee_has_signal(const struct tracee *tracee);
/*
 * Make this region of its memory shared: the file, and where in it; or a negative errno. Afterwards
 * the thread may be held: tracee_release lets it go with its result.
 */
int tracee_share(struct tracee *tracee, uint64_t at, uint64_t size, int64_t *offset);
void tracee_release(struct tracee *tracee, int64_t result);

#endif
