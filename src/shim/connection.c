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
static pthread_key_t ending; /* of a thread that has a connection */

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

static void forget_all(void (*leave)(int fd))
{
    for (int n = 0; n < DEEPEST; n++) {
        int fd = connections[n].fd - 1;

        if (fd >= 0 && inode_of(fd) == connections[n].inode) {
            leave(fd);
            close(fd);
        }
        connections[n].fd = 0;
    }
    depth = 0;
}

static void just_close(int fd)
{
    (void)fd;
}

/* A child's threads are not the parent's: they connect anew. */
static void begin_child(void)
{
    forget_all(just_close);
}

/* Whoever has ended inside of KVM_RUN, in a handler, has left its vCPU before it can be joined. */
static void wait_for_end(int fd)
{
    struct shim_message word;
    ssize_t got;

    shutdown(fd, SHUT_WR);
    do {
        got = recv(fd, &word, sizeof(word), 0);
    } while (got > 0 || (got < 0 && errno == EINTR));
}

static void end_thread(void *opaque)
{
    (void)opaque;
    forget_all(wait_for_end);
}

static void watch_lives(void)
{
    pthread_atfork(NULL, NULL, begin_child);
    pthread_key_create(&ending, end_thread);
}

static int connect_anew(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = getenv(SHIM_SOCKET);
    int fd;

    if (!path || strlen(path) >= sizeof(to.sun_path))
        return -1;
    pthread_once(&once, watch_lives);
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
    if (fd >= 0)
        pthread_setspecific(ending, connections);
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
