/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the shim in a VMM's process and the server that is its KVM: one SOCK_SEQPACKET connection
 * for each thread of the VMM. The shim knows of KVM the type of its ioctls and no more: while an
 * ioctl is under way, the server asks back for the VMM's memory, descriptors and regions.
 * (But it knows of KVM_SET_ONE_REG where its argument points to, since VMMs set hundreds.)
 *
 *   VMM                                server
 *   OPEN | IOCTL (argument's bytes) →
 *                                    ← READ | WRITE (then the bytes) | FD | SHARE
 *   ANSWER (bytes or descriptor)     →
 *   KICK, at any time in KVM_RUN     →
 *                                    ← DONE (value, or error; perhaps a descriptor, or bytes)
 *
 * The recorder lets the host's own kernel answer, and says SEEN afterwards instead of IOCTL, with
 * the argument's bytes as they were before.
 */
#ifndef SHIM_PROTOCOL_H
#define SHIM_PROTOCOL_H

#include <stdint.h>

/* Environment: the path of the server's socket. */
#define SHIM_EMULATOR "VGIC5_KVM_SOCKET"
#define SHIM_RECORDER "VGIC5_KVM_RECORDER"
#ifndef SHIM_SOCKET
#define SHIM_SOCKET SHIM_EMULATOR
#endif
#define SHIM_PART 32768u /* bytes of memory in one message at most */
#define SHIM_INLINE 256u /* bytes of an argument that go along with an ioctl */
#define SHIM_LAST 16u    /* bytes of memory that go along with the end of a call */
#define SHIM_VERSION 1u
#define SHIM_TAKES_BYTES 1 /* with DONE */

enum shim_type {
    SHIM_OPEN = 1, /* arg: SHIM_VERSION */
    SHIM_IOCTL,    /* dev, ino: the object; cmd, arg. The last `size` bytes are those at `value`.
                    * error: 0, or SHIM_TAKES_BYTES */
    SHIM_KICK,
    SHIM_ANSWER, /* error, value */
    SHIM_DONE,   /* error, value; a descriptor is the result, or its number goes to the u32 at arg.
                  * size: no descriptor, but bytes for arg, the next message */
    SHIM_READ,   /* arg, size */
    SHIM_WRITE,  /* arg, size; the bytes are the next message */
    SHIM_FD,     /* arg: send a duplicate of this descriptor */
    SHIM_SHARE, /* arg, size: make this region shared memory; its descriptor, value: offset in it */
    SHIM_SEEN, /* dev: process; ino: descriptor; cmd, arg; error, value: what the kernel answered */
};

struct shim_message {
    uint32_t type;
    int32_t error; /* 0 or a negative errno */
    uint64_t dev, ino, cmd, arg, size;
    int64_t value;
};

#endif
