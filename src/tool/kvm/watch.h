/* SPDX-License-Identifier: BSD-3-Clause */
/* Who looks on at the emulated /dev/kvm: writes the ioctls down, and lets some of them fail. */
#ifndef TOOL_KVM_WATCH_H
#define TOOL_KVM_WATCH_H

#include <pthread.h>
#include <stdio.h>

#include "kvmd/kvmd.h"
#include "tool/options.h"

struct fault {
    const char *ioctl;
    uint64_t which; /* counted from 1; 0: each */
    uint64_t seen;
    int error; /* a positive errno */
};

/* A file to which each ioctl goes. */
struct sink {
    FILE *to; /* NULL: none */
    const char *path;
    bool is_json;
    int error;
};

struct watch {
    enum kvmd_profile profile;
    struct fault faults[CLI_LIST_MAX];
    size_t nr_faults;
    struct sink sinks[2]; /* --trace, --record */

    pthread_mutex_t lock; /* of all below, and of the sinks */
    uint64_t start_us;
    uint64_t count;
    uint32_t *nr_spis; /* of each VM, by its number */
    uint32_t nr_vms;
};

/* An exit status, after words on stderr. */
int watch_open(struct watch *watch, const struct cli_options *options, enum kvmd_profile profile);
/* NULL: there is nothing to watch. Its opaque is the watch. */
const struct kvmd_observer *watch_observer(const struct watch *watch);
/* In a process that is not the server: its files are the server's. */
void watch_leave(struct watch *watch);
/* An exit status: what could not be written is one, with words. */
int watch_close(struct watch *watch);

const char *watch_profile_name(enum kvmd_profile profile);

#endif
