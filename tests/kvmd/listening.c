/* SPDX-License-Identifier: BSD-3-Clause */
#include "listening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exits.h"
#include "unicorn/unicorn_engine.h"

void open_kernel(struct served_kernel *kernel, enum kvmd_profile profile)
{
    const struct kvmd_config config = {.profile = profile, .engine = &unicorn_engine};

    struct vgic5_error error = {0};
    int ret = kvmd_create(&config, &kernel->kvmd, &error);

    skip_without_exits(ret, &error);
    assert_int_equal(ret, 0);
    strcpy(kernel->directory, "/tmp/vgic5-kvm-XXXXXX");
    assert_non_null(mkdtemp(kernel->directory));
    snprintf(kernel->path, sizeof(kernel->path), "%s/socket", kernel->directory);
    assert_int_equal(kvmd_server_start(kernel->kvmd, NULL, kernel->path, &kernel->server, NULL), 0);
}

void close_kernel(struct served_kernel *kernel)
{
    for (int n = 0; n < 500 && kvmd_server_objects(kernel->server) > 0; n++)
        usleep(10000);
    assert_int_equal(kvmd_server_objects(kernel->server), 0);
    kvmd_server_stop(kernel->server);
    kvmd_destroy(kernel->kvmd);
    assert_int_equal(access(kernel->path, F_OK), -1);
    assert_int_equal(rmdir(kernel->directory), 0);
}
