/* SPDX-License-Identifier: BSD-3-Clause */
/* What went wrong, for programs and for people. */
#ifndef VGIC5_ERROR_H
#define VGIC5_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who has to do something about it. The tool makes its exit codes of these. */
enum vgic5_cause {
    VGIC5_CAUSE_NONE = 0,
    VGIC5_CAUSE_REQUEST,     /* what was asked for makes no sense: a base for a full snapshot */
    VGIC5_CAUSE_ENVIRONMENT, /* the host: memory, a file, a device that cannot be asked */
    VGIC5_CAUSE_DAMAGED,     /* a snapshot, or a state, is not what was written */
    VGIC5_CAUSE_UNFIT,       /* it is sound, and does not fit this target or this program */
    VGIC5_CAUSE_GIVEN_UP,    /* a save was given up; the source can go on */
    VGIC5_CAUSE_VM_DEAD,     /* the device has failed for good; its VM cannot go on */
    VGIC5_CAUSE_BUG,         /* the caller broke the contract of the function, or we did */
};

/*
 * Filled by every function that takes one, which may be NULL: the message names the section, the
 * register, INTID or vCPU, what was found and what was expected, in one line without newline.
 * Beside it they return a negative errno. A call that succeeds leaves it as it was.
 */
struct vgic5_error {
    uint32_t
        size; /* sizeof(struct vgic5_error) of the caller; 0: of version 0.1, which is all this */
    enum vgic5_cause cause;
    char message[512];
};

#ifdef __cplusplus
}
#endif
#endif
