/* SPDX-License-Identifier: BSD-3-Clause */
/* One place where a refusal is put into words. */
#ifndef SNAPSHOT_ERROR_H
#define SNAPSHOT_ERROR_H

#include <vgic5/snapshot.h>

/* The tool's exit codes. */
enum snapshot_exit {
    SNAPSHOT_EXIT_ENVIRONMENT = 3,
    SNAPSHOT_EXIT_DAMAGED = 4,
    SNAPSHOT_EXIT_UNFIT = 5,
    SNAPSHOT_EXIT_BUG = 70,
};

/* Fills `error` (may be NULL) and returns -errno_value. */
__attribute__((format(printf, 4, 5))) int snapshot_fail(struct vgic5_error *error,
                                                        enum snapshot_exit exit_code,
                                                        int errno_value, const char *format, ...);

/* The content is not what was written: exit code 4, -EBADMSG. */
#define snapshot_damaged(error, ...) \
    snapshot_fail(error, SNAPSHOT_EXIT_DAMAGED, EBADMSG, __VA_ARGS__)
/* Sound, but not for this reader: exit code 5, -ENOTSUP. */
#define snapshot_unfit(error, ...) snapshot_fail(error, SNAPSHOT_EXIT_UNFIT, ENOTSUP, __VA_ARGS__)
/* The caller broke the contract of the function: exit code 70, -EINVAL. */
#define snapshot_misuse(error, ...) snapshot_fail(error, SNAPSHOT_EXIT_BUG, EINVAL, __VA_ARGS__)

int snapshot_no_memory(struct vgic5_error *error, const char *for_what);

#endif
