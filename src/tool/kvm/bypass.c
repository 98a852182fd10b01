/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/bypass.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define DEV_KVM "/dev/kvm"
#define DEEPEST 64u /* generations */

int bypass_watch(void)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (fd >= 0 && inotify_add_watch(fd, DEV_KVM, IN_OPEN) >= 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* 0: it has gone. The name of a process may hold anything, the last ')' ends it. */
static pid_t parent_of(pid_t pid)
{
    char path[32], text[512], *end;
    FILE *file;
    size_t got;
    int parent = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    got = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[got] = '\0';
    end = strrchr(text, ')');
    return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

static bool is_below(pid_t pid, pid_t ancestor)
{
    for (unsigned n = 0; n < DEEPEST && pid > 1; n++, pid = parent_of(pid))
        if (pid == ancestor)
            return true;
    return false;
}

static bool has_it_open(pid_t pid)
{
    char path[32], link[PATH_MAX], target[sizeof(DEV_KVM) + 1];
    struct dirent *entry;
    DIR *directory;
    bool found = false;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    directory = opendir(path);
    while (directory && !found && (entry = readdir(directory)) != NULL) {
        ssize_t length;

        snprintf(link, sizeof(link), "%s/%s", path, entry->d_name);
        length = readlink(link, target, sizeof(target));
        found = length == sizeof(DEV_KVM) - 1 && memcmp(target, DEV_KVM, (size_t)length) == 0;
    }
    if (directory)
        closedir(directory);
    return found;
}

pid_t bypass_look(int watch, pid_t ancestor)
{
    char events[4096];
    struct dirent *entry;
    DIR *directory;
    pid_t found = 0;

    while (read(watch, events, sizeof(events)) > 0) {
    }
    directory = opendir("/proc");
    while (directory && !found && (entry = readdir(directory)) != NULL) {
        pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)atoi(entry->d_name) : 0;

        if (pid > 1 && is_below(pid, ancestor) && has_it_open(pid))
            found = pid;
    }
    if (directory)
        closedir(directory);
    return found;
}
