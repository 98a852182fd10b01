/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "kvmd/connection.h"

struct client_thread {
    struct client_thread *next;
    struct kvmd_server *server;
    struct connection connection;
};

struct kvmd_server {
    struct kvmd *kvmd;
    struct kvmd_real *real;
    struct registry registry;
    struct sockaddr_un address;
    int fd, quit;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended; /* a connection has */
    struct client_thread *clients;
    unsigned connections; /* that were ever welcome */
};

/* ---- Connections ----------------------------------------------------------------------------- */

static void leave(struct client_thread *client)
{
    struct kvmd_server *server = client->server;
    struct client_thread **at = &server->clients;

    pthread_mutex_lock(&server->lock);
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    close(client->connection.fd);
    pthread_cond_broadcast(&server->ended);
    pthread_mutex_unlock(&server->lock);
    free(client);
}

static void *serve(void *opaque)
{
    struct client_thread *client = opaque;

    connection_serve(&client->connection);
    leave(client);
    return NULL;
}

static bool is_same_user(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static int start(struct client_thread *client)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int ret;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    ret = pthread_create(&thread, &attributes, serve, client);
    pthread_attr_destroy(&attributes);
    return ret;
}

static void welcome(struct kvmd_server *server, int fd)
{
    struct client_thread *client = is_same_user(fd) ? calloc(1, sizeof(*client)) : NULL;

    if (!client) {
        close(fd);
        return;
    }
    client->server = server;
    client->connection.fd = fd;
    client->connection.kvmd = server->kvmd;
    client->connection.real = server->real;
    client->connection.registry = &server->registry;
    pthread_mutex_lock(&server->lock);
    client->next = server->clients;
    server->clients = client;
    server->connections++;
    pthread_mutex_unlock(&server->lock);
    if (start(client) != 0)
        leave(client);
}

/* Who came before the end is welcome: it counts. */
static void *accept_all(void *opaque)
{
    struct kvmd_server *server = opaque;
    struct pollfd polls[2] = {{.fd = server->fd, .events = POLLIN},
                              {.fd = server->quit, .events = POLLIN}};

    for (;;) {
        int fd;

        if (poll(polls, 2, -1) < 0)
            continue;
        if (polls[1].revents && !polls[0].revents)
            return NULL;
        fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            welcome(server, fd);
        else if (polls[1].revents)
            return NULL;
        else if (errno == EMFILE || errno == ENFILE)
            usleep(1000); /* until somebody closes one */
    }
}

/* ---- Life ------------------------------------------------------------------------------------ */

static int open_socket(struct kvmd_server *server, const char *path)
{
    mode_t mask;
    int ret;

    server->address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(server->address.sun_path))
        return -ENAMETOOLONG;
    memcpy(server->address.sun_path, path, strlen(path) + 1);
    server->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (server->fd < 0)
        return -errno;
    mask = umask(0177);
    ret = bind(server->fd, (struct sockaddr *)&server->address, sizeof(server->address));
    umask(mask);
    return ret != 0 || listen(server->fd, 128) != 0 ? -errno : 0;
}

static int open_all(struct kvmd_server *server, const char *path)
{
    int ret = registry_open(&server->registry);

    if (ret == 0)
        ret = open_socket(server, path);
    server->quit = eventfd(0, EFD_CLOEXEC);
    if (ret == 0 && server->quit < 0)
        ret = -errno;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->ended, NULL);
    return ret ? ret : -pthread_create(&server->thread, NULL, accept_all, server);
}

int kvmd_server_start(struct kvmd *kvmd, struct kvmd_real *real, const char *path,
                      struct kvmd_server **server, struct vgic5_error *error)
{
    struct kvmd_server *made = calloc(1, sizeof(*made));
    int ret;

    if (!made)
        return error_no_memory(error, "the server");
    made->kvmd = kvmd;
    made->real = real;
    made->fd = made->quit = -1;
    ret = open_all(made, path);
    if (ret) {
        free(made);
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "cannot listen at %.300s: %s", path,
                         strerror(-ret));
    }
    *server = made;
    return 0;
}

static void end_connections(struct kvmd_server *server)
{
    pthread_mutex_lock(&server->lock);
    for (struct client_thread *c = server->clients; c; c = c->next)
        shutdown(c->connection.fd, SHUT_RDWR);
    while (server->clients)
        pthread_cond_wait(&server->ended, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

unsigned kvmd_server_stop(struct kvmd_server *server)
{
    const uint64_t one = 1;
    unsigned connections;

    unlink(server->address.sun_path); /* nobody else comes */
    if (write(server->quit, &one, sizeof(one)) == sizeof(one))
        pthread_join(server->thread, NULL);
    close(server->fd);
    end_connections(server);
    registry_close(&server->registry);
    close(server->quit);
    pthread_cond_destroy(&server->ended);
    pthread_mutex_destroy(&server->lock);
    connections = server->connections;
    free(server);
    return connections;
}

size_t kvmd_server_objects(struct kvmd_server *server)
{
    return registry_count(&server->registry);
}
