/* SPDX-License-Identifier: BSD-3-Clause */
/* SIGSEGV: which watched RAM a fault is of, and whose it is otherwise. */
#ifndef RAM_FAULT_H
#define RAM_FAULT_H

#include "ram/watch.h"

/* From now on faults in its ranges are its own. 0 or -ENOMEM. */
int fault_add(struct ram_watch *watch);
/* No thread is inside of ram_watch_fault when it returns. */
void fault_remove(struct ram_watch *watch);

#endif
