/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvm.h"

#define FIRST_PLAIN 4u /* descriptors from here on are no eventfds */
#define LOOKS 3u

struct vmm_memory memory;

/* ---- Memory ---------------------------------------------------------------------------------- */

static bool faults(uint64_t at, size_t size)
{
    uint64_t begin = at - (uintptr_t)memory.arena;

    if (memory.fault_in && --memory.fault_in == 0)
        memory.faulted = true;
    else if (at >= (uintptr_t)memory.arena && size <= ARENA_SIZE && begin <= ARENA_SIZE - size)
        return false;
    return true;
}

static int read_arena(void *opaque, uint64_t at, void *to, size_t size)
{
    (void)opaque;
    if (faults(at, size))
        return -EFAULT;
    memcpy(to, (const void *)(uintptr_t)at, size);
    return 0;
}

static int write_arena(void *opaque, uint64_t at, const void *from, size_t size)
{
    (void)opaque;
    if (faults(at, size))
        return -EFAULT;
    memcpy((void *)(uintptr_t)at, from, size);
    return 0;
}

static bool is_in(uint64_t at, uint64_t size, const void *region, uint64_t region_size)
{
    uint64_t begin = at - (uintptr_t)region;

    return at >= (uintptr_t)region && size <= region_size && begin <= region_size - size;
}

static int map_ram(void *opaque, uint64_t at, uint64_t size, void **host)
{
    (void)opaque;
    if (!is_in(at, size, memory.ram, RAM_SIZE) && !is_in(at, size, memory.big, BIG_SIZE))
        return -EFAULT;
    memory.mapped++;
    *host = (void *)(uintptr_t)at;
    return 0;
}

static void unmap_ram(void *host, uint64_t size)
{
    (void)host, (void)size;
    memory.mapped--;
}

/* ---- Descriptors, and signals ---------------------------------------------------------------- */

static int descriptor(void *opaque, uint64_t number)
{
    (void)opaque;
    return number < NR_FDS ? fcntl(memory.fds[number], F_DUPFD_CLOEXEC, 0) : -EBADF;
}

/* Before long a signal comes. */
static bool kicked(void *opaque)
{
    (void)opaque;
    return ++memory.looks > LOOKS;
}

static int kick_descriptor(void *opaque)
{
    (void)opaque;
    return memory.kick;
}

const struct kvmd_client vmm_client = {.read = read_arena,
                                       .write = write_arena,
                                       .descriptor = descriptor,
                                       .map = map_ram,
                                       .unmap = unmap_ram,
                                       .kicked = kicked,
                                       .kick_descriptor = kick_descriptor};

/* ---- Life ------------------------------------------------------------------------------------ */

static void *reserve(uint64_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

/* An eventfd, or something that is none: a pipe, a file. */
static void open_descriptors_of_vmm(void)
{
    int pair[2];

    for (unsigned n = 0; n < FIRST_PLAIN; n++)
        memory.fds[n] = eventfd(0, EFD_CLOEXEC | (n & 1 ? EFD_NONBLOCK : 0));
    if (pipe2(pair, O_CLOEXEC) != 0)
        abort();
    memory.fds[FIRST_PLAIN] = pair[0];
    memory.fds[FIRST_PLAIN + 1] = pair[1];
    memory.fds[FIRST_PLAIN + 2] = open("/dev/null", O_RDWR | O_CLOEXEC);
    memory.fds[FIRST_PLAIN + 3] = memfd_create("file", MFD_CLOEXEC);
}

void memory_open(void)
{
    memset(&memory, 0, sizeof(memory));
    memory.ram = reserve(RAM_SIZE);
    memory.big = reserve(BIG_SIZE);
    memory.kick = eventfd(1, EFD_CLOEXEC);
    open_descriptors_of_vmm();
    if (!memory.ram || !memory.big)
        abort();
}

void memory_close(void)
{
    munmap(memory.ram, RAM_SIZE);
    munmap(memory.big, BIG_SIZE);
    close(memory.kick);
    for (unsigned n = 0; n < NR_FDS; n++)
        close(memory.fds[n]);
}

unsigned open_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;

    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}
