/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into the tool: makes the n-th call fail that has to do with files being written in one
 * directory, or kills the process there.
 *
 *   INTERPOSE_DIR    the directory
 *   INTERPOSE_AT     n, from 1; 0: none
 *   INTERPOSE_MODE   once: that call fails with ENOSPC; ever: that one and all later ones;
 *                    short: a write writes half; kill: SIGKILL before the call; sleep: it takes
 *                    a second
 *   INTERPOSE_COUNT  a file that gets the number of calls when the process ends
 */
#undef _FILE_OFFSET_BITS /* both names of open are needed */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FD 1024

static atomic_int calls;
static atomic_bool watched[MAX_FD];

static bool is_there(const char *path)
{
    const char *directory = getenv("INTERPOSE_DIR");

    return directory && path && strncmp(path, directory, strlen(directory)) == 0;
}

static bool is_watched(int fd)
{
    return fd >= 0 && fd < MAX_FD && atomic_load(&watched[fd]);
}

/* Counts a call; true: it has to fail. */
static bool strikes(bool *short_write)
{
    const char *at = getenv("INTERPOSE_AT"), *mode = getenv("INTERPOSE_MODE");
    int wanted = at ? atoi(at) : 0, now = atomic_fetch_add(&calls, 1) + 1;

    if (short_write)
        *short_write = false;
    if (wanted == 0 || !mode || now < wanted || (now > wanted && strcmp(mode, "ever") != 0))
        return false;
    if (strcmp(mode, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(mode, "sleep") == 0) {
        sleep(1);
        return false;
    }
    if (strcmp(mode, "short") == 0) {
        if (short_write)
            *short_write = true;
        return false;
    }
    errno = ENOSPC;
    return true;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static bool makes(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

static int open_any(const char *name, const char *path, int flags, mode_t mode)
{
    bool there = is_there(path) && ((flags & O_CREAT) || (flags & O_DIRECTORY));
    int fd;

    if (there && strikes(NULL))
        return -1;
    fd = REAL(int, name, const char *, int, ...)(path, flags, mode);
    if (fd >= 0 && fd < MAX_FD)
        atomic_store(&watched[fd], there);
    return fd;
}

#define OPEN(name)                                             \
    int name(const char *path, int flags, ...);                \
    int name(const char *path, int flags, ...)                 \
    {                                                          \
        va_list list;                                          \
        va_start(list, flags);                                 \
        mode_t mode = makes(flags) ? va_arg(list, mode_t) : 0; \
        va_end(list);                                          \
        return open_any(#name, path, flags, mode);             \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *bytes, size_t size)
{
    bool half = false;

    if (is_watched(fd) && strikes(&half))
        return -1;
    return REAL(ssize_t, "write", int, const void *, size_t)(fd, bytes, half ? size / 2 : size);
}

int fsync(int fd)
{
    if (is_watched(fd) && strikes(NULL))
        return -1;
    return REAL(int, "fsync", int)(fd);
}

/* A close that fails has closed. */
int close(int fd)
{
    bool fails = is_watched(fd) && strikes(NULL);
    int ret;

    if (fd >= 0 && fd < MAX_FD)
        atomic_store(&watched[fd], false);
    ret = REAL(int, "close", int)(fd);
    if (fails)
        errno = ENOSPC;
    return fails ? -1 : ret;
}

int rename(const char *from, const char *to)
{
    if (is_there(to) && strikes(NULL))
        return -1;
    return REAL(int, "rename", const char *, const char *)(from, to);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    if (is_there(to) && strikes(NULL))
        return -1;
    return REAL(int, "linkat", int, const char *, int, const char *, int)(from_directory, from,
                                                                          to_directory, to, flags);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("INTERPOSE_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;

    if (!file)
        return;
    fprintf(file, "%d\n", atomic_load(&calls));
    fclose(file);
}
