/* SPDX-License-Identifier: BSD-3-Clause */
/* SIGSEGV: which watched RAM a fault is of, and whose it is otherwise. */
#ifndef RAM_FAULT_H
#define RAM_FAULT_H

#include "ram/watch.h"

/* A fault at `address`, on the thread that had it. 0: it may try again. -EFAULT: it is none of
 * ours. Another errno, with `error` filled: the memory cannot be had. */
typedef int fault_serve(struct ram_watch *watch, const void *address, bool is_read,
                        struct vgic5_error *error);

/* From now on faults in its ranges are served by this. 0 or -ENOMEM. */
int fault_add(struct ram_watch *watch, fault_serve *serve);
/* No thread is inside of that when it returns. */
void fault_remove(struct ram_watch *watch);

#endif
