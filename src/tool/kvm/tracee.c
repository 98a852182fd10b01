/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/tracee.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/uio.h>
#include <unistd.h>

bool tracee_waits(const struct tracee *tracee)
{
    uint64_t id = tracee->id;

    return ioctl(tracee->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* What was read of a thread that has gone may be another's. */
int tracee_read(const struct tracee *tracee, uint64_t at, void *to, size_t size)
{
    struct iovec own = {to, size}, there = {(void *)(uintptr_t)at, size};

    if (process_vm_readv(tracee->tid, &own, 1, &there, 1, 0) != (ssize_t)size)
        return -EFAULT;
    return tracee->stopped || tracee_waits(tracee) ? 0 : -EFAULT;
}

int tracee_write(const struct tracee *tracee, uint64_t at, const void *from, size_t size)
{
    struct iovec own = {(void *)(uintptr_t)from, size}, there = {(void *)(uintptr_t)at, size};

    if (!tracee->stopped && !tracee_waits(tracee))
        return -EFAULT;
    return process_vm_writev(tracee->tid, &own, 1, &there, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

/* ---- Descriptors and signals ----------------------------------------------------------------- */

int tracee_descriptor(const struct tracee *tracee, int number)
{
    int process = pidfd_open(tracee->process, 0), fd;

    if (process < 0)
        return -errno;
    fd = pidfd_getfd(process, number, 0);
    if (fd < 0)
        fd = -errno;
    close(process);
    return fd;
}

/* Fields of /proc/TID/status, as "SigBlk:\t0000000000000000"; 0: is not there. */
struct status_field {
    const char *name;
    int base;
    uint64_t value;
};

static bool read_status(pid_t tid, struct status_field *fields, size_t number)
{
    char path[48], line[128];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
    file = fopen(path, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof(line), file)) {
        for (size_t n = 0; n < number; n++) {
            size_t length = strlen(fields[n].name);

            if (strncmp(line, fields[n].name, length) == 0)
                fields[n].value = strtoull(line + length, NULL, fields[n].base);
        }
    }
    fclose(file);
    return true;
}

bool tracee_has_signal(const struct tracee *tracee)
{
    struct status_field f[] = {{"SigPnd:", 16, 0}, {"ShdPnd:", 16, 0}, {"SigBlk:", 16, 0}};

    if (!read_status(tracee->tid, f, 3))
        return true;
    return ((f[0].value | f[1].value) & ~f[2].value) != 0;
}

pid_t tracee_process(pid_t tid)
{
    struct status_field process = {"Tgid:", 10, 0};

    return read_status(tid, &process, 1) ? (pid_t)process.value : tid;
}

pid_t tracee_parent(const struct tracee *tracee)
{
    struct status_field parent = {"PPid:", 10, 0};

    return read_status(tracee->process, &parent, 1) ? (pid_t)parent.value : 0;
}
