/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread's connection to the server. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/shim.h"

#define HIGH_FD 512
#define DEEPEST 4 /* handlers within handlers */

static __thread struct {
    int fd; /* and one more, so that 0 is none */
    ino_t inode;
} connections[DEEPEST];
static __thread int depth;

int shim_move_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);

    if (high < 0)
        return fd;
    close(fd);
    return high;
}

void shim_nest(int by)
{
    depth += by;
}

static ino_t inode_of(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

/* A child's threads are not the parent's: they connect anew. */
static void forget_all(void)
{
    for (int n = 0; n < DEEPEST; n++) {
        int fd = connections[n].fd - 1;

        if (fd >= 0 && inode_of(fd) == connections[n].inode)
            close(fd);
        connections[n].fd = 0;
    }
    depth = 0;
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forget_all);
}

static int connect_anew(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = getenv(SHIM_SOCKET);
    int fd;

    if (!path || strlen(path) >= sizeof(to.sun_path))
        return -1;
    pthread_once(&once, watch_forks);
    memcpy(to.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return -1;
    }
    return shim_move_up(fd);
}

/* The VMM may have closed it, and have something else there by now. */
int shim_connection(void)
{
    int fd;

    if (depth >= DEEPEST)
        return -1;
    fd = connections[depth].fd - 1;
    if (fd >= 0 && inode_of(fd) == connections[depth].inode)
        return fd;
    fd = connect_anew();
    connections[depth].fd = fd + 1;
    connections[depth].inode = fd >= 0 ? inode_of(fd) : 0;
    return fd;
}

/* The server sees that the shim is in, whatever this program goes on to do. */
__attribute__((constructor)) static void say_hello(void)
{
    int error = errno, fd = getenv(SHIM_SOCKET) ? connect_anew() : -1;

    if (fd >= 0)
        close(fd);
    errno = error;
}
