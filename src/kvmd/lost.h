/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mappings of a VMM's files: the VMM can make a file shorter while it is mapped here, and then an
 * access is SIGBUS. It finds a page of zeros there from then on, and nobody else notices.
 */
#ifndef KVMD_LOST_H
#define KVMD_LOST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A shared mapping that is known here; MAP_FAILED and errno. Of all there may be 16384. */
void *lost_map(int fd, size_t size, off_t offset);
void lost_unmap(void *at, size_t size);

#endif
