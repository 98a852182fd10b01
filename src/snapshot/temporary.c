/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_OF_NAME 200 /* a long NAME is cut, so that the whole stays a legal name */

/* ---- Names ----------------------------------------------------------------------------------- */

static int length_of_directory(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (int)(slash + 1 - path) : 0;
}

size_t temporary_size(const char *path)
{
    return strlen(path) + sizeof("/.") + 3 * sizeof("4294967295") + sizeof("..tmp");
}

void temporary_name(char *name, const char *path, unsigned int attempt)
{
    int directory = length_of_directory(path);

    snprintf(name, temporary_size(path), "%.*s.%.*s.%ld.%u.tmp", directory, path, MOST_OF_NAME,
             path + directory, (long)getpid(), attempt);
}

/* `path` is shorter than PATH_MAX. */
static void name_directory(char directory[PATH_MAX], const char *path)
{
    int length = length_of_directory(path);

    snprintf(directory, PATH_MAX, "%.*s", length > 0 ? length : 1, length > 0 ? path : ".");
}

/* ---- Making one ------------------------------------------------------------------------------ */

static void name_of_descriptor(char name[64], int fd)
{
    snprintf(name, 64, "/proc/self/fd/%d", fd);
}

/* linkat goes through /proc, which need not be there. */
static bool can_be_linked(int fd)
{
    struct stat by_name, itself;
    char name[64];

    name_of_descriptor(name, fd);
    return stat(name, &by_name) == 0 && fstat(fd, &itself) == 0 &&
           by_name.st_ino == itself.st_ino && by_name.st_dev == itself.st_dev;
}

int temporary_open_unnamed(const char *path, int *fd)
{
    char directory[PATH_MAX];
    int ret = 0;

    name_directory(directory, path);
    *fd = open(directory, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    if (*fd < 0) {
        ret = -errno;
    } else if (!can_be_linked(*fd)) {
        close(*fd);
        ret = -EOPNOTSUPP;
    } else {
        flock(*fd, LOCK_EX | LOCK_NB);
    }
    return ret;
}

/* Before it was locked it may have been taken for a dead one. A file system without locks has
 * nobody who looks for them either. */
static bool is_ours(int fd)
{
    struct stat status;

    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return false;
    return fstat(fd, &status) == 0 && status.st_nlink > 0;
}

int temporary_open_named(const char *name, int *fd)
{
    *fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return -errno;
    if (is_ours(*fd))
        return 0;
    close(*fd);
    return -EEXIST;
}

int temporary_link(int fd, const char *name)
{
    char itself[64];

    name_of_descriptor(itself, fd);
    return linkat(AT_FDCWD, itself, AT_FDCWD, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* ---- Those that others have left ------------------------------------------------------------- */

/* ".NAME.PID.N.tmp"; its PID, or 0. */
static pid_t process_of(const char *entry, const char *name)
{
    int length = (int)strnlen(name, MOST_OF_NAME), end = -1;
    unsigned int pid, n;

    if (entry[0] != '.' || strncmp(entry + 1, name, (size_t)length) != 0)
        return 0;
    entry += 1 + length;
    if (sscanf(entry, ".%9u.%9u.tmp%n", &pid, &n, &end) != 2 || end < 0 || entry[end])
        return 0;
    return (pid_t)pid;
}

/* Another process of this number may be there by now: then it stays until that one has gone. This
 * one knows its own by their locks. */
static bool is_gone(pid_t pid)
{
    return pid == getpid() || (kill(pid, 0) != 0 && errno == ESRCH);
}

static void remove_if_dead(int directory, const char *entry)
{
    int fd = openat(directory, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(directory, entry, 0);
    close(fd);
}

void temporary_remove_dead(const char *path)
{
    const char *name = path + length_of_directory(path);
    char directory[PATH_MAX];
    DIR *entries;

    name_directory(directory, path);
    entries = opendir(directory);
    for (const struct dirent *entry; entries && (entry = readdir(entries));) {
        pid_t pid = process_of(entry->d_name, name);

        if (pid > 0 && is_gone(pid))
            remove_if_dead(dirfd(entries), entry->d_name);
    }
    if (entries)
        closedir(entries);
}
